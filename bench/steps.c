/* SPDX-License-Identifier: Apache-2.0
 *
 * Which instructions of a program a command executes, for `make text-order`:
 *
 *   steps PROGRAM COMMAND [ARG...]
 *
 * prints, in hexadecimal, the offset in PROGRAM of every address of it that the command and its
 * children execute while it runs, each once, in the order of their first execution. Slow: it stops
 * after every instruction. Children that outlive the command go on alone. Source: ptrace(2).
 */
#define _GNU_SOURCE
#include <elf.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMostProcesses = 256, kMostBytes = 1 << 24 };

/* Where a process has the program mapped; `end` is 0 for one that does not run it. */
struct process {
  pid_t pid;
  int is_known;
  unsigned long begin, end;
};

static struct process processes[kMostProcesses];
static unsigned char seen[kMostBytes];
static const char* program;

static void die(const char* what) {
  perror(what);
  exit(1);
}

static struct process* find_process(pid_t pid) {
  for (int i = 0; i < kMostProcesses; ++i) {
    if (processes[i].pid == 0) processes[i].pid = pid;
    if (processes[i].pid == pid) return &processes[i];
  }
  fputs("steps: too many processes\n", stderr);
  exit(1);
}

static void read_mappings(struct process* process) {
  char path[64];
  char line[PATH_MAX + 128];
  process->begin = process->end = 0;
  process->is_known = 1;
  (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)process->pid);
  FILE* maps = fopen(path, "r");
  if (maps == NULL) return; /* it has ended */
  while (fgets(line, sizeof(line), maps) != NULL) {
    unsigned long begin = 0, end = 0;
    const char* name = strchr(line, '/');
    if (name == NULL || strncmp(name, program, strlen(program)) != 0) continue;
    if (sscanf(line, "%lx-%lx", &begin, &end) != 2) continue;
    if (process->end == 0) process->begin = begin;
    process->end = end;
  }
  (void)fclose(maps);
}

static unsigned long program_counter(pid_t pid) {
  struct user_regs_struct registers;
  struct iovec all = {.iov_base = &registers, .iov_len = sizeof(registers)};
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) < 0) return 0; /* killed meanwhile */
#if defined(__x86_64__)
  return registers.rip;
#else
  return registers.pc;
#endif
}

static void note(const struct process* process) {
  const unsigned long address = program_counter(process->pid);
  if (address < process->begin || address >= process->end) return;
  const unsigned long offset = address - process->begin;
  if (offset >= kMostBytes || seen[offset]) return;
  seen[offset] = 1;
  printf("%lx\n", offset);
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fputs("usage: steps PROGRAM COMMAND [ARG...]\n", stderr);
    return 2;
  }
  program = argv[1];
  const pid_t first = fork();
  if (first < 0) die("fork");
  if (first == 0) {
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    (void)raise(SIGSTOP);
    execv(argv[2], argv + 2);
    _exit(127);
  }
  int status = 0;
  if (waitpid(first, &status, 0) < 0) die("waitpid");
  const long options =
      PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  if (ptrace(PTRACE_SETOPTIONS, first, NULL, options) < 0) die("ptrace");
  if (ptrace(PTRACE_SINGLESTEP, first, NULL, 0L) < 0) die("ptrace");
  for (;;) {
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) die("waitpid");
    struct process* process = find_process(pid);
    if (!WIFSTOPPED(status)) {
      if (pid == first) return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
      continue;
    }
    if (!process->is_known || status >> 16 == PTRACE_EVENT_EXEC) read_mappings(process);
    note(process);
    const int signal = WSTOPSIG(status);
    const long passed = signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
    (void)ptrace(PTRACE_SINGLESTEP, pid, NULL, passed);
  }
}
