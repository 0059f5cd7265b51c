// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cstdlib>
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "sys/detached.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"

extern char** environ;

namespace engine {
namespace {

constexpr int kNotExecutable = 126, kNotFound = 127;

/// The caller's, but that inside it is the same store and the identity is what was found here.
std::vector<std::string> environment_for(const std::string& store) {
  std::vector<std::string> all = {"TILLA_ROOT=" + store};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (variable.starts_with("TILLA_ROOT=")) continue;
    if (variable.starts_with("TILLA_IDENTITY=range")) continue;  // it is nested inside
    all.emplace_back(variable);
  }
  return all;
}

// In our place: its exit code is ours.
int run_command(Context& context, std::vector<std::string> command) {
  if (command.empty()) {
    const char* shell = ::getenv("SHELL");
    command.emplace_back(shell != nullptr && *shell == '/' ? shell : "/bin/sh");
  }
  (void)context.identity_with_mounts();
  std::string path = command.front();
  if (path.find('/') == std::string::npos) path = sys::find_program(path).value_or("");
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<std::string> variables = environment_for(context.store_path());
  std::vector<char*> envp;
  for (std::string& variable : variables) envp.push_back(variable.data());
  envp.push_back(nullptr);
  sys::reset_signals();
  const int code =
      path.empty() ? ENOENT : sys::execute(AT_FDCWD, path.c_str(), argv.data(), envp.data());
  context.log().error(
      sys::errno_error(sys::format("unshare: \"{}\"", command.front()), code).what());
  return code == ENOENT || code == ENOTDIR ? kNotFound : kNotExecutable;
}

}  // namespace

Command unshare_command() {
  const auto command = std::make_shared<std::vector<std::string>>();
  return {
      .summary = "Run a shell or a command as root of the user namespace that containers are in",
      .usage = "[COMMAND...]",
      .text = "With a mount namespace of its own: what `tilla mount` mounts there goes with it.",
      .positionals = {{"COMMAND", command.get(), true}},
      .flags_end_at_positional = true,
      .run = [command](Context& context) { return run_command(context, *command); },
  };
}

}  // namespace engine
