// SPDX-License-Identifier: Apache-2.0
#include "config/port_mapping.h"

#include <cerrno>
#include <charconv>

#include "config/caret.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/port.h"

namespace config {
namespace {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::size_t size() const { return static_cast<std::size_t>(last - first) + 1; }
};

/// The text that is read, for errors.
struct Source {
  std::string_view text;
  std::string_view what;  // "port mapping"

  /// part: within `text`.
  [[noreturn]] void fail(std::string_view problem, std::string_view part) const {
    const auto at = static_cast<std::size_t>(part.data() - text.data());
    throw sys::Error(sys::format("invalid {}: {}{}", what, problem, point_at(text, at)), EINVAL);
  }
};

std::uint16_t parse_port(const Source& source, std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, port);
  if (problem != std::errc{} || stopped != end || port == 0) {
    source.fail("a port is a number from 1 to 65535", text);
  }
  return port;
}

PortRange parse_range(const Source& source, std::string_view text) {
  const std::size_t hyphen = text.find('-');
  const std::uint16_t first = parse_port(source, text.substr(0, hyphen));
  if (hyphen == text.npos) return {first, first};
  const PortRange range = {first, parse_port(source, text.substr(hyphen + 1))};
  if (range.last < range.first) source.fail("a range of ports ends before it begins", text);
  return range;
}

/// Takes "/tcp" or "/udp" off the end of `text`.
PortProtocol take_protocol(const Source& source, std::string_view& text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return PortProtocol::kTcp;
  const std::string_view name = text.substr(slash + 1);
  text = text.substr(0, slash);
  if (name == "tcp" || name == "TCP") return PortProtocol::kTcp;
  if (name == "udp" || name == "UDP") return PortProtocol::kUdp;
  if (name == "sctp") source.fail("sctp is not supported: tcp and udp are", name);
  source.fail("the protocol is tcp or udp", name);
}

/// Takes "ADDRESS:" off the front of `text`, if one is there. Empty: all addresses.
std::string take_address(const Source& source, std::string_view& text) {
  std::string_view address;
  if (text.starts_with('[')) {
    const std::size_t end = text.find("]:");
    if (end == text.npos) source.fail("no \"]:\" after an address", text);
    address = text.substr(1, end - 1);
    text = text.substr(end + 2);
  } else {
    const std::size_t last = text.rfind(':');
    const std::size_t before =
        last == text.npos || last == 0 ? text.npos : text.rfind(':', last - 1);
    if (before == text.npos) return {};
    address = text.substr(0, before);
    text = text.substr(before + 1);
    if (address.empty()) return {};
  }
  std::string name(address);
  if (sys::is_ip_address(name)) return name;
  source.fail("not an address", address);
}

}  // namespace

std::string_view name_of(PortProtocol protocol) {
  return protocol == PortProtocol::kTcp ? "tcp" : "udp";
}

std::vector<PortMapping> parse_port_mapping(std::string_view text) {
  const Source source = {text, "port mapping"};
  std::string_view rest = text;
  const PortProtocol protocol = take_protocol(source, rest);
  const std::string address = take_address(source, rest);
  const std::size_t colon = rest.find(':');
  const std::string_view host = colon == rest.npos ? std::string_view() : rest.substr(0, colon);
  const PortRange inside = parse_range(source, colon == rest.npos ? rest : rest.substr(colon + 1));
  PortRange outside;  // 0 to 0: any
  if (!host.empty()) outside = parse_range(source, host);
  if (!host.empty() && outside.size() != inside.size() && inside.size() != 1) {
    source.fail("the two ranges of ports are not of one length", host);
  }
  std::vector<PortMapping> mappings;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    const auto step = static_cast<std::uint16_t>(i);
    mappings.push_back(
        {.host_address = address,
         .host_port = static_cast<std::uint16_t>(host.empty() ? 0 : outside.first + step),
         .container_port = static_cast<std::uint16_t>(inside.first + step),
         .protocol = protocol});
  }
  return mappings;
}

std::vector<ExposedPort> parse_exposed_ports(std::string_view text) {
  const Source source = {text, "port"};
  std::string_view rest = text;
  const PortProtocol protocol = take_protocol(source, rest);
  const PortRange range = parse_range(source, rest);
  std::vector<ExposedPort> ports;
  for (std::size_t i = 0; i < range.size(); ++i) {
    ports.push_back({static_cast<std::uint16_t>(range.first + i), protocol});
  }
  return ports;
}

std::string host_side(const PortMapping& mapping) {
  const std::string& address = mapping.host_address;
  if (address.empty()) return sys::format("0.0.0.0:{}", mapping.host_port);
  const bool is_ipv6 = address.find(':') != address.npos;
  return is_ipv6 ? sys::format("[{}]:{}", address, mapping.host_port)
                 : sys::format("{}:{}", address, mapping.host_port);
}

std::string to_text(const PortMapping& mapping) {
  return sys::format("{}->{}/{}", host_side(mapping), mapping.container_port,
                     name_of(mapping.protocol));
}

}  // namespace config
