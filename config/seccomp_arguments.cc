// SPDX-License-Identifier: Apache-2.0
#include "config/seccomp_arguments.h"

namespace config {
namespace {

struct Narrow {
  std::uint32_t arguments;
  std::string_view calls;  // separated by blanks
};

// clang-format off
constexpr Narrow kNarrow[] = {
    {0b000001,
     "accept alarm arch_prctl clock_adjtime clock_getres clock_gettime "
     "clock_settime clone close dup epoll_create epoll_create1 eventfd exit "
     "exit_group fchdir fdatasync fgetxattr flistxattr fremovexattr fstatfs fsync "
     "ftruncate futimesat get_robust_list getgroups getitimer getpeername getpgid "
     "getrlimit getrusage getsid getsockname inotify_init1 io_setup io_uring_setup "
     "iopl keyctl memfd_secret migrate_pages mlockall modify_ldt mq_getsetattr "
     "mq_notify mq_timedreceive fstat openat2 personality pkey_free prctl pread64 "
     "process_vm_readv process_vm_writev pselect6 pwrite64 read readahead "
     "rt_sigaction rt_sigprocmask sched_get_priority_max sched_get_priority_min "
     "sched_getparam sched_getscheduler sched_rr_get_interval sched_setparam "
     "select set_mempolicy setfsgid setfsuid setgid setgroups setitimer setrlimit "
     "setuid signalfd syncfs sysfs timer_create timer_delete timer_getoverrun "
     "timer_gettime timerfd_gettime umask userfaultfd ustat write"},
    {0b000010,
     "access chmod creat fsopen memfd_create mkdir pipe2 ppoll setdomainname "
     "sethostname swapon symlinkat umount2"},
    {0b000011,
     "clock_nanosleep dup2 eventfd2 fallocate fanotify_init fchmod fcntl flock "
     "getpriority inotify_rm_watch ioctl ioprio_get kill landlock_restrict_self "
     "listen msgctl msgget pidfd_open prlimit64 process_mrelease rt_sigqueueinfo "
     "sched_getaffinity sched_setaffinity sched_setscheduler seccomp sendfile "
     "setns setpgid setregid setreuid shmctl shutdown timer_settime timerfd_create "
     "timerfd_settime tkill"},
    {0b000100,
     "getrandom ioperm landlock_create_ruleset lsm_list_modules madvise mlock2 "
     "msync readlink"},
    {0b000101,
     "bind bpf connect epoll_pwait2 faccessat fchmodat fspick getdents getdents64 "
     "getxattrat inotify_add_watch listxattrat lseek mkdirat mount_setattr "
     "open_by_handle_at open_tree open_tree_attr quotactl recvmsg removexattrat "
     "renameat sched_setattr semop semtimedop sendmsg setxattrat shmat shmget "
     "syslog unlinkat wait4"},
    {0b000110,
     "chown lchown mknod mq_open open poll"},
    {0b000111,
     "close_range dup3 epoll_ctl fchown fsmount getsockopt ioprio_set kcmp "
     "membarrier pidfd_getfd quotactl_fd reboot rt_tgsigqueueinfo semctl semget "
     "setpriority setresgid setresuid socket socketpair tgkill"},
    {0b001000,
     "listmount pkey_mprotect request_key statmount"},
    {0b001001,
     "accept4 cachestat fadvise64 landlock_add_rule lsm_get_self_attr mq_timedsend "
     "msgsnd newfstatat readlinkat recvfrom signalfd4 sync_file_range utimensat "
     "vmsplice"},
    {0b001011,
     "fanotify_mark io_uring_register pidfd_send_signal tee waitid"},
    {0b001100,
     "futex_wake"},
    {0b001101,
     "epoll_pwait epoll_wait faccessat2 fchmodat2 lsm_set_self_attr mknodat openat "
     "recvmmsg sched_getattr sendmmsg statx"},
    {0b001110,
     "futex_requeue perf_event_open rseq"},
    {0b001111,
     "io_uring_enter"},
    {0b010000,
     "add_key lsetxattr setxattr"},
    {0b010001,
     "execveat file_getattr file_setattr fsetxattr msgrcv name_to_handle_at"},
    {0b010011,
     "fsconfig"},
    {0b010101,
     "linkat move_mount renameat2"},
    {0b010110,
     "futex_waitv"},
    {0b010111,
     "setsockopt"},
    {0b011001,
     "process_madvise"},
    {0b011101,
     "fchownat"},
    {0b100000,
     "mbind preadv2 pwritev2"},
    {0b100001,
     "move_pages"},
    {0b100101,
     "copy_file_range splice"},
    {0b100110,
     "futex"},
    {0b101000,
     "futex_wait"},
    {0b101001,
     "sendto"},
};
// clang-format on

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != std::string_view::npos;
       at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::uint32_t narrow_arguments(std::string_view call) {
  if (call.empty()) return 0;
  for (const Narrow& row : kNarrow) {
    if (has_word(row.calls, call)) return row.arguments;
  }
  return 0;
}

}  // namespace config
