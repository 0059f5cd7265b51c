// SPDX-License-Identifier: Apache-2.0
#include "engine/container/foreground.h"

#include <fcntl.h>
#include <signal.h>

#include <cstdlib>

#include "config/json.h"
#include "engine/container/identity.h"
#include "sys/child_program.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

#ifndef TILLA_BINDIR
#define TILLA_BINDIR "/usr/local/bin"
#endif

namespace engine {
namespace {

constexpr const char* kLog = "runtime.log";
constexpr std::size_t kMaxLog = std::size_t{1} << 20;

/// The last error in the runtime's log; empty: there is none.
std::string last_error(const std::string& log) {
  std::string last;
  for (std::string_view rest = log; !rest.empty();) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const config::Json json = config::parse_json(line, "the runtime's log");
    const config::Reader reader(json, line);
    std::string level, message;
    reader.get("level", level);
    reader.get("msg", message);
    if (level == "error") last = message;
  }
  return last;
}

int wait_for_end(const sys::Process& child, const sys::Fd& signals) {
  for (;;) {
    std::vector<sys::Waiting> waiting = {{.fd = child.pidfd.get(), .wants_input = true},
                                         {.fd = signals.get(), .wants_input = true}};
    sys::wait_for_any(waiting);
    while (const std::optional<int> signal = sys::read_signal(signals.get())) {
      if (*signal == SIGCHLD || *signal == SIGPIPE || *signal == SIGURG) continue;
      (void)sys::send_signal(child.pidfd.get(), *signal);
    }
    if (waiting[0].has_input) return sys::wait_child(child).code;
  }
}

}  // namespace

std::string find_runtime_program() {
  if (const char* named = ::getenv("TILLA_RUNTIME"); named != nullptr && *named != '\0') {
    return sys::absolute_path(named);
  }
  const std::string self = sys::read_link("/proc/self/exe");
  const std::string candidates[] = {self.substr(0, self.rfind('/')) + "/tilla-runtime",
                                    TILLA_BINDIR "/tilla-runtime"};
  for (const std::string& path : candidates) {
    if (sys::check_executable(path) == 0) return path;
  }
  throw sys::Error(sys::format("no program tilla-runtime, neither \"{}\" nor \"{}\"", candidates[0],
                               candidates[1]),
                   ENOENT, "it belongs to the installation of tilla; TILLA_RUNTIME names another");
}

int exit_code_of(std::string_view complaint) {
  // The runtime's words: docs/create-sequence.md, "Words that callers look for".
  if (complaint.find("exec: \"") == std::string_view::npos) return kEngineExit;
  if (complaint.ends_with("executable file not found in $PATH") ||
      complaint.ends_with("no such file or directory") || complaint.ends_with("not a directory")) {
    return kNotFoundExit;
  }
  return kNotExecutableExit;
}

int run_in_foreground(const ForegroundRun& run) {
  const sys::Fd bundle = sys::open_path(run.bundle.path, O_RDONLY | O_DIRECTORY);
  (void)sys::unlink_at_if_exists(bundle.get(), kLog);
  const sys::Fd signals = sys::divert_signals();  // before there is anybody to pass them to
  const sys::Process child = sys::start_child_program(
      {.argv = {run.runtime, "--root", runtime_directory() + "/runtime", "--log",
                run.bundle.path + "/" + kLog, "--log-format", "json", "run", "--bundle",
                run.bundle.path, run.id},
       // On a terminal of its own the runtime changes ours, which needs the foreground.
       .has_own_group = !run.has_terminal});
  const int code = wait_for_end(child, signals);
  const std::string complaint =
      code == 0 ? std::string()
                : last_error(sys::read_file_at_if_exists(bundle.get(), kLog, kMaxLog).value_or(""));
  return complaint.empty() ? code : exit_code_of(complaint);
}

}  // namespace engine
