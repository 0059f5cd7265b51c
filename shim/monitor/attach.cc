// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/attach.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "config/detach_keys.h"
#include "shim/monitor/directory.h"
#include "shim/monitor/protocol.h"
#include "sys/event.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/terminal.h"

namespace shim {
namespace {

// What a pipe takes without blocking once it takes anything. Source: pipe(7), PIPE_BUF.
constexpr std::size_t kWholeWrite = 4096;
// Leaves room for keys that were held back.
constexpr std::size_t kInputAtOnce = kMaxInput - config::kMaxDetachKeys;

int parse_code(std::string_view text) {
  int code = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

class Attachment {
 public:
  Attachment(sys::Fd connection, const AttachOptions& options)
      : connection_(std::move(connection)),
        options_(options),
        keys_(options.has_terminal ? options.detach_keys : std::string()),
        input_(options.input) {}

  AttachEnd run();

 private:
  void prepare();
  void serve_once();
  void send(std::string message);
  void send_rest();
  void send_window();
  void read_input();
  void end_input();
  void read_message();
  void obey(char letter, std::string_view text);
  void write_output();
  void take_signals();
  void take_signal(int number);
  void end(AttachEnd::Kind kind, int exit_code = 0, int signal = 0);

  sys::Fd connection_;
  const AttachOptions& options_;
  config::DetachMatcher keys_;
  int input_;
  sys::Fd signals_;
  std::optional<sys::RawMode> raw_;
  std::vector<std::string> unsent_;
  std::string pending_;  // output to be written, from pending_begin_ on
  std::size_t pending_begin_ = 0;
  int pending_fd_ = -1;
  bool is_input_on_its_way_ = false;
  bool is_dropped_ = false;
  std::optional<AttachEnd> end_;
};

AttachEnd Attachment::run() {
  prepare();
  while (!end_) serve_once();
  return *end_;
}

void Attachment::prepare() {
  // Those that stop us shall: a shell does so to who reads the terminal in the background.
  signals_ = sys::divert_signals({SIGTTIN, SIGTTOU, SIGTSTP});
  sys::set_nonblocking(connection_.get(), true);
  std::string flags = {kAttach};
  if (input_ >= 0) flags += kWithInput;
  if (options_.is_waited_for) flags += kWaitedFor;
  send(std::move(flags));
  if (!options_.has_terminal) return;
  if (input_ >= 0 && sys::is_terminal(input_)) raw_.emplace(input_);
  send_window();
}

void Attachment::serve_once() {
  const bool is_writing = pending_fd_ >= 0;
  const bool reads_input = !is_input_on_its_way_ && unsent_.empty();
  std::vector<sys::Waiting> entries = {
      {.fd = signals_.get(), .wants_input = true},
      {.fd = connection_.get(), .wants_input = !is_writing, .wants_output = !unsent_.empty()},
      {.fd = input_, .wants_input = reads_input},
      {.fd = pending_fd_, .wants_output = is_writing}};
  sys::wait_for_any(entries);
  if (entries[0].has_input) take_signals();
  if (entries[1].has_output) send_rest();
  if (entries[3].has_output) write_output();
  if (!end_ && entries[2].has_input) read_input();
  if (!end_ && entries[1].has_input) read_message();
}

// ---------------------------------------------------------------------------- to the monitor

void Attachment::send(std::string message) {
  unsent_.push_back(std::move(message));
  send_rest();
}

void Attachment::send_rest() {
  while (!unsent_.empty()) {
    // That it is gone is told by its end.
    if (sys::send_now(connection_.get(), unsent_.front(), {}) == sys::Sent::kFull) return;
    unsent_.erase(unsent_.begin());
  }
}

void Attachment::send_window() {
  std::optional<sys::WindowSize> size = sys::window_size(options_.output);
  if (!size) size = sys::window_size(options_.input);
  if (size) send(sys::format("{}{} {}", kWindow, size->rows, size->columns));
}

void Attachment::read_input() {
  char buffer[kInputAtOnce];
  const std::optional<long> count = sys::read_now(input_, buffer, sizeof(buffer));
  if (!count) return;
  if (*count <= 0) return end_input();
  config::DetachMatcher::Found found = keys_.feed({buffer, static_cast<std::size_t>(*count)});
  if (!found.passed.empty()) {
    send(kInput + found.passed);
    is_input_on_its_way_ = true;
  }
  if (found.is_complete) end(AttachEnd::Kind::kDetached);
}

void Attachment::end_input() {
  // The terminal has been hung up: there is nobody any more.
  if (raw_) return end(AttachEnd::Kind::kDetached);
  send({kInputEnd});
  input_ = -1;
}

void Attachment::take_signals() {
  while (!end_) {
    const std::optional<int> number = sys::read_signal(signals_.get());
    if (!number) return;
    take_signal(*number);
  }
}

void Attachment::take_signal(int number) {
  switch (number) {
    case SIGCHLD:
    case SIGPIPE:
    case SIGURG:
      return;
    case SIGCONT:
      if (raw_) raw_->enter();
      return;
    case SIGWINCH:
      if (options_.has_terminal) send_window();
      return;
    default:
      break;
  }
  if (!options_.passes_signals) return end(AttachEnd::Kind::kSignal, 0, number);
  send(sys::format("{}{}", kSendSignal, number));
}

// ---------------------------------------------------------------------------- from the monitor

void Attachment::read_message() {
  char message[kMaxOutput + 2];
  const std::optional<long> length = sys::read_now(connection_.get(), message, sizeof(message));
  if (!length) return;
  if (*length <= 0) {
    return end(is_dropped_ ? AttachEnd::Kind::kDropped : AttachEnd::Kind::kLost);
  }
  obey(message[0], {message + 1, static_cast<std::size_t>(*length) - 1});
}

void Attachment::obey(char letter, std::string_view text) {
  switch (letter) {
    case kOutput:
    case kErrorOutput:
      pending_fd_ = letter == kOutput ? options_.output : options_.error_output;
      pending_ = text;
      pending_begin_ = 0;
      return;
    case kDone:
      is_input_on_its_way_ = false;
      return;
    case kTooSlow:
      is_dropped_ = true;
      return;
    case kExit:
      return end(AttachEnd::Kind::kExited, parse_code(text));
    default:
      return;  // of a newer monitor
  }
}

// Streams that were shared with others stay blocking: no more is written than they take.
void Attachment::write_output() {
  const std::size_t size = std::min(pending_.size() - pending_begin_, kWholeWrite);
  const std::optional<long> count =
      sys::write_now(pending_fd_, pending_.data() + pending_begin_, size);
  if (!count) return;
  // Who reads it has gone; the container is not ended by that.
  pending_begin_ = *count < 0 ? pending_.size() : pending_begin_ + static_cast<std::size_t>(*count);
  if (pending_begin_ == pending_.size()) pending_fd_ = -1;
}

void Attachment::end(AttachEnd::Kind kind, int exit_code, int signal) {
  end_ = AttachEnd{.kind = kind, .exit_code = exit_code, .signal = signal};
}

// Messages until `letter`, whose text it is; none: the monitor is gone.
std::optional<std::string> wait_for_letter(int connection, char letter) {
  while (const auto message = sys::receive_message(connection, kMaxOutput)) {
    if (message->text.starts_with(letter)) return message->text.substr(1);
  }
  return std::nullopt;
}

bool ask(int connection, std::string_view message, char answer) {
  return sys::send_message(connection, message) && wait_for_letter(connection, answer).has_value();
}

}  // namespace

std::optional<sys::Fd> connect_monitor(int sockets) {
  return sys::connect_at(sockets, kAttachSocket);
}

AttachEnd attach(sys::Fd connection, const AttachOptions& options) {
  try {  // the terminal is as it was by then: the object has gone
    const AttachEnd end = Attachment(std::move(connection), options).run();
    sys::unblock_signals();
    return end;
  } catch (...) {
    sys::unblock_signals();
    throw;
  }
}

bool stop(const sys::Fd& connection, int signal, std::optional<std::chrono::seconds> timeout) {
  const long long seconds = timeout ? timeout->count() : -1;
  return ask(connection.get(), sys::format("{}{} {}", kStop, signal, seconds), kExit);
}

bool forbid_restart(const sys::Fd& connection) {
  return ask(connection.get(), {&kNoRestart, 1}, kDone);
}

std::optional<int> wait_for_exit(const sys::Fd& connection) {
  const auto code = wait_for_letter(connection.get(), kExit);
  if (!code) return std::nullopt;
  return parse_code(*code);
}

bool resize(const sys::Fd& connection, std::uint16_t rows, std::uint16_t columns) {
  return sys::send_message(connection.get(), sys::format("{}{} {}", kWindow, rows, columns));
}

bool reopen_log(const sys::Fd& connection) {
  return ask(connection.get(), {&kReopenLog, 1}, kDone);
}

}  // namespace shim
