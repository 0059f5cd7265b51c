/* SPDX-License-Identifier: Apache-2.0
 *
 * The last program before the container's own, run out of a sealed memory file so that
 * /proc/self/exe never leads to the host's runtime (INV-3, CVE-2019-5736). Freestanding: system
 * calls and nothing else, since every byte of it is mapped where the container may look.
 *
 *   argv[0]  status descriptor in decimal, or "-"
 *   argv[1]  descriptor of a file that holds a seccomp filter (sock_filter[]), or "-"
 *   argv[2]  flags of seccomp(2) in decimal
 *   argv[3]  descriptor of the directory of our attributes in /proc, or "-"
 *   argv[4]  what to write to "apparmor/exec" there; empty: nothing
 *   argv[5]  what to write to "exec" there; empty: nothing
 *   argv[6]  what to execute
 *   argv[7]  and so on: the arguments of that program
 *
 * The filter is read from the file's start, wherever the offset stands. no_new_privs is set
 * already. On failure one int goes to the status descriptor: the errno, and in the upper half what
 * failed (StubStep of sys/stub.h). Exit: 127 no such program, 126 any other failed exec, 1 all
 * else.
 */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>

#include "sys/stub/freestanding.h"

/* Not in the kernel's headers for programs. */
enum { kSeekEnd = 2, kProtRead = 1, kMapPrivate = 2, kStandardError = 2, kNone = -1 };
enum { kExec = 0, kFilter = 1 << 16, kLabel = 2 << 16 }; /* sys/stub.h, StubStep */

static void report(int status, int step, long result) {
  const int word = step | (int)-result;
  /* Nothing is left to be done when nobody listens. */
  if (status != kNone) (void)call(__NR_write, status, (long)&word, sizeof(word), 0, 0);
}

static void refuse(int status, int step, long result) __attribute__((noreturn));
static void refuse(int status, int step, long result) {
  static const char kWords[] =
      "tilla-runtime: the seccomp filter or a label is not in force, not executing\n";
  report(status, step, result);
  (void)call(__NR_write, kStandardError, (long)kWords, sizeof(kWords) - 1, 0, 0);
  end(1);
}

/* At most nine digits, so that nothing overflows: kNone for "-", -2 for what is no number. */
static int number(const char* text) {
  int value = 0;
  int digits = 0;
  if (text[0] == '-' && text[1] == '\0') return kNone;
  for (; text[digits] != '\0'; ++digits) {
    if (digits == 9 || text[digits] < '0' || text[digits] > '9') return -2;
    value = value * 10 + (text[digits] - '0');
  }
  return digits == 0 ? -2 : value;
}

/* 0, or minus an errno. The kernel takes these from none who has not opened the file himself since
 * his last exec. */
static long write_attribute(int attributes, const char* file, const char* text) {
  long length = 0;
  long result;
  const long opened = call(__NR_openat, attributes, (long)file, O_WRONLY | O_CLOEXEC, 0, 0);
  if (opened < 0) return opened;
  while (text[length] != '\0') ++length;
  result = call(__NR_write, opened, (long)text, length, 0, 0);
  (void)call(__NR_close, opened, 0, 0, 0, 0);
  if (result < 0) return result;
  return result == length ? 0 : -EIO;
}

static void set_labels(int status, int attributes, const char* apparmor, const char* selinux) {
  long result = 0;
  if (apparmor[0] != '\0') result = write_attribute(attributes, "apparmor/exec", apparmor);
  if (result == 0 && selinux[0] != '\0') result = write_attribute(attributes, "exec", selinux);
  if (result != 0) refuse(status, kLabel, result);
}

/* 0, or minus an errno; then the filter is not in force. */
static long load_filter(int file, int flags) {
  struct sock_fprog program;
  const long size = call(__NR_lseek, file, 0, kSeekEnd, 0, 0);
  long address;
  if (size < 0) return size;
  if (size == 0 || size % (long)sizeof(struct sock_filter) != 0) return -EINVAL;
  if (size > (long)sizeof(struct sock_filter) * BPF_MAXINSNS) return -E2BIG;
  address = call(__NR_mmap, 0, size, kProtRead, kMapPrivate, file);
  if (address < 0 && address >= -4095) return address;
  (void)call(__NR_close, file, 0, 0, 0, 0); /* gone even when close(2) complains */
  program.len = (unsigned short)(size / (long)sizeof(struct sock_filter));
  program.filter = (struct sock_filter*)address;
  return call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, (long)&program, 0, 0);
}

void program_main(long* stack) {
  const long argc = stack[0];
  char** argv = (char**)(stack + 1);
  char** envp = argv + argc + 1;
  int status;
  int filter;
  int flags;
  int attributes;
  long result;

  /* exec made us dumpable; nobody shall trace us while no filter is in force. */
  (void)call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  if (argc < 8) end(1);
  status = number(argv[0]);
  filter = number(argv[1]);
  flags = number(argv[2]);
  attributes = number(argv[3]);
  if (status < kNone) end(1);
  /* Before the filter, which may forbid it; a descriptor that stays is worse than no container. */
  if (status != kNone && call(__NR_fcntl, status, F_SETFD, FD_CLOEXEC, 0, 0) < 0) end(1);
  if (attributes != kNone && call(__NR_fcntl, attributes, F_SETFD, FD_CLOEXEC, 0, 0) < 0) end(1);
  if (filter < kNone || flags < 0) refuse(status, kFilter, -EINVAL);
  set_labels(status, attributes, argv[4], argv[5]);
  if (filter != kNone) {
    result = load_filter(filter, flags);
    if (result != 0) refuse(status, kFilter, result < 0 ? result : -EINVAL);
  }

  /* From here on the profile decides what this process may do. */
  result = call(__NR_execve, (long)argv[6], (long)(argv + 7), (long)envp, 0, 0);
  report(status, kExec, result);
  end(result == -ENOENT ? 127 : 126);
}
