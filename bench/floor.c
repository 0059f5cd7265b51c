// SPDX-License-Identifier: Apache-2.0
// The floor under every rootless OCI runtime: the system calls that `run` cannot do without, in
// their cheapest correct form, and nothing else. No parsing, no state, no checks that a runtime
// owes to a hostile bundle.
//
//   floor [--filter FILE] [--range] [--spec] ROOTFS PROGRAM [ARG...]
//
//   --filter FILE  load this classic BPF program as seccomp filter, just before exec
//   --range        map two extents, `0 0 1` and `1 1 65535`, for use as root of a user namespace
//   --spec         do also what the bundle of the bench asks for beyond the bare minimum: this is
//                  not the ruler, it shows how much of a runtime's time the specification costs

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMaxInstructions = 4096 };

struct Work {
  const char* rootfs;
  char** argv;
  int go;  // --range: the child reads the parent's word from here; else -1
  int has_spec;
  struct sock_fprog filter;
};

static struct sock_filter instructions[kMaxInstructions];

static _Noreturn void die(const char* what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  _exit(125);
}

static void check(int result, const char* what) {
  if (result < 0) die(what);
}

static void write_file(const char* path, const char* text, size_t length) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  check(fd, path);
  if (write(fd, text, length) != (ssize_t)length) die(path);
  close(fd);
}

static void read_filter(const char* path, struct sock_fprog* filter) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd, path);
  ssize_t got = read(fd, instructions, sizeof instructions);
  close(fd);
  if (got <= 0 || (size_t)got == sizeof instructions || got % (ssize_t)sizeof *instructions != 0) {
    errno = EINVAL;
    die(path);
  }
  filter->len = (unsigned short)((size_t)got / sizeof *instructions);
  filter->filter = instructions;
}

// A process may write the map of its own new namespace if it maps just itself (user_namespaces(7)),
// so the single-id case needs no word from the parent.
static void map_own_id(uid_t uid, gid_t gid) {
  char text[32];
  write_file("/proc/self/setgroups", "deny", 4);
  write_file("/proc/self/uid_map", text, (size_t)snprintf(text, sizeof text, "0 %u 1", uid));
  write_file("/proc/self/gid_map", text, (size_t)snprintf(text, sizeof text, "0 %u 1", gid));
}

static void map_range(pid_t child) {
  static const char kMap[] = "0 0 1\n1 1 65535\n";
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/uid_map", child);
  write_file(path, kMap, sizeof kMap - 1);
  snprintf(path, sizeof path, "/proc/%d/gid_map", child);
  write_file(path, kMap, sizeof kMap - 1);
}

static void mount_device(const char* host, const char* target) {
  check(mknod(target, S_IFREG | 0666, 0), target);
  check(mount(host, target, NULL, MS_BIND, NULL), target);
}

static void mount_readonly(const char* path) {
  if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0) return;  // it need not exist
  const unsigned long kFlags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV;
  check(mount(NULL, path, NULL, kFlags, NULL), path);
}

