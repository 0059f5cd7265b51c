// SPDX-License-Identifier: Apache-2.0
// tilla-runtime: reads the command line, performs one verb, and prints its error, if any, once.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <span>

#include "runtime/commands/command_line.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/preserved_fds.h"
#include "runtime/commands/state_store.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr int kFailure = 1;

/// Fills 0 to 2 where the caller closed them, or the next file of ours would be its "output".
void fill_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (sys::is_open(fd)) continue;
    sys::Fd null = sys::open_path("/dev/null", O_RDWR);  // takes the lowest number: this one
    sys::set_cloexec(null.get(), false);
    (void)null.release();
  }
}

/// How many descriptors of the caller's the verb hands on.
unsigned preserved_fds(const Command& command) {
  const auto* create = std::get_if<CreateOptions>(&command);
  if (const auto* run = std::get_if<RunOptions>(&command)) create = run;
  const auto* exec = std::get_if<ExecOptions>(&command);
  if (create == nullptr && exec == nullptr) return 0;
  const unsigned asked = create != nullptr ? create->preserve_fds : exec->preserve_fds;
  const unsigned listening = listen_fds_from_environment();
  return asked > UINT_MAX - listening ? UINT_MAX : asked + listening;
}

/// As the verbs that hand some on name themselves in errors.
std::string name_of_call(const Command& command) {
  if (const auto* exec = std::get_if<ExecOptions>(&command)) {
    return sys::format("exec in \"{}\"", exec->id);
  }
  if (const auto* run = std::get_if<RunOptions>(&command)) {
    return sys::format("run \"{}\"", run->id);
  }
  return sys::format("create \"{}\"", std::get<CreateOptions>(command).id);
}

sys::Log open_log(const GlobalOptions& options) {
  // runc's default under its other name: our errors go there anyway.
  const bool is_stderr = options.log.empty() || options.log == "/dev/stderr";
  sys::Log log = is_stderr ? sys::Log() : sys::Log::to_file(options.log);
  log.set_format(options.log_format == "json" ? sys::Log::Format::kJson : sys::Log::Format::kText);
  log.set_debug(options.debug);
  return log;
}

int perform_command(const CommandLine& line, const sys::Log& log, std::span<char> command_line) {
  sys::Procfs proc = sys::Procfs::open();
  std::string state_root = find_state_root(line.global.root, proc);
  const Context context = {.options = line.global,
                           .log = log,
                           .proc = std::move(proc),
                           .state_root = std::move(state_root),
                           .command_line = command_line};
  return std::visit(
      [&](const auto& options) {
        if constexpr (std::is_same_v<decltype(options), const Finished&>) {
          return options.exit_code;  // handled before
        } else {
          return perform(context, options);
        }
      },
      line.command);
}

/// Tells the person and the log. Neither can be told when telling fails.
void report(const sys::Error& error, const sys::Log& log) {
  const std::string line =
      error.hint().empty() ? error.what() : sys::format("{} ({})", error.what(), error.hint());
  if (!log.is_file() && log.is_json()) return log.error(line);  // as runc
  std::string text = sys::format("tilla-runtime: {}\n", error.what());
  if (!error.hint().empty()) text += sys::format("hint: {}\n", error.hint());
  text = sys::terminal_safe(text);  // names out of an image may be in it
  (void)!::write(STDERR_FILENO, text.data(), text.size());
  if (!log.is_file()) return;
  log.error(line);
}

int finish(const Finished& finished, const sys::Log& log) {
  if (finished.is_error()) {
    report(sys::Error(finished.text), log);
  } else {
    sys::write_all(STDOUT_FILENO, finished.text);
  }
  return finished.exit_code;
}

int run_program(const std::vector<std::string>& words, std::span<char> command_line) {
  const CommandLine line = parse_command_line(words);
  const bool is_exec = std::holds_alternative<ExecOptions>(line.command);
  sys::Log log;
  try {
    // INV-4: looked at before anything opens a descriptor, told when there is a log to tell it to.
    const std::optional<int> closed = first_closed_fd(preserved_fds(line.command));
    fill_standard_streams();
    log = open_log(line.global);
    if (closed) {
      sys::in_context(name_of_call(line.command), [&] { throw closed_fd_error(*closed); });
    }
    if (const auto* finished = std::get_if<Finished>(&line.command)) return finish(*finished, log);
    return perform_command(line, log, command_line);
  } catch (const sys::Error& error) {
    report(error, log);
  } catch (const std::exception& error) {
    report(sys::Error(sys::format("internal error: {}", error.what())), log);
  }
  return is_exec ? kExecFailure : kFailure;
}

/// The strings of argv as the kernel laid them out, one behind the other.
std::span<char> memory_of(int argc, char** argv) {
  if (argc < 1) return {};
  const char* const end = argv[argc - 1] + std::strlen(argv[argc - 1]);
  return {argv[0], static_cast<std::size_t>(end - argv[0])};
}

}  // namespace
}  // namespace runtime

// The library's own brings the demangler of C++ names along, 60 KB and 2 pages of relocations, for
// a message that run_program gives.
namespace __gnu_cxx {
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx

int main(int argc, char** argv) {
  // A hook may exit without reading its input, a caller may close its end of our output.
  (void)::signal(SIGPIPE, SIG_IGN);
  // Nothing is left to a destructor of static things, and calling them costs page faults.
  sys::exit_now(runtime::run_program({argv + std::min(argc, 1), argv + argc},
                                     runtime::memory_of(argc, argv)));
}
