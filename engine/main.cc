// SPDX-License-Identifier: Apache-2.0
// tilla: reads the command line, performs one verb, and prints its error, if any, once.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>

#include "engine/commands/cli.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"
#include "sys/process.h"

namespace engine {
namespace {

constexpr int kFailure = 1;
constexpr int kBrokenPipe = 128 + SIGPIPE;

/// Fills 0 to 2 where the caller closed them, or the next file of ours would be its "output".
void fill_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (sys::is_open(fd)) continue;
    sys::Fd null = sys::open_path("/dev/null", O_RDWR);  // takes the lowest number: this one
    sys::set_cloexec(null.get(), false);
    (void)null.release();
  }
}

void write_error(std::string text) {
  text = sys::terminal_safe(text);  // names out of an image may be in it
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

void report(const sys::Error& error) {
  std::string text = sys::format("tilla: {}\n", error.what());
  if (!error.hint().empty()) text += sys::format("hint: {}\n", error.hint());
  write_error(std::move(text));
}

int run_program(const std::vector<std::string>& words) {
  int failure = kFailure;
  try {
    fill_standard_streams();
    const Parsed parsed = parse_command_line(words, all_verbs());
    if (!parsed.command) {
      print(parsed.text);
      return 0;
    }
    failure = parsed.command->failure_exit;
    sys::Log log;
    log.set_format(sys::Log::Format::kPlain);
    log.set_debug(parsed.global.debug || parsed.global.log_level == "debug");
    Context context(parsed.global, log);
    return parsed.command->run(context);
  } catch (const UsageError& error) {
    write_error(sys::format("{}\n{}\n", error.what(), error.hint()));
    return kUsageExit;
  } catch (const ExitError& error) {
    report(error);
    return error.exit_code();
  } catch (const sys::Error& error) {
    // Whoever read our output has seen enough: `tilla images | head -1`.
    const bool is_cut =
        error.code() == EPIPE && std::string_view(error.what()).starts_with("standard output");
    if (is_cut) return kBrokenPipe;
    report(error);
  } catch (const std::exception& error) {
    report(sys::Error(sys::format("internal error: {}", error.what())));
  }
  return failure;
}

}  // namespace
}  // namespace engine

// The library's own brings the demangler of C++ names along.
namespace __gnu_cxx {
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx

int main(int argc, char** argv) {
  (void)::signal(SIGPIPE, SIG_IGN);  // an error instead, after which everything is cleaned up
  const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  // Nothing is left to a destructor of static things, and calling them costs page faults.
  sys::exit_now(engine::run_program(words));
}
