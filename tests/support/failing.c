// SPDX-License-Identifier: Apache-2.0
// Runs a program and lets one system call of it, or of a process that it makes, fail. What strace
// can't do: count in one of several processes, and be done with tracing once it has happened.
//
//   failing PROCESS NUMBER ERRNO LOG PROGRAM ARG...
//
// PROCESS 0 is the program, 1 the first process that it or a child of it makes. NUMBER counts that
// one's system calls from 1. LOG gets "PROCESS COUNT" for each process, and "failed CALL" with the
// call's number when it has. Exits as the program does. What other processes execute is not
// counted. Source: ptrace(2).
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMost = 64 };

struct traced {
  pid_t pid;
  long count;
  int is_beyond;  // it has executed a program that is none of ours
  int fails_now;
};

static struct traced processes[kMost];
static int process_count;
static int wanted_process, error_code, is_done;
static long wanted_number, failed_call = -1;

static struct traced* find(pid_t pid) {
  for (int i = 0; i < process_count; ++i) {
    if (processes[i].pid == pid) return &processes[i];
  }
  if (process_count == kMost) exit(125);
  processes[process_count].pid = pid;
  return &processes[process_count++];
}

static long regset(int request, pid_t pid, int kind, void* data, size_t size) {
  struct iovec place = {data, size};
  return ptrace(request, pid, (void*)(long)kind, &place);
}

// The kernel then does nothing.
static void skip_call(pid_t pid) {
#if defined(__x86_64__)
  ptrace(PTRACE_POKEUSER, pid, (void*)offsetof(struct user_regs_struct, orig_rax), (void*)-1L);
#else
  int none = -1;
  regset(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &none, sizeof none);
#endif
}

static void set_result(pid_t pid, long result) {
  struct user_regs_struct registers;
  regset(PTRACE_GETREGSET, pid, NT_PRSTATUS, &registers, sizeof registers);
#if defined(__x86_64__)
  registers.rax = (unsigned long)result;
#else
  registers.regs[0] = (unsigned long)result;
#endif
  regset(PTRACE_SETREGSET, pid, NT_PRSTATUS, &registers, sizeof registers);
}

// These can't fail. A close(2) that says so has closed all the same, and a signal to one's own
// child arrives.
static int is_done_all_the_same(long call) {
  return call == SYS_close || call == SYS_pidfd_send_signal || call == SYS_kill ||
         call == SYS_munmap;
}
static int cannot_fail(long call) {
  return call == SYS_exit || call == SYS_exit_group || call == SYS_rt_sigreturn ||
         call == SYS_umask || call == SYS_restart_syscall;
}

static void at_syscall(struct traced* traced) {
  struct __ptrace_syscall_info info = {0};
  ptrace(PTRACE_GET_SYSCALL_INFO, traced->pid, (void*)sizeof info, &info);
  if (info.op == PTRACE_SYSCALL_INFO_EXIT && traced->fails_now) {
    set_result(traced->pid, -error_code);
    traced->fails_now = 0;
    is_done = 1;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
  const long call = (long)info.entry.nr;
  if (cannot_fail(call)) return;
  ++traced->count;
  if (is_done || traced != &processes[wanted_process] || traced->count != wanted_number) return;
  failed_call = call;
  traced->fails_now = 1;
  if (!is_done_all_the_same(call)) skip_call(traced->pid);
}

// The signal to pass on.
static int at_stop(struct traced* traced, int status, int is_new) {
  const int event = status >> 16, signal = WSTOPSIG(status);
  if (signal == (SIGTRAP | 0x80)) return at_syscall(traced), 0;
  if (event == PTRACE_EVENT_EXEC) {
    if (traced != &processes[0]) traced->is_beyond = 1;
    return 0;
  }
  if (event != 0) {  // a new process, which may have been seen already
    unsigned long pid = 0;
    ptrace(PTRACE_GETEVENTMSG, traced->pid, 0, &pid);
    (void)find((pid_t)pid);
    return 0;
  }
  return signal == SIGSTOP && (is_new || traced->count == 0) ? 0 : signal;
}

static int follow(pid_t program) {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno != EINTR) return 125;
    if (pid < 0) continue;
    const int before = process_count;
    struct traced* traced = find(pid);
    if (pid == program && WIFEXITED(status)) return WEXITSTATUS(status);
    if (pid == program && WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    const int signal = at_stop(traced, status, before != process_count);
    // And so do those that it makes from then on.
    const int goes_free = is_done || traced->is_beyond;
    ptrace(goes_free ? PTRACE_DETACH : PTRACE_SYSCALL, pid, 0, (void*)(long)signal);
  }
}

int main(int argc, char** argv) {
  if (argc < 6) return 125;
  wanted_process = atoi(argv[1]);
  wanted_number = atol(argv[2]);
  error_code = atoi(argv[3]);
  FILE* log = fopen(argv[4], "we");
  if (log == NULL || wanted_process >= kMost) return 125;
  const pid_t program = fork();
  if (program == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    execvp(argv[5], argv + 5);
    _exit(127);
  }
  (void)find(program);
  waitpid(program, NULL, 0);
  ptrace(PTRACE_SETOPTIONS, program, 0,
         (void*)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
                 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC));
  ptrace(PTRACE_SYSCALL, program, 0, 0);
  const int result = follow(program);
  for (int i = 0; i < process_count; ++i) fprintf(log, "%d %ld\n", i, processes[i].count);
  if (failed_call >= 0) fprintf(log, "failed %ld\n", failed_call);
  fclose(log);
  return result;  // whoever is left goes on without us
}
