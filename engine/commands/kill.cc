// SPDX-License-Identifier: Apache-2.0
// `kill`, `pause` and `unpause`.
#include <signal.h>

#include <memory>

#include "config/signal_names.h"
#include "engine/commands/each.h"
#include "engine/commands/verbs.h"
#include "engine/container/foreground.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace engine {
namespace {

struct Options {
  std::string signal = "KILL";
  std::vector<std::string> names;
};

void kill_one(Context& context, const ContainerRecord& record, int signal) {
  check_running(context, record);
  if (signal == SIGKILL) {
    if (const auto monitor = connect_to(record)) (void)shim::forbid_restart(*monitor);
  }
  const int code =
      call_runtime(find_runtime_program(), {"kill", record.id, std::to_string(signal)});
  if (code != 0) throw sys::Error("the runtime could not");
}

Command freezing_command(const char* verb, const char* runtime_verb, const char* summary) {
  const auto names = std::make_shared<std::vector<std::string>>();
  return {
      .summary = summary,
      .usage = "CONTAINER...",
      .positionals = {{"CONTAINER", names.get()}},
      .run =
          [names, verb, runtime_verb](Context& context) {
            (void)context.identity();
            return for_each_container(context, verb, *names, [&](const ContainerRecord& record) {
              check_running(context, record);
              if (call_runtime(find_runtime_program(), {runtime_verb, record.id}) != 0) {
                throw sys::Error("the runtime could not");
              }
            });
          },
  };
}

}  // namespace

Command kill_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Send a signal to the first process of containers",
      .usage = "[OPTIONS] CONTAINER...",
      .flags = {{"-s,--signal", &options->signal, "Which one (default KILL)"}},
      .positionals = {{"CONTAINER", &options->names}},
      .run =
          [options](Context& context) {
            const auto signal = config::parse_signal(options->signal);
            if (!signal || *signal == 0) {
              throw sys::Error(sys::format("kill: there is no signal \"{}\"",
                                           sys::terminal_safe(options->signal)));
            }
            (void)context.identity();
            return for_each_container(
                context, "kill", options->names,
                [&](const ContainerRecord& record) { kill_one(context, record, *signal); });
          },
  };
}

Command pause_command() {
  return freezing_command("pause", "pause", "Freeze all processes of containers");
}
Command unpause_command() {
  return freezing_command("unpause", "resume", "Let frozen containers go on");
}

}  // namespace engine
