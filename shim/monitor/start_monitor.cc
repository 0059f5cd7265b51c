// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/start_monitor.h"

#include <fcntl.h>

#include <charconv>
#include <optional>

#include "shim/monitor/directory.h"
#include "shim/monitor/protocol.h"
#include "shim/monitor/status.h"
#include "sys/detached.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/helper_program.h"
#include "sys/open.h"
#include "sys/socket.h"

namespace shim {
namespace {

constexpr std::size_t kMaxMessage = 16384;
constexpr mode_t kFileMode = 0600;
constexpr std::string_view kHint = "\nhint: ";

// The next message, which is to begin with `word`; what follows it.
std::string expect(int channel, std::string_view word) {
  constexpr std::string_view kFailed = "failed ";
  const std::optional<sys::Message> message = sys::receive_message(channel, kMaxMessage);
  if (!message) {
    throw sys::Error(
        "the monitor has ended", 0,
        sys::format("its own words are in {}, in the container's directory", kComplaintsFile));
  }
  const std::string& text = message->text;
  if (text.starts_with(kFailed)) {
    const std::size_t hint = std::min(text.find(kHint), text.size());
    const std::size_t hint_text = std::min(hint + kHint.size(), text.size());
    throw sys::Error(text.substr(kFailed.size(), hint - kFailed.size()), 0, text.substr(hint_text));
  }
  if (!text.starts_with(word)) throw sys::Error(sys::format("the monitor said \"{}\"", text));
  return text.substr(word.size());
}

// Nothing is heard of it any more when the monitor is gone.
void say(int channel, std::string_view text) { (void)sys::send_message(channel, text); }

sys::Fd take_lock(int directory) {
  sys::Fd lock = sys::open_at(directory, kLockFile, O_RDWR | O_CREAT, kFileMode);
  if (!sys::try_lock(lock.get())) throw sys::errno_error("the container has a monitor", EBUSY);
  return lock;
}

}  // namespace

pid_t Starting::wait_created() {
  const std::string text = expect(channel_.get(), "created ");
  pid_t pid = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), pid);
  if (pid <= 0) throw sys::Error(sys::format("the monitor said process \"{}\"", text));
  return pid;
}

void Starting::start() {
  if (!is_start_asked_) say(channel_.get(), "start");
  (void)expect(channel_.get(), "started");
}

void Starting::take_over_cleaning() { say(channel_.get(), "mine"); }

void Starting::wait_until_over() {
  // What came before it, after a failure, was not asked for.
  while (const auto message = sys::receive_message(channel_.get(), kMaxMessage)) {
    if (message->text == "over") return;
  }
}

Starting start_monitor(const StartOptions& options, const MonitorConfig& config) {
  return sys::in_context("start a monitor", [&] {
    const sys::Fd directory = sys::open_path(options.directory, O_RDONLY | O_DIRECTORY);
    const sys::Fd lock = take_lock(directory.get());
    sys::replace_file_at(directory.get(), kConfigFile, write_monitor_config(config), kFileMode);
    sys::replace_file_at(directory.get(), kStatusFile, write_status({}), kFileMode);
    sys::SocketPair channel = sys::make_channel();
    sys::SocketPair attachment;
    sys::DetachedProgram program;
    program.fds = {directory.get(), lock.get(), channel.second.get()};
    if (options.attach) {
      attachment = sys::make_channel();
      const char flags[] = {kAttach, kWaitedFor, kWithInput};
      say(attachment.first.get(), {flags, options.attach_input ? 3U : 2U});
      program.fds.push_back(attachment.second.get());
    }
    program.argv = {options.program};
    if (options.takes_over_cleaning) say(channel.first.get(), "mine");
    if (options.at_once) say(channel.first.get(), "start");
    for (const int fd : program.fds) program.argv.push_back(sys::format("{}", fd));
    if (options.lease >= 0) program.fds.push_back(options.lease);
    const sys::Fd complaints =
        sys::open_at(directory.get(), kComplaintsFile, O_WRONLY | O_APPEND | O_CREAT, kFileMode);
    program.error_output = complaints.get();
    sys::start_detached(program);
    return Starting(std::move(channel.first), std::move(attachment.first), options.at_once);
  });
}

int exit_code_of_failure(std::string_view message) {
  constexpr int kEngine = 125, kNotExecutable = 126, kNotFound = 127;
  const auto says = [&](std::string_view words) {
    return message.find(words) != std::string_view::npos;
  };
  // As docker tells them apart: by the runtime's words, which are runc's; at the start the
  // kernel's.
  if (!says("exec: \"") && !says("\": exec: ")) return kEngine;
  if (says("executable file not found") || says("o such file or directory")) return kNotFound;
  if (says("ermission denied") || says("xec format error") || says("s a directory")) {
    return kNotExecutable;
  }
  return kEngine;
}

std::string find_monitor_program() { return sys::find_helper_program("tilla-monitor"); }
std::string find_init_program() { return sys::find_helper_program("tilla-init"); }

}  // namespace shim
