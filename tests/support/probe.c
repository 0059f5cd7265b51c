// SPDX-License-Identifier: Apache-2.0
// What busybox can't ask of the kernel, as a small static program in every test's root.
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

// syscall NUMBER ARG...: "0" or the result, or the name of the errno as a number "errno N".
static int do_syscall(int count, char** words) {
  long args[7] = {0};
  for (int i = 0; i < count && i < 7; ++i) args[i] = strtol(words[i], NULL, 0);
  const long result = syscall(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
  if (result == -1) {
    printf("errno %d\n", errno);
  } else {
    printf("%ld\n", result);
  }
  return 0;
}

// in-keyring PROGRAM ARG...: runs it in a session keyring of its own, whose serial it prints first.
static int do_in_keyring(char** words) {
  const long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "tilla-test");
  if (id < 0) return printf("errno %d\n", errno), 1;
  printf("%ld\n", id);
  fflush(stdout);
  execv(words[0], words);
  return 127;
}

// keyring: the session keyring's serial and description.
static int do_keyring(void) {
  char text[512] = "";
  const long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
  if (id < 0) return printf("errno %d\n", errno), 1;
  if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, id, text, sizeof text - 1) < 0) text[0] = 0;
  printf("%ld %s\n", id, text);
  return 0;
}

// window: rows and columns of standard input. termios: whether newlines are mapped.
static int do_window(void) {
  struct winsize size = {0};
  if (ioctl(0, TIOCGWINSZ, &size) != 0) return printf("errno %d\n", errno), 1;
  printf("%d %d\n", size.ws_row, size.ws_col);
  return 0;
}

// fds: the numbers of all open descriptors and what they are, but for the directory read here.
static int do_fds(void) {
  for (int fd = 0; fd < 1024; ++fd) {
    char path[64], target[256] = "";
    if (fcntl(fd, F_GETFD) == -1) continue;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, target, sizeof target - 1) < 0) strcpy(target, "?");
    printf("%d %s\n", fd, target);
  }
  return 0;
}

// clock: monotonic and boot time in seconds.
static int do_clock(void) {
  struct timespec monotonic, boot;
  clock_gettime(CLOCK_MONOTONIC, &monotonic);
  clock_gettime(CLOCK_BOOTTIME, &boot);
  printf("%ld %ld\n", (long)monotonic.tv_sec, (long)boot.tv_sec);
  return 0;
}

// limit NUMBER: soft and hard.
static int do_limit(int number) {
  struct rlimit limit = {0};
  getrlimit(number, &limit);
  printf("%lld %lld\n", (long long)limit.rlim_cur, (long long)limit.rlim_max);
  return 0;
}

static void on_signal(int number) { (void)number; }

// wait: until SIGTERM or SIGUSR1, of which it exits with 42; says "ready" first.
static int do_wait(void) {
  struct sigaction action = {.sa_handler = on_signal};
  sigset_t set;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, NULL);
  puts("ready");
  fflush(stdout);
  int number = 0;
  sigwait(&set, &number);
  return 42;
}

// notify TEXT: sends it to NOTIFY_SOCKET.
static int do_notify(const char* text) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  const char* path = getenv("NOTIFY_SOCKET");
  if (!path || fd < 0) return printf("no NOTIFY_SOCKET\n"), 1;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  if (sendto(fd, text, strlen(text), 0, (struct sockaddr*)&address, sizeof address) < 0) {
    return printf("errno %d\n", errno), 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  const char* verb = argc > 1 ? argv[1] : "";
  if (!strcmp(verb, "syscall")) return do_syscall(argc - 2, argv + 2);
  if (!strcmp(verb, "keyring")) return do_keyring();
  if (!strcmp(verb, "in-keyring")) return do_in_keyring(argv + 2);
  if (!strcmp(verb, "window")) return do_window();
  if (!strcmp(verb, "fds")) return do_fds();
  if (!strcmp(verb, "clock")) return do_clock();
  if (!strcmp(verb, "limit") && argc > 2) return do_limit(atoi(argv[2]));
  if (!strcmp(verb, "notify") && argc > 2) return do_notify(argv[2]);
  if (!strcmp(verb, "wait")) return do_wait();
  if (!strcmp(verb, "pause")) return pause();
  if (!strcmp(verb, "dumpable")) return printf("%d\n", prctl(PR_GET_DUMPABLE)), 0;
  fprintf(stderr, "probe: no verb \"%s\"\n", verb);
  return 2;
}
