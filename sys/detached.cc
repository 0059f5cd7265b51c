// SPDX-License-Identifier: Apache-2.0
#include "sys/detached.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"

extern char** environ;

namespace sys {
namespace {

struct Task {
  const DetachedProgram& program;
  char** argv;
};

void run_program(const Task& task) {
  const DetachedProgram& program = task.program;
  start_session();
  reset_signals();
  {
    const Fd root = open_path("/", O_PATH | O_DIRECTORY);
    change_directory(root.get());
    const Fd null = open_path("/dev/null", O_RDWR);
    duplicate_onto(null.get(), 0);
    const int output = program.error_output >= 0 ? program.error_output : null.get();
    duplicate_onto(output, 1);
    duplicate_onto(output, 2);
  }
  set_cloexec_from(3);
  for (const int fd : program.fds) set_cloexec(fd, false);
  const int code = execute(AT_FDCWD, task.argv[0], task.argv, environ);
  write_all(2, format("start \"{}\": {}", task.argv[0], std::strerror(code)));
}

void program_main(void* argument) noexcept {
  try {
    run_program(*static_cast<const Task*>(argument));
  } catch (const std::exception&) {  // nobody is left to tell
  }
  exit_now(127);
}

// Between us and the program, so that it is no child of ours.
void launcher_main(void* argument) noexcept {
  const Task& task = *static_cast<const Task*>(argument);
  try {
    const CloneOptions options = {.namespaces = task.program.namespaces, .joins = {}};
    (void)clone_child(options, program_main, argument);
    exit_now(0);
  } catch (const std::exception&) {
    exit_now(1);
  }
}

}  // namespace

void forget_variable(const char* name) { (void)::unsetenv(name); }

std::optional<std::string> find_program(const std::string& name) {
  const char* value = ::getenv("PATH");
  const std::string path = value == nullptr ? "/usr/local/bin:/usr/bin:/bin" : value;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t end = std::min(path.find(':', start), path.size());
    const std::string file = path.substr(start, end - start) + "/" + name;
    // An empty part would be the working directory.
    if (end > start && ::access(file.c_str(), X_OK) == 0) return file;
    start = end + 1;
  }
  return std::nullopt;
}

void start_detached(const DetachedProgram& program) {
  std::vector<char*> argv;
  for (const std::string& word : program.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  Task task = {.program = program, .argv = argv.data()};
  const Process launcher = clone_child({}, launcher_main, &task);
  if (wait_child(launcher).code != 0) {
    throw Error(format("start \"{}\": no process could be made", program.argv[0]));
  }
}

}  // namespace sys
