// SPDX-License-Identifier: Apache-2.0
// The systemd manager behind a bus: the few calls that a container's scope needs. sd-bus is
// included in bus.cc alone. Nothing here decides: names, values and their types come from the
// runtime's plan.
// Source: org.freedesktop.systemd1(5).
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

struct sd_bus;

namespace systemd {

/// A property of a unit. type: "s", "b", "t", "i", "as" (a value each) or "ay" (bytes in
/// hexadecimal digits).
struct Property {
  std::string name;
  std::string type;
  std::vector<std::string> values;
};

struct Scope {
  std::string invocation;  // 32 hexadecimal digits: this unit, and none of its name before or after
  std::string cgroup;      // as systemd counts: "/user.slice/x.scope"
};

/// Parses "NAME=TYPE:VALUE"; the values of "as" are lines.
Property parse_property(const std::string& text);

class Manager {
 public:
  /// of_user: the caller's own systemd, else the machine's.
  /// Errors: name the address that was tried.
  explicit Manager(bool of_user);

  /// Starts a transient scope with process `pid` in it, and waits until it is there. What has
  /// failed under that name is forgotten.
  Scope start_scope(const std::string& unit, pid_t pid, const std::vector<Property>& properties);
  void set_properties(const std::string& unit, const std::vector<Property>& properties);
  /// Moves a process into a unit, for those who may not write there.
  void add_process(const std::string& unit, pid_t pid);
  /// Ends the unit of that invocation, never another of the same name, and forgets how it ended.
  /// That it is gone already is fine.
  void stop(const std::string& invocation);

 private:
  struct Closer {
    void operator()(sd_bus* bus) const;
  };
  void watch_jobs();
  void wait_for_job(const std::string& job, const std::string& unit);

  struct Jobs;
  std::unique_ptr<sd_bus, Closer> bus_;
  std::shared_ptr<Jobs> jobs_;
};

}  // namespace systemd
