// SPDX-License-Identifier: Apache-2.0
#include "engine/image/progress.h"

#include <utility>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "sys/terminal.h"

namespace engine {
namespace {

constexpr std::chrono::milliseconds kSilence{1000};
constexpr std::chrono::milliseconds kOnTerminal{100};
constexpr std::chrono::seconds kElsewhere{5};

void say(std::string_view text) {
  try {
    sys::write_all(2, text);
  } catch (const sys::Error&) {
    // Nobody listens, which is no reason to stop.
  }
}

std::string megabytes(std::uint64_t bytes) {
  return sys::format("{}.{}", bytes / 1'000'000, bytes / 100'000 % 10);
}

}  // namespace

Progress::Progress(bool is_quiet) : is_quiet_(is_quiet) {
  if (!is_quiet) is_terminal_ = sys::is_terminal(2);
}

void Progress::begin(std::string what, std::uint64_t total) {
  end();
  what_ = std::move(what);
  total_ = total;
  began_ = Clock::now();
  next_ = began_ + kSilence;
}

void Progress::at(std::uint64_t done) {
  if (is_quiet_ || what_.empty()) return;
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (is_terminal_ ? Clock::duration(kOnTerminal) : Clock::duration(kElsewhere));
  show(done);
}

void Progress::show(std::uint64_t done) {
  std::string text = what_ + ": " + megabytes(done);
  if (total_ != 0) text += sys::format(" / {}", megabytes(total_));
  text += " MB";
  say(is_terminal_ ? sys::format("\r{}\x1b[K", text) : text + "\n");
  is_shown_ = true;
}

void Progress::end() {
  if (is_shown_ && is_terminal_) say("\r\x1b[K");
  is_shown_ = false;
  what_.clear();
}

}  // namespace engine
