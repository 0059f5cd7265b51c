// SPDX-License-Identifier: Apache-2.0
// Network devices of the host's that go to the container, with their addresses. Done by the parent,
// for the child may have no rights where they come from.
// Source: runtime-spec config-linux.md, "Network Devices".
#pragma once

#include <string>
#include <vector>

#include "runtime/plan/plan.h"
#include "sys/fd.h"
#include "sys/netlink.h"
#include "sys/procfs.h"

namespace runtime {

/// Devices on their way: back where they were, as they were, unless they are kept.
class MovedDevices {
 public:
  /// Looks first whether all of them are there and none of their new names is taken, then moves
  /// them, and sets them up. network: the container's network namespace.
  /// Errors: name the device; nothing has moved then.
  MovedDevices(const std::vector<NetDeviceStep>& steps, int network, const sys::Procfs& proc);
  ~MovedDevices() { move_back(); }
  MovedDevices(const MovedDevices&) = delete;
  MovedDevices& operator=(const MovedDevices&) = delete;

  /// They are the container's from now on.
  void keep() { moved_.clear(); }

 private:
  struct Device {
    std::string host_name, name;
    sys::NetDevice before;
    std::vector<sys::NetAddress> addresses;
  };
  void move(const Device& device, int network);
  void move_back() noexcept;

  sys::Fd home_;
  sys::NetDevices here_, there_;
  std::vector<Device> moved_;
};

}  // namespace runtime
