// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "runtime/commands/commands.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr size_t kMaxOutputBytes = size_t{64} << 20;

std::string as_json(const std::vector<pid_t>& pids) {
  std::string text = "[";
  for (const pid_t pid : pids) text += (text.size() > 1 ? "," : "") + std::to_string(pid);
  return text + "]\n";
}

/// What the host's ps prints, errors included. spawn_program hands on the error stream alone, so a
/// shell joins the two; the options stay its arguments and are never parsed by it.
std::string run_ps(const std::vector<std::string>& options) {
  std::vector<std::string> argv = {"/bin/sh", "-c", "exec ps \"$@\" >&2", "ps"};
  argv.insert(argv.end(), options.begin(), options.end());
  if (options.empty()) argv.emplace_back("-ef");
  sys::Pipe pipe = sys::make_pipe();
  const sys::Process child = sys::spawn_program(argv, pipe.write_end.get());
  pipe.write_end.reset();
  std::string output = sys::read_all(pipe.read_end.get(), kMaxOutputBytes);
  const sys::ExitStatus status = sys::wait_child(child);
  if (status.code != 0) {
    throw sys::Error(sys::format("ps: exit status {}: {}", status.code, output));
  }
  return output;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// The header and the rows of `pids`.
std::string select_rows(std::string_view output, const std::vector<pid_t>& pids) {
  const auto lines = split(output, "\n");
  const auto titles = lines.empty() ? lines : split(lines.front(), " \t");
  const auto column = std::ranges::find(titles, "PID") - titles.begin();
  const auto index = static_cast<size_t>(column);
  if (index == titles.size()) throw sys::Error("couldn't find PID field in ps output");
  std::string text = std::string(lines.front()) + '\n';
  for (size_t i = 1; i < lines.size(); ++i) {
    const auto fields = split(lines[i], " \t");
    if (index >= fields.size()) continue;
    pid_t pid = 0;
    std::from_chars(fields[index].begin(), fields[index].end(), pid);
    if (std::ranges::find(pids, pid) != pids.end()) text += std::string(lines[i]) + '\n';
  }
  return text;
}

}  // namespace

int perform(const Context& context, const PsOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  std::vector<pid_t> pids;
  if (const auto cgroup = cgroup_of(directory)) {
    pids = cgroup->processes();
  } else if (const auto record = directory.read_record()) {
    pids = processes_of(*record, context.proc);
  }
  const bool is_json = options.format == "json";
  const std::string text = is_json ? as_json(pids) : select_rows(run_ps(options.ps_args), pids);
  sys::write_all(STDOUT_FILENO, text);
  return 0;
}

}  // namespace runtime
