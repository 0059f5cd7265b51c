/* SPDX-License-Identifier: Apache-2.0
 *
 * tilla-init: process 1 of a container whose program does not want to be that (`--init`). Starts
 * the program as its child, passes every signal on, collects every orphan, and ends as the program
 * does. Freestanding: it lives as long as the container does, for every container.
 *
 *   tilla-init [--] PROGRAM [ARGUMENT...]
 *
 * Exit: the program's, 128 + signal when one ended it; 127 no such program, 126 it can't be
 * executed, 1 nothing to run.
 */
#include <asm/errno.h>
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <linux/prctl.h>
#include <linux/wait.h>

#include "sys/stub/freestanding.h"

enum { kStandardInput = 0, kStandardError = 2, kPathMax = 4096, kFirstProcess = 1 };
enum { kExecFailed = 126, kNotFound = 127, kBySignal = 128 };

typedef unsigned long SignalSet; /* the kernel's, of 64 signals */

static const char kPathName[] = "PATH=";
/* Where nothing says where: as the runtime looks, too. */
static const char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/* ------------------------------------------------------------------ text */

static long length_of(const char* text) {
  long length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

static int has_slash(const char* text) {
  for (; *text != '\0'; ++text) {
    if (*text == '/') return 1;
  }
  return 0;
}

static void say(const char* text) {
  /* Nothing is left to be done when nobody listens. */
  (void)call(__NR_write, kStandardError, (long)text, length_of(text), 0, 0);
}

static const char* search_path(char** envp) {
  for (; *envp != 0; ++envp) {
    int i = 0;
    while (kPathName[i] != '\0' && (*envp)[i] == kPathName[i]) ++i;
    if (kPathName[i] == '\0') return *envp + i;
  }
  return kDefaultPath;
}

/* ------------------------------------------------------------------ the program */

/* execvp(3): a file that may not be executed is remembered, in case none may. */
static long execute(char** argv, char** envp) {
  char file[kPathMax];
  const char* part = search_path(envp);
  long refusal = -ENOENT;
  if (has_slash(argv[0])) return call(__NR_execve, (long)argv[0], (long)argv, (long)envp, 0, 0);
  if (argv[0][0] == '\0') return -ENOENT;
  for (;; ++part) {
    const char* name = argv[0];
    int size = 0;
    long result;
    for (; *part != '\0' && *part != ':' && size < kPathMax - 1; ++part) file[size++] = *part;
    if (size > 0) file[size++] = '/'; /* an empty part is the working directory */
    while (*name != '\0' && size < kPathMax - 1) file[size++] = *name++;
    file[size] = '\0';
    result = *name == '\0' && (*part == '\0' || *part == ':')
                 ? call(__NR_execve, (long)file, (long)argv, (long)envp, 0, 0)
                 : -ENAMETOOLONG;
    if (result == -EACCES) {
      refusal = result;
    } else if (result != -ENOENT && result != -ENOTDIR && result != -ENAMETOOLONG) {
      return result;
    }
    if (*part == '\0') return refusal;
  }
}

static void run_program(char** argv, char** envp, const SignalSet* mask) __attribute__((noreturn));
static void run_program(char** argv, char** envp, const SignalSet* mask) {
  int group = 0;
  long result;
  /* A process group of its own, in the foreground if there is a terminal, so that what is typed
   * (an interrupt) goes to it alone, and not through us once more. */
  (void)call(__NR_setpgid, 0, 0, 0, 0, 0);
  group = (int)call(__NR_getpid, 0, 0, 0, 0, 0);
  /* SIGTTOU is blocked still, or this would stop us. No terminal: nothing to do. */
  (void)call(__NR_ioctl, kStandardInput, TIOCSPGRP, (long)&group, 0, 0);
  (void)call(__NR_rt_sigprocmask, SIG_SETMASK, (long)mask, 0, sizeof(*mask), 0);
  result = execute(argv, envp);
  say("tilla-init: exec: \"");
  say(argv[0]);
  say(result == -ENOENT   ? "\": executable file not found in $PATH\n"
      : result == -EACCES ? "\": permission denied\n"
                          : "\": can't be executed\n");
  end(result == -ENOENT ? kNotFound : kExecFailed);
}

/* ------------------------------------------------------------------ process 1 */

/* Collects all who have ended. Ends us when the program is among them. */
static void reap(long program) {
  for (;;) {
    int status = 0;
    const long ended = call(__NR_wait4, -1, (long)&status, WNOHANG, 0, 0);
    if (ended <= 0) return;
    if (ended != program) continue;
    end((status & 0x7f) != 0 ? kBySignal + (status & 0x7f) : (status >> 8) & 0xff);
  }
}

void program_main(long* stack) {
  const long argc = stack[0];
  char** argv = (char**)(stack + 1);
  char** envp = argv + argc + 1;
  /* Blocked, they reach us even though we are process 1 and have no handlers. Faults stay. */
  const SignalSet all = ~(1UL << (SIGSEGV - 1) | 1UL << (SIGBUS - 1) | 1UL << (SIGFPE - 1) |
                          1UL << (SIGILL - 1) | 1UL << (SIGTRAP - 1) | 1UL << (SIGSYS - 1));
  SignalSet before = 0;
  long program;

  if (argc > 1) ++argv;
  if (argc > 2 && argv[0][0] == '-' && argv[0][1] == '-' && argv[0][2] == '\0') ++argv;
  if (argc < 2) {
    say("tilla-init: nothing to run\nusage: tilla-init [--] PROGRAM [ARGUMENT...]\n");
    end(1);
  }
  if (call(__NR_getpid, 0, 0, 0, 0, 0) != kFirstProcess) {
    (void)call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* or orphans are others' */
  }
  (void)call(__NR_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, sizeof(all), 0);
  program = call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
  if (program == 0) run_program(argv, envp, &before);
  if (program < 0) {
    say("tilla-init: no process can be made\n");
    end(1);
  }
  for (;;) {
    const long signal = call(__NR_rt_sigtimedwait, (long)&all, 0, 0, sizeof(all), 0);
    if (signal == SIGCHLD) {
      reap(program);
    } else if (signal > 0) {
      (void)call(__NR_kill, program, signal, 0, 0, 0); /* it may have ended by now */
    }
  }
}
