// SPDX-License-Identifier: Apache-2.0
#include "engine/network/published_ports.h"

#include <algorithm>

#include "config/json_object.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"

namespace engine {
namespace {

constexpr const char* kFile = "ports.json";  // stored
constexpr std::uint64_t kVersion = 1;        // stored
constexpr std::size_t kMaxFile = std::size_t{16} << 20;
constexpr std::uint64_t kLastPort = 65535;

void add_exposed(const std::vector<config::ExposedPort>& exposed,
                 std::vector<config::PortMapping>& ports) {
  for (const config::ExposedPort& each : exposed) {
    const bool is_there = std::ranges::any_of(ports, [&](const config::PortMapping& mapping) {
      return mapping.container_port == each.port && mapping.protocol == each.protocol;
    });
    if (is_there) continue;
    ports.push_back({.host_address = {},
                     .host_port = 0,
                     .container_port = each.port,
                     .protocol = each.protocol});
  }
}

std::uint16_t read_port(const config::Reader& reader, const char* name) {
  std::uint64_t port = 0;
  reader.get_required(name, port);
  if (port == 0 || port > kLastPort) throw sys::Error(sys::format("{}: {}: no port", kFile, port));
  return static_cast<std::uint16_t>(port);
}

config::PortMapping read_mapping(const config::Reader& reader) {
  config::PortMapping mapping;
  std::string protocol;
  reader.get("hostAddress", mapping.host_address);
  mapping.host_port = read_port(reader, "hostPort");
  mapping.container_port = read_port(reader, "containerPort");
  reader.get_required("protocol", protocol);
  if (protocol == "udp") mapping.protocol = config::PortProtocol::kUdp;
  return mapping;
}

}  // namespace

std::vector<config::PortMapping> wanted_ports(const config::ContainerOptions& options,
                                              const config::ContainerConfig& image,
                                              std::vector<std::string>& warnings) {
  std::vector<config::PortMapping> ports = options.ports;
  if (!options.publishes_all) return ports;
  for (const std::string& text : image.exposed_ports) {
    try {
      add_exposed(config::parse_exposed_ports(text), ports);
    } catch (const sys::Error&) {
      warnings.push_back(
          sys::format("the image exposes \"{}\", which is no port", sys::terminal_safe(text)));
    }
  }
  add_exposed(options.exposed_ports, ports);
  return ports;
}

void write_ports(int directory, const std::vector<config::PortMapping>& ports) {
  if (ports.empty()) {
    (void)sys::unlink_at_if_exists(directory, kFile);
    return;
  }
  config::Json::Array list;
  for (const config::PortMapping& each : ports) {
    list.push_back(config::JsonObject()
                       .add("hostAddress", each.host_address)
                       .add("hostPort", std::uint64_t{each.host_port})
                       .add("containerPort", std::uint64_t{each.container_port})
                       .add("protocol", std::string(config::name_of(each.protocol)))
                       .take());
  }
  const config::Json document =
      config::JsonObject().add("version", kVersion).add_json("ports", {std::move(list)}).take();
  sys::replace_file_at(directory, kFile, config::write_json(document, "") + "\n", 0600);
}

std::vector<config::PortMapping> read_ports(int directory) {
  std::vector<config::PortMapping> ports;
  const auto text = sys::read_file_at_if_exists(directory, kFile, kMaxFile);
  if (!text || text->empty()) return ports;  // cut off by a power cut: nothing runs then
  const config::Json json = config::parse_json(*text, kFile);
  const config::Reader reader(json, kFile);
  reader.with("ports", [&](const config::Reader& list) {
    list.each_element([&](const config::Reader& each) { ports.push_back(read_mapping(each)); });
  });
  return ports;
}

std::string describe_ports(const std::vector<config::PortMapping>& ports) {
  std::string text;
  for (const config::PortMapping& each : ports) {
    text += (text.empty() ? "" : ", ") + config::to_text(each);
  }
  return text;
}

}  // namespace engine
