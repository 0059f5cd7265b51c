// SPDX-License-Identifier: Apache-2.0
// Says on standard error how far something long has got: a line that is rewritten on a terminal,
// whole lines now and then elsewhere. What takes less than a second says nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace engine {

class Progress {
 public:
  /// is_quiet: never says anything.
  explicit Progress(bool is_quiet);
  ~Progress() { end(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Begins a step: "unpacking 3 layers", of so many bytes (0: unknown).
  void begin(std::string what, std::uint64_t total);
  /// `done` bytes of the step are done.
  void at(std::uint64_t done);
  /// Takes the line off the terminal, or says that the step is done.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  void show(std::uint64_t done);

  bool is_quiet_, is_terminal_ = false, is_shown_ = false;
  std::string what_;
  std::uint64_t total_ = 0;
  Clock::time_point began_, next_;
};

}  // namespace engine
