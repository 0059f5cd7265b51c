// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <charconv>
#include <memory>

#include "config/go_duration.h"
#include "config/human.h"
#include "config/state.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"

namespace engine {
namespace {

struct Options {
  bool follows = false, has_times = false;
  std::string tail, since, until, name;
};

/// A time, or how long ago: as the log has them, nine digits.
std::string time_of(std::string_view flag, const std::string& text) {
  if (text.empty()) return {};
  std::optional<config::Time> time = config::parse_time(text);
  if (const auto ago = config::parse_duration(text)) {
    time = std::chrono::system_clock::now() - *ago;
  }
  if (!time) {
    throw sys::Error(
        sys::format("--{} \"{}\" is neither a time (2026-11-28T01:02:03Z) nor a "
                    "duration (10m)",
                    flag, sys::terminal_safe(text)));
  }
  std::string utc = config::format_time(*time);  // digits as many as there are
  utc.pop_back();
  if (utc.find('.') == std::string::npos) utc += '.';
  utc.resize(utc.find('.') + 10, '0');
  return utc + "Z";
}

std::optional<std::uint64_t> tail_of(const std::string& text) {
  if (text.empty() || text == "all") return std::nullopt;
  std::uint64_t lines = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), lines);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;  // docker: all
  return lines;
}

void show(Context& context, const Options& options) {
  const ContainerRecord record = find_container(context.store(), options.name);
  if (record.flags.log_driver == "none") throw sys::Error("it has no log: --log-driver none");
  const sys::Fd directory =
      sys::open_at(context.store().containers().get(), record.id, O_RDONLY | O_DIRECTORY);
  const std::string path = log_path(context.store(), record);
  if (!options.follows && !sys::open_path_if_exists(path, O_PATH)) return;
  bool is_new_line = true;
  shim::read_log({.path = path,
                  .since = time_of("since", options.since),
                  .until = time_of("until", options.until),
                  .tail = tail_of(options.tail),
                  .follows = options.follows,
                  .directory = directory.get(),
                  .sink = [&](const shim::LogLine& line) {
                    std::string text;
                    if (options.has_times && is_new_line) text = sys::format("{} ", line.time);
                    text += line.text;
                    if (line.is_complete) text += '\n';
                    is_new_line = line.is_complete;
                    sys::in_context("standard output",
                                    [&] { sys::write_all(line.is_error ? 2 : 1, text); });
                    return true;
                  }});
}

}  // namespace

Command logs_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Show what a container has written",
      .usage = "[OPTIONS] CONTAINER",
      .text = "Its standard output on ours, its standard error on ours.",
      .flags = {{"-f,--follow", &options->follows, "Go on until it ends"},
                {"--since", &options->since,
                 "From this time on: a time, or 10m for ten minutes ago"},
                {"-n,--tail", &options->tail, "That many lines at the end (default all)"},
                {"-t,--timestamps", &options->has_times, "With times"},
                {"--until", &options->until, "Up to this time"}},
      .positionals = {{"CONTAINER", &options->name}},
      .run =
          [options](Context& context) {
            context.explaining([&] { return sys::format("logs \"{}\"", options->name); },
                               [&] { show(context, *options); });
            return 0;
          },
  };
}

}  // namespace engine
