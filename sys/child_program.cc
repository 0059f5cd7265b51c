// SPDX-License-Identifier: Apache-2.0
#include "sys/child_program.h"

#include <signal.h>
#include <spawn.h>

#include "sys/error.h"
#include "sys/format.h"

extern char** environ;

namespace sys {

Process start_child_program(const ChildProgram& program) {
  std::vector<char*> pointers;
  for (const std::string& word : program.argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  sigset_t all, none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  const int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
                    (program.has_own_group ? POSIX_SPAWN_SETPGROUP : 0);
  ::posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  pid_t pid = -1;
  const int code = ::posix_spawn(&pid, pointers[0], nullptr, &attributes, pointers.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  if (code != 0) throw errno_error(format("start \"{}\"", program.argv.at(0)), code);
  std::optional<Fd> pidfd = open_process(pid);
  return {.pid = pid, .pidfd = std::move(*pidfd)};  // an unreaped child always has one
}

}  // namespace sys
