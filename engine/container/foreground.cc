// SPDX-License-Identifier: Apache-2.0
#include "engine/container/foreground.h"

#include <fcntl.h>
#include <signal.h>

#include <cstdlib>

#include "config/json.h"
#include "engine/container/identity.h"
#include "shim/monitor/client.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/helper_program.h"
#include "sys/open.h"
#include "sys/spawn.h"
#include "sys/storage.h"

namespace engine {
namespace {

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

/// The runtime's exit code is the program's, unless its log has an error: then there was none.
int call_and_wait(const ForegroundExec& call) {
  const sys::Fd bundle = sys::open_path(call.bundle, O_RDONLY | O_DIRECTORY);
  const std::string log = sys::format("runtime-{}.log", sys::random_name());
  const sys::Fd signals = sys::divert_signals();  // before there is anybody to pass them to
  std::vector<std::string> argv = {
      call.runtime,   "--root", runtime_directory() + "/runtime", "--log", call.bundle + "/" + log,
      "--log-format", "json"};
  argv.insert(argv.end(), call.words.begin(), call.words.end());
  // On a terminal of its own the runtime changes ours, which needs the foreground.
  const sys::Process child = sys::spawn_with_streams(
      argv, {.input = call.has_input ? 0 : -1, .output = 1, .error = 2}, !call.has_terminal);
  const int code = wait_for_end(child, signals);
  const std::string complaint =
      code == 0 ? std::string()
                : last_error(sys::read_file_at_if_exists(bundle.get(), log, kMaxLog).value_or(""));
  (void)sys::unlink_at_if_exists(bundle.get(), log);
  return complaint.empty() ? code : shim::exit_code_of_failure(complaint);
}

}  // namespace

std::string find_runtime_program() {
  if (const char* named = ::getenv("TILLA_RUNTIME"); named != nullptr && *named != '\0') {
    return sys::absolute_path(named);
  }
  return sys::find_helper_program("tilla-runtime");
}

int run_in_foreground(const ForegroundRun& run) {
  return call_and_wait({.runtime = run.runtime,
                        .words = {"run", "--bundle", run.bundle.path, run.id},
                        .bundle = run.bundle.path,
                        .has_input = true,
                        .has_terminal = run.has_terminal});
}

int exec_in_foreground(const ForegroundExec& exec) { return call_and_wait(exec); }

}  // namespace engine
