// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/foreground.h"

#include <signal.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <vector>

#include "sys/event.h"
#include "sys/terminal.h"

namespace runtime {
namespace {

constexpr std::size_t kBuffer = 32768;

// One direction of a terminal's traffic.
class Pump {
 public:
  Pump(int from, int to) : from_(from), to_(to), buffer_(from < 0 ? 0 : kBuffer) {}

  int input_fd() const { return from_; }
  int output_fd() const { return to_; }
  bool wants_input() const { return from_ >= 0 && begin_ == end_; }
  bool wants_output() const { return to_ >= 0 && begin_ != end_; }
  bool is_closed() const { return from_ < 0 && begin_ == end_; }

  void fill() {
    const std::optional<long> count = sys::read_now(from_, buffer_.data(), buffer_.size());
    if (!count) return;
    if (*count <= 0) {
      from_ = -1;
      return;
    }
    begin_ = 0;
    end_ = static_cast<std::size_t>(*count);
  }
  void drain() {
    const std::optional<long> count = sys::write_now(to_, buffer_.data() + begin_, end_ - begin_);
    if (!count) return;
    begin_ = *count < 0 ? end_ : begin_ + static_cast<std::size_t>(*count);
    if (*count < 0) to_ = from_ = -1;
  }

 private:
  int from_, to_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
};

void pass_window_size(const sys::Fd& console) {
  if (!console) return;
  if (const auto size = sys::window_size(STDIN_FILENO)) sys::set_window_size(console.get(), *size);
}

void handle_signals(const sys::Process& program, const sys::Fd& signals, const sys::Fd& console) {
  while (const std::optional<int> signal = sys::read_signal(signals.get())) {
    if (*signal == SIGWINCH) {
      pass_window_size(console);
    } else if (*signal == SIGCHLD) {
      // The program's end is seen at its pidfd; others are orphans that came to us.
    } else if (*signal != SIGURG && *signal != SIGPIPE) {
      (void)sys::send_signal(program.pidfd.get(), *signal);  // it may be gone by now
    }
  }
}

}  // namespace

int stay_in_foreground(const sys::Process& program, const sys::Fd& signals, sys::Fd console) {
  std::optional<sys::RawMode> raw;
  Pump to_program(console ? STDIN_FILENO : -1, console.get());
  Pump from_program(console ? console.get() : -1, STDOUT_FILENO);
  if (console) {
    if (sys::is_terminal(STDIN_FILENO)) raw.emplace(STDIN_FILENO);
    pass_window_size(console);
    sys::set_nonblocking(console.get(), true);
  }
  bool has_ended = false;
  while (!has_ended || !from_program.is_closed()) {
    std::vector<sys::Waiting> waiting = {
        {.fd = signals.get(), .wants_input = true},
        {.fd = program.pidfd.get(), .wants_input = !has_ended},
        {.fd = to_program.input_fd(), .wants_input = !has_ended && to_program.wants_input()},
        {.fd = to_program.output_fd(), .wants_output = !has_ended && to_program.wants_output()},
        {.fd = from_program.input_fd(), .wants_input = from_program.wants_input()},
        {.fd = from_program.output_fd(), .wants_output = from_program.wants_output()}};
    sys::wait_for_any(waiting);
    if (waiting[0].has_input) handle_signals(program, signals, console);
    if (waiting[1].has_input) has_ended = true;
    if (waiting[2].has_input) to_program.fill();
    if (waiting[3].has_output) to_program.drain();
    if (waiting[4].has_input) from_program.fill();
    if (waiting[5].has_output) from_program.drain();
  }
  return sys::wait_child(program).code;
}

}  // namespace runtime
