// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <cstdlib>
#include <memory>

#include "config/environment.h"
#include "engine/commands/context.h"
#include "engine/commands/each.h"
#include "engine/commands/verbs.h"
#include "engine/container/etc_files.h"
#include "engine/container/foreground.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/procfs.h"
#include "sys/storage.h"

namespace engine {
namespace {

struct Options {
  bool is_detached = false, is_interactive = false, has_terminal = false, is_privileged = false;
  std::string user, workdir, detach_keys;
  std::vector<std::string> env, env_files, words;
};

/// A name needs the container's own passwd, which its first process sees.
std::string numbers_of(const std::string& user, const shim::RunStatus& status) {
  if (user.empty()) return {};
  const sys::Procfs proc = sys::Procfs::open();
  if (status.pid <= 0) {
    throw sys::Error("--user: the container's first process is not known to us");
  }
  const sys::Fd root = proc.open_magic_link(sys::format("{}/root", status.pid), O_PATH);
  const config::FoundUser found = find_user_in(root.get(), user, {});
  return sys::format("{}:{}", found.uid, found.gid);
}

std::vector<std::string> runtime_words(const Options& options, const ContainerRecord& record,
                                       const shim::RunStatus& status) {
  std::vector<std::string> words = {"exec"};
  if (options.is_detached) words.emplace_back("--detach");
  if (options.has_terminal) words.emplace_back("--tty");
  if (const std::string user = numbers_of(options.user, status); !user.empty()) {
    words.insert(words.end(), {"--user", user});
  }
  if (!options.workdir.empty()) words.insert(words.end(), {"--cwd", options.workdir});
  const auto caller = [](const std::string& name) {
    const char* value = ::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
  for (const std::string& word : options.env) {
    const std::string entry = config::resolve_variable(word, caller);
    if (entry.find('=') != std::string::npos) words.insert(words.end(), {"--env", entry});
  }
  words.push_back(record.id);
  words.insert(words.end(), options.words.begin() + 1, options.words.end());
  return words;
}

int exec(Context& context, const Options& options) {
  if (options.words.size() < 2) {
    throw UsageError("\"tilla exec\" requires at least 2 arguments", 0, "See 'tilla exec --help'.");
  }
  if (options.is_privileged)
    throw UsageError("--privileged: not yet", 0, "See 'tilla exec --help'.");
  if (!options.detach_keys.empty()) {
    throw UsageError("--detach-keys: not yet: an exec can't be detached from", 0,
                     "See 'tilla exec --help'.");
  }
  const std::string& name = options.words.front();
  return context.explaining(
      [&] { return sys::format("exec in \"{}\"", name); },
      [&] {
        const ContainerRecord record = find_container(context.store(), name);
        check_running(context, record);
        const auto status = status_of(context.store(), record);
        if (!enter_users_of(*status)) (void)context.identity();
        return exec_in_foreground(
            {.runtime = find_runtime_program(),
             .words = runtime_words(options, record, *status),
             .bundle = sys::format("{}/containers/{}/bundle", context.store().path(), record.id),
             .has_input = options.is_interactive,
             .has_terminal = options.has_terminal});
      });
}

}  // namespace

Command exec_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Run a program in a container that runs",
      .usage = "[OPTIONS] CONTAINER COMMAND...",
      .flags = {{"-d,--detach", &options->is_detached, "Don't wait for it"},
                {"--detach-keys", &options->detach_keys, "", "", true},
                {"-e,--env", &options->env, "A variable: NAME=value, or NAME", "list"},
                {"-i,--interactive", &options->is_interactive, "Pass input on"},
                {"--privileged", &options->is_privileged, "", "", true},
                {"-t,--tty", &options->has_terminal, "Give it a terminal"},
                {"-u,--user", &options->user, "USER[:GROUP]"},
                {"-w,--workdir", &options->workdir, "Where it starts"}},
      .positionals = {{"CONTAINER", &options->words}},
      .flags_end_at_positional = true,
      .failure_exit = kEngineExit,
      .run = [options](Context& context) { return exec(context, *options); },
  };
}

}  // namespace engine
