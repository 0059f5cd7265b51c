// SPDX-License-Identifier: Apache-2.0
// Ports of this network namespace: whether one can be had, and who has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sys/fd.h"

namespace sys {

enum class Transport { kTcp, kUdp };

/// Whether `text` is an address of IPv4 or IPv6, in numbers. Source: inet_pton(3).
bool is_ip_address(const std::string& text);

/// Binds a socket to `address` ("127.0.0.1", "::1"; empty: every address, of IPv4) and `port` (0:
/// one that is free). Nothing listens on it. Errors: bind(2)'s, EINVAL for what is no address.
Fd bind_port(Transport transport, const std::string& address, std::uint16_t port);
/// The port that a socket is bound to.
std::uint16_t port_of(int socket);

/// "nginx (pid 12)", the process of ours that holds the port, whatever the address; empty when it
/// is somebody else's, or nobody's. Source: proc(5), /proc/net/tcp.
std::optional<std::string> find_port_holder(Transport transport, std::uint16_t port);
/// The number of /proc/net/tcp's or udp's (`text`) socket that is bound to `port` (and, with
/// `listening`, waits for connections). For tests.
std::optional<std::uint64_t> parse_port_holder(const std::string& text, std::uint16_t port,
                                               bool listening);

/// Ports below it are for root alone: net.ipv4.ip_unprivileged_port_start.
std::uint16_t first_unprivileged_port();

}  // namespace sys
