// SPDX-License-Identifier: Apache-2.0
// The container as the monitor has it in hand: its streams, its init, and the calls of the runtime.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shim/monitor/monitor_config.h"
#include "sys/fd.h"
#include "sys/spawn.h"

namespace shim {

/// The words that call the runtime: program, global arguments, `words`.
std::vector<std::string> runtime_call(const MonitorConfig& config,
                                      const std::vector<std::string>& words);

class Container {
 public:
  /// sockets: config.sockets, open.
  Container(const MonitorConfig& config, int sockets) : config_(config), sockets_(sockets) {}

  enum class Stage { kCreate, kRun };
  /// Creates it or, with kRun, starts it as well, which takes one call of the runtime less.
  /// Errors: the runtime's words; nothing is left then.
  void create(Stage stage);
  /// The same.
  void start();
  /// Ends and forgets whatever is left of it. Errors: the runtime's words.
  void remove();

  pid_t pid() const { return init_.pid; }
  int pidfd() const { return init_.pidfd.get(); }
  /// False: it has ended already.
  bool signal(int number) const;
  /// Collects the init, which has ended.
  sys::RawEnd collect();
  /// To be asked before remove().
  bool was_oom_killed() const;

  // Our ends of its streams; -1: closed, or none.
  int input() const { return input_ ? input_.get() : terminal_.get(); }
  int output() const { return terminal_ ? terminal_.get() : output_.get(); }
  int error_output() const { return error_.get(); }
  /// Of a terminal nothing.
  void close_input();
  void close_output(int fd);
  bool has_output() const { return output() >= 0 || error_output() >= 0; }
  void resize(std::uint16_t rows, std::uint16_t columns) const;

 private:
  std::vector<std::string> create_call(Stage stage) const;
  void create_with_terminal(Stage stage);
  void create_with_pipes(Stage stage);
  void find_init();
  void open_cgroup();
  std::uint64_t oom_kills() const;
  void run_runtime(const std::vector<std::string>& words);

  const MonitorConfig& config_;
  int sockets_;
  sys::Process init_;
  sys::Fd terminal_, input_, output_, error_;
  sys::Fd cgroup_;
  std::uint64_t oom_kills_before_ = 0;
};

}  // namespace shim
