// SPDX-License-Identifier: Apache-2.0
// tilla-monitor: stays beside a container. Started by tilla alone (start_monitor.cc); its words are
// descriptors of what it inherits.
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shim/monitor/directory.h"
#include "shim/monitor/monitor.h"
#include "shim/monitor/start_monitor.h"
#include "shim/monitor/status.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace shim {
namespace {

constexpr std::string_view kHelp =
    "tilla-monitor " TILLA_VERSION
    ": stays beside a container; tilla starts it\n\n"
    "Usage: tilla-monitor DIRECTORY LOCK CHANNEL [ATTACHMENT]\n\n"
    "Descriptors that it inherits: of the container's directory, of the lock in there, of the\n"
    "channel to tilla, of the first client's connection.\n\n"
    "Options:\n  -h, --help   Print this\n";
constexpr int kUsageExit = 2;
constexpr std::size_t kMostWords = 4;

void print(int fd, std::string_view text) { (void)!::write(fd, text.data(), text.size()); }

// Empty: it is none of ours.
sys::Fd take(std::string_view word) {
  int fd = -1;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), fd);
  if (failure != std::errc() || end != word.data() + word.size() || fd <= STDERR_FILENO ||
      !sys::is_open(fd)) {
    return sys::Fd();
  }
  sys::set_cloexec(fd, true);
  return sys::Fd(fd);
}

// There is no container yet, and will be none.
void tell_failure(int directory, int channel, const std::string& text) {
  RunStatus status;
  status.state = RunState::kFailed;
  status.exit_code = exit_code_of_failure(text);
  status.error = text;
  sys::replace_file_at(directory, kStatusFile, write_status(status), 0600);
  (void)sys::send_message(channel, "failed " + text);  // it may have gone
}

int watch_container(Inheritance inheritance) {
  const sys::Fd directory = sys::duplicate(inheritance.directory.get());
  const sys::Fd channel = sys::duplicate(inheritance.channel.get());
  const Complaints complaints(directory.get());
  MonitorConfig config;
  std::optional<Monitor> monitor;
  try {
    config = parse_monitor_config(
        sys::read_file_at(directory.get(), kConfigFile, kMaxMonitorConfigBytes), kConfigFile);
    monitor.emplace(config, std::move(inheritance), complaints);
    monitor->run();
    return 0;
  } catch (const std::exception& error) {
    complaints.add(error.what());
    if (!monitor) tell_failure(directory.get(), channel.get(), error.what());
    return 1;
  }
}

int run_program(const std::vector<std::string_view>& words) {
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    print(STDOUT_FILENO, kHelp);
    return 0;
  }
  Inheritance inheritance;
  sys::Fd* const places[kMostWords] = {&inheritance.directory, &inheritance.lock,
                                       &inheritance.channel, &inheritance.attachment};
  bool is_right = words.size() >= kMostWords - 1 && words.size() <= kMostWords;
  for (std::size_t i = 0; is_right && i < words.size(); ++i) {
    *places[i] = take(words[i]);
    is_right = static_cast<bool>(*places[i]);
  }
  if (!is_right) {
    print(STDERR_FILENO, "tilla-monitor: tilla starts it; see --help\n");
    return kUsageExit;
  }
  return watch_container(std::move(inheritance));
}

}  // namespace
}  // namespace shim

// The library's own brings the demangler of C++ names along.
namespace __gnu_cxx {
void __verbose_terminate_handler() { std::abort(); }
}  // namespace __gnu_cxx

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  sys::set_cloexec_from(3);  // among them a lease, which no program of ours may inherit
  int code = 1;
  try {
    code = shim::run_program(words);
  } catch (const std::exception& error) {
    shim::print(STDERR_FILENO, sys::format("tilla-monitor: {}\n", error.what()));
  }
  sys::exit_now(code);
}
