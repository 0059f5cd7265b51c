// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/system_calls.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <cerrno>

#include <vector>

namespace snapshotter {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kFirstForeign = 0x40000000;  // x32
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kFirstForeign = 0xffffffff;
#elif defined(__riscv)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
constexpr std::uint32_t kFirstForeign = 0xffffffff;
#elif defined(__powerpc64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_PPC64LE;
constexpr std::uint32_t kFirstForeign = 0xffffffff;
#elif defined(__s390x__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_S390X;
constexpr std::uint32_t kFirstForeign = 0xffffffff;
#endif

constexpr long kAllowed[] = {
    // what is most frequent first: files of a tree, by descriptor
    SYS_openat, SYS_write, SYS_close, SYS_fchown, SYS_fchmod, SYS_utimensat, SYS_read, SYS_futex,
    SYS_newfstatat, SYS_fstat, SYS_openat2, SYS_mkdirat, SYS_symlinkat, SYS_linkat, SYS_unlinkat,
    SYS_mknodat, SYS_fchownat, SYS_fchmodat, SYS_readlinkat, SYS_pwrite64, SYS_pread64,
    SYS_ftruncate, SYS_lseek, SYS_getdents64, SYS_fsetxattr, SYS_fgetxattr, SYS_flistxattr,
    SYS_fadvise64,
    // the socket
    SYS_sendmsg, SYS_recvmsg,
    // memory, and threads that share it
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_set_robust_list, SYS_rseq, SYS_sched_yield,
    SYS_sched_getaffinity, SYS_gettid, SYS_getpid, SYS_membarrier,
    // the rest of what the C library does by itself
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_clock_gettime, SYS_clock_nanosleep,
    SYS_getrandom, SYS_sysinfo, SYS_restart_syscall, SYS_exit, SYS_exit_group};

constexpr std::uint32_t low_word(unsigned argument) {
  const auto base = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + argument * 8);
  return base + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
}

class Program {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset, 0, 0); }
  void answer(std::uint32_t action) { add(BPF_RET | BPF_K, action, 0, 0); }
  // With the number loaded.
  void answer_if(long number, std::uint32_t action) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1);
    answer(action);
  }
  // Allows call `number` if all bits of `mask` in its argument are as in `value`.
  void allow_masked(long number, unsigned argument, std::uint32_t mask, std::uint32_t value) {
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 5);
    load(low_word(argument));
    add(BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    answer(SECCOMP_RET_ERRNO | EPERM);
  }
  void add(int code, std::uint32_t k, std::uint8_t jump_true, std::uint8_t jump_false) {
    instructions_.push_back({static_cast<std::uint16_t>(code), jump_true, jump_false, k});
  }
  std::string bytes() const {
    return {reinterpret_cast<const char*>(instructions_.data()),
            instructions_.size() * sizeof(sock_filter)};
  }

 private:
  std::vector<sock_filter> instructions_;
};

}  // namespace

std::string system_call_filter() {
  Program program;
  program.load(offsetof(seccomp_data, arch));
  program.add(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  program.answer(SECCOMP_RET_KILL_PROCESS);
  program.load(offsetof(seccomp_data, nr));
  program.add(BPF_JMP | BPF_JGE | BPF_K, kFirstForeign, 0, 1);
  program.answer(SECCOMP_RET_KILL_PROCESS);
  for (const long number : kAllowed) program.answer_if(number, SECCOMP_RET_ALLOW);
  // Nothing of it ever becomes code; a thread, never a process. The C library falls back to clone,
  // whose flags can be seen, when there is no clone3.
  program.allow_masked(SYS_mmap, 2, PROT_EXEC, 0);
  program.allow_masked(SYS_mprotect, 2, PROT_EXEC, 0);
  static_assert(F_SETFD == 2 && F_GETFL == 3);  // what fdopendir(3) calls
  program.allow_masked(SYS_fcntl, 1, ~1U, F_SETFD);
  constexpr std::uint32_t kThread = CLONE_VM | CLONE_THREAD;
  program.allow_masked(SYS_clone, 0, kThread, kThread);
  program.answer_if(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  program.answer(SECCOMP_RET_ERRNO | EPERM);
  return program.bytes();
}

}  // namespace snapshotter
