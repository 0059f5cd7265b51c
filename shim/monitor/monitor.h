// SPDX-License-Identifier: Apache-2.0
// The life of a container, from its creation to its last end, as docs/monitor.md has it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shim/monitor/clients.h"
#include "shim/monitor/container.h"
#include "shim/monitor/health_checks.h"
#include "shim/monitor/log_writer.h"
#include "shim/monitor/monitor_config.h"
#include "shim/monitor/restart.h"
#include "shim/monitor/status.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/fd.h"

namespace shim {

/// What the client that starts a monitor hands over.
struct Inheritance {
  sys::Fd directory;   // the container's
  sys::Fd lock;        // of the same, held
  sys::Fd channel;     // to the client
  sys::Fd attachment;  // of the first client; none
};

/// The monitor's own complaints, a line each.
class Complaints {
 public:
  explicit Complaints(int directory);
  void add(std::string_view text) const;
  int fd() const { return file_.get(); }

 private:
  sys::Fd file_;
};

class Monitor {
 public:
  /// Errors: the socket or the log can't be made.
  Monitor(const MonitorConfig& config, Inheritance inheritance, const Complaints& complaints);

  /// All of it. Errors: of the monitor's own; the container lives on then, lost.
  void run();

 private:
  bool start_first();
  bool start_again();
  void create_first(bool& is_created);
  void wait_for_start();
  void note_start();
  void stay_until_end();
  void note_end();
  bool wait_for_restart(milliseconds delay);
  void fail(const sys::Error& error, bool is_created);
  void finish();
  void run_on_exit();

  void serve_once();
  int timeout(Moment now) const;
  void obey(char letter, std::string_view text);
  void obey_stop(std::string_view text);
  void end_input();
  void hear_channel();
  void hear_all();
  void pass_output(int fd, bool is_error);
  void note_closed(int fd);
  void act_on_time(Moment now);
  void remove_container();
  void write_status();
  void tell_client(const std::string& message);

  const MonitorConfig& config_;
  Inheritance own_;
  const Complaints& complaints_;
  sys::Fd sockets_;
  sys::Fd signals_;
  LogWriter log_;
  Clients clients_;
  Container container_;
  HealthChecks health_;
  RunStatus status_;
  Backoff backoff_;
  std::vector<sys::Waiting> entries_;
  std::unique_ptr<char[]> chunk_;
  Moment started_ = {};
  bool is_start_asked_ = false, is_taken_over_ = false, has_ended_ = false;
  std::optional<Moment> kill_at_;      // when a stop has lasted too long
  std::optional<Moment> drained_at_;   // when output is not waited for any longer
  std::optional<Moment> terminal_at_;  // when a terminal that nobody has open is looked at again
  std::optional<Moment> restart_at_;
};

}  // namespace shim
