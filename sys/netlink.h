// SPDX-License-Identifier: Apache-2.0
// Network devices by rtnetlink: looked up, moved to another network namespace, given addresses, set
// up; no more than that. Source: netlink(7), rtnetlink(7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/fd.h"

namespace sys {

struct NetDevice {
  int index = 0;
  bool is_up = false;
};

/// An address of a device, without its label, which begins with the device's name.
struct NetAddress {
  unsigned char family = 0, prefix_length = 0, scope = 0;
  std::vector<std::pair<unsigned short, std::string>> attributes;  // IFA_*
};

/// A rtnetlink socket: speaks of the network namespace that it was made in.
class NetDevices {
 public:
  /// Those of our own network namespace.
  NetDevices();
  /// Those of network namespace `network`.
  explicit NetDevices(int network);

  /// Empty: there is none of this name.
  std::optional<NetDevice> find(const std::string& name);
  /// Its permanent addresses of global scope: those that somebody has given to it.
  std::vector<NetAddress> addresses(int index);
  void add_address(int index, const NetAddress& address);
  void set_up(int index);
  /// Moves the device to network namespace `network` as `name`. It arrives without addresses, and
  /// down. Errors: EEXIST, EINVAL and EPERM with hints.
  void move(int index, int network, const std::string& name);

 private:
  std::vector<std::string> ask(std::string request);

  Fd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace sys
