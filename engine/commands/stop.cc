// SPDX-License-Identifier: Apache-2.0
// `stop` and `restart`.
#include <memory>

#include "config/container_options.h"
#include "config/signal_names.h"
#include "engine/commands/attached.h"
#include "engine/commands/each.h"
#include "engine/commands/verbs.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace engine {
namespace {

constexpr int kGraceSeconds = 10;  // docker's

struct Options {
  std::string signal;
  std::optional<std::string> seconds;
  std::vector<std::string> names;
};

int signal_of(const std::string& text) {
  if (text.empty()) return 0;
  const auto signal = config::parse_signal(text);
  if (!signal || *signal == 0) {
    throw sys::Error(sys::format("there is no signal \"{}\"", sys::terminal_safe(text)));
  }
  return *signal;
}

std::optional<std::chrono::seconds> grace_of(const Options& options,
                                             const ContainerRecord& record) {
  config::ContainerFlags flags;
  flags.stop_timeout = options.seconds.value_or(record.flags.stop_timeout);
  const int seconds = config::read_options(flags).stop_timeout.value_or(kGraceSeconds);
  if (seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

void stop(Context& context, const Options& options, const ContainerRecord& record) {
  stop_container(context.store(), record, signal_of(options.signal), grace_of(options, record));
}

std::vector<Flag> flags_of(Options& options) {
  return {{"-s,--signal", &options.signal, "Instead of its own stop signal"},
          {"-t,--time,--timeout", &options.seconds, "Seconds until SIGKILL; -1: never", "int"}};
}

}  // namespace

Command stop_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "End containers: by their stop signal, then by SIGKILL",
      .usage = "[OPTIONS] CONTAINER...",
      .flags = flags_of(*options),
      .positionals = {{"CONTAINER", &options->names}},
      .run =
          [options](Context& context) {
            (void)context.identity();
            return for_each_container(
                context, "stop", options->names,
                [&](const ContainerRecord& record) { stop(context, *options, record); });
          },
  };
}

Command restart_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Stop containers, and start them again",
      .usage = "[OPTIONS] CONTAINER...",
      .flags = flags_of(*options),
      .positionals = {{"CONTAINER", &options->names}},
      .run =
          [options](Context& context) {
            (void)context.identity_with_mounts();
            return for_each_container(
                context, "restart", options->names, [&](const ContainerRecord& record) {
                  stop(context, *options, record);
                  (void)run_attached(context, record, image_config(context.store(), record),
                                     {.is_detached = true});
                });
          },
  };
}

}  // namespace engine