static void mask(const char* path) {
  struct stat found;
  if (stat(path, &found) < 0) return;  // it need not exist
  if (S_ISDIR(found.st_mode)) {
    check(mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_blocks=1,nr_inodes=1"), path);
  } else {
    check(mount("dev/null", path, NULL, MS_BIND, NULL), path);
  }
}

// The rest of the mounts of `runc spec --rootless`.
static void build_rest() {
  static const char* const kMasked[] = {"proc/acpi",        "proc/asound",        "proc/kcore",
                                        "proc/keys",        "proc/latency_stats", "proc/timer_list",
                                        "proc/timer_stats", "proc/sched_debug",   "sys/firmware",
                                        "proc/scsi"};
  static const char* const kReadonly[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
                                          "proc/sysrq-trigger"};
  const unsigned long kSafe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  check(mount("cgroup", "sys/fs/cgroup", "cgroup2", kSafe | MS_RDONLY, NULL), "sys/fs/cgroup");
  check(symlink("pts/ptmx", "dev/ptmx"), "dev/ptmx");
  check(symlink("/proc/self/fd", "dev/fd"), "dev/fd");
  check(symlink("/proc/self/fd/0", "dev/stdin"), "dev/stdin");
  check(symlink("/proc/self/fd/1", "dev/stdout"), "dev/stdout");
  check(symlink("/proc/self/fd/2", "dev/stderr"), "dev/stderr");
  for (size_t i = 0; i < sizeof kReadonly / sizeof *kReadonly; ++i) mount_readonly(kReadonly[i]);
  for (size_t i = 0; i < sizeof kMasked / sizeof *kMasked; ++i) mask(kMasked[i]);
  check(mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "read-only root");
}

// Host name, loopback, limits and capabilities of `runc spec --rootless`.
static void restrict_process() {
  check(sethostname("bench", 5), "sethostname");
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  check(fd, "socket");
  check(ioctl(fd, SIOCSIFFLAGS, &loopback), "lo");
  close(fd);
  const struct rlimit limit = {1024, 1024};
  check(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
  const uint32_t kKept = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
  for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap) {
    if (cap < 32 && (kKept >> cap & 1u) != 0) continue;
    check(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "bounding set");
  }
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  const struct __user_cap_data_struct data[2] = {{.effective = kKept, .permitted = kKept}};
  check((int)syscall(SYS_capset, &header, data), "capset");
}

// No remount to private: the copy made for a new user namespace is a slave already, and nothing
// mounted here travels back (mount_namespaces(7), "Restrictions").
static void build_root(const char* rootfs, int has_spec) {
  const unsigned long kSafe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  check(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL), rootfs);
  check(chdir(rootfs), rootfs);
  check(mount("proc", "proc", "proc", kSafe, NULL), "proc");
  check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "dev");
  mount_device("/dev/null", "dev/null");
  mount_device("/dev/zero", "dev/zero");
  mount_device("/dev/full", "dev/full");
  mount_device("/dev/random", "dev/random");
  mount_device("/dev/urandom", "dev/urandom");
  mount_device("/dev/tty", "dev/tty");
  check(mkdir("dev/pts", 0755), "dev/pts");
  check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=0620"),
        "dev/pts");
  check(mkdir("dev/shm", 0755), "dev/shm");
  check(mount("shm", "dev/shm", "tmpfs", kSafe, "mode=1777,size=65536k"), "dev/shm");
  check(mkdir("dev/mqueue", 0755), "dev/mqueue");
  check(mount("mqueue", "dev/mqueue", "mqueue", kSafe, NULL), "dev/mqueue");
  check(mount("sysfs", "sys", "sysfs", kSafe | MS_RDONLY, NULL), "sys");
  if (has_spec) build_rest();
  check((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  check(umount2(".", MNT_DETACH), "umount old root");
  check(chdir("/"), "chdir /");
}

static _Noreturn void run_child(const struct Work* work, uid_t uid, gid_t gid) {
  if (work->go < 0) {
    map_own_id(uid, gid);
  } else {
    char word;
    if (read(work->go, &word, 1) != 1) die("wait for the maps");
  }
  build_root(work->rootfs, work->has_spec);
  if (work->has_spec) restrict_process();
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
  if (work->filter.len > 0) {
    check((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &work->filter), "seccomp");
  }
  char* environment[] = {"PATH=/bin", NULL};
  execve(work->argv[0], work->argv, environment);
  die(work->argv[0]);
}

int main(int argc, char** argv) {
  struct Work work = {.go = -1};
  int ends[2] = {-1, -1};
  int next = 1;
  for (; next < argc && argv[next][0] == '-'; ++next) {
    if (strcmp(argv[next], "--range") == 0) {
      check(pipe2(ends, O_CLOEXEC), "pipe");
      work.go = ends[0];
    } else if (strcmp(argv[next], "--spec") == 0) {
      work.has_spec = 1;
    } else if (strcmp(argv[next], "--filter") == 0 && next + 1 < argc) {
      read_filter(argv[++next], &work.filter);
    } else {
      break;
    }
  }
  if (argc - next < 2) {
    fputs("usage: floor [--filter FILE] [--range] [--spec] ROOTFS PROGRAM [ARG...]\n", stderr);
    return 125;
  }
  work.rootfs = argv[next];
  work.argv = argv + next + 1;

  const uid_t uid = getuid();
  const gid_t gid = getgid();
  // Not CLONE_VM | CLONE_VFORK: 0.1 ms less, but no runtime whose `create` returns can have it.
  struct clone_args args = {
      .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
               CLONE_NEWNET | CLONE_NEWCGROUP,
      .exit_signal = SIGCHLD,
  };
  pid_t child = (pid_t)syscall(SYS_clone3, &args, sizeof args);
  if (child == 0) run_child(&work, uid, gid);
  check(child, "clone3");
  if (work.go >= 0) {
    map_range(child);
    if (write(ends[1], "g", 1) != 1) die("tell the child");
  }
  int status = 0;
  check(waitpid(child, &status, 0), "wait");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
