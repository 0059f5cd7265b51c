// SPDX-License-Identifier: Apache-2.0
// Ports as `-p` and `--expose` take them, and as `ps` and `port` show them.
// Source: docker's and podman's reference of `run --publish`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace config {

enum class PortProtocol { kTcp, kUdp };
std::string_view name_of(PortProtocol protocol);  // "tcp", "udp"

/// One port of the host that leads to one of the container.
struct PortMapping {
  std::string host_address;     // "127.0.0.1", "::1"; empty: all addresses
  std::uint16_t host_port = 0;  // 0: one that is free, when the container starts
  std::uint16_t container_port = 0;
  PortProtocol protocol = PortProtocol::kTcp;
  bool operator==(const PortMapping&) const = default;
};

struct ExposedPort {
  std::uint16_t port = 0;
  PortProtocol protocol = PortProtocol::kTcp;
  auto operator<=>(const ExposedPort&) const = default;
};

/// Reads "[[ADDRESS:]HOST:]CONTAINER[/tcp|/udp]", an IPv6 address in brackets; HOST and CONTAINER
/// are ports or ranges of one length ("8000-8003:80-83"), HOST may be empty ("127.0.0.1::80") or,
/// for a single CONTAINER, a range, of which the first is taken.
/// Errors: the text with a caret below the place.
std::vector<PortMapping> parse_port_mapping(std::string_view text);

/// Reads "80", "80/udp", "8000-8003/tcp", as EXPOSE has them. Errors: as above.
std::vector<ExposedPort> parse_exposed_ports(std::string_view text);

/// "0.0.0.0:8080->80/tcp", as `ps` shows it.
std::string to_text(const PortMapping& mapping);
/// "0.0.0.0:8080" or "[::1]:8080"
std::string host_side(const PortMapping& mapping);

}  // namespace config
