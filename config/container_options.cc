// SPDX-License-Identifier: Apache-2.0
#include "config/container_options.h"

#include <algorithm>
#include <charconv>

#include "config/signal_names.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

constexpr std::uint64_t kShmBytes = std::uint64_t{64} << 20;  // docker's
constexpr std::size_t kLongestHostname = 63;

[[noreturn]] void fail(std::string_view flag, const std::string& word, std::string_view why) {
  throw sys::Error(sys::format("invalid argument \"{}\" for \"--{}\" flag: {}",
                               sys::terminal_safe(word), flag, why));
}

std::optional<int> small_number(std::string_view flag, const std::string& word, int base, int least,
                                int most) {
  if (word.empty()) return std::nullopt;
  int number = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  if (code != std::errc() || end != word.data() + word.size() || number < least || number > most) {
    fail(flag, word,
         base == 8 ? std::string("it is no octal number up to 0777")
                   : sys::format("it is no number from {} to {}", least, most));
  }
  return number;
}

StringMap read_map(std::string_view flag, const std::vector<std::string>& words) {
  StringMap map;
  for (const std::string& word : words) {
    const std::size_t equals = std::min(word.find('='), word.size());
    if (equals == 0) fail(flag, word, "it has no name");
    map[word.substr(0, equals)] = equals < word.size() ? word.substr(equals + 1) : "";
  }
  return map;
}

NamespaceRequest read_namespace(std::string_view flag, const std::string& word) {
  if (word.empty() || word == "private" || (flag == "ipc" && word == "shareable")) return {};
  if (word == "host") return {.is_host = true};
  if (word.starts_with("ns:/")) return {.path = word.substr(3)};
  if (word.starts_with("container:")) {
    fail(flag, word, "not yet: containers run in the foreground and share nothing");
  }
  fail(flag, word, "it can be private, host or ns:PATH");
}

void read_network(const std::string& word, ContainerOptions& options) {
  if (word.empty() || word == "default") return;
  if (word == "none") {
    options.network = NetworkKind::kNone;
  } else if (word == "host") {
    options.network = NetworkKind::kHost;
  } else if (word.starts_with("ns:/")) {
    options.network = NetworkKind::kPath;
    options.network_path = word.substr(3);
  } else if (word == "pasta" || word == "private" || word == "bridge") {
    options.network = NetworkKind::kPasta;
  } else if (word == "slirp4netns" || word.starts_with("container:")) {
    fail("network", word, "not yet: pasta, none, host and ns:PATH are there");
  } else {
    fail("network", word, "there is no such network: pasta, none, host and ns:PATH are there");
  }
}

void read_ports(const ContainerFlags& flags, ContainerOptions& options) {
  for (const std::string& word : flags.publish) {
    for (PortMapping& mapping : parse_port_mapping(word)) {
      options.ports.push_back(std::move(mapping));
    }
  }
  for (const std::string& word : flags.expose) {
    for (const ExposedPort port : parse_exposed_ports(word)) options.exposed_ports.push_back(port);
  }
  options.publishes_all = flags.publish_all;
}

void read_hostname(const std::string& name) {
  if (name.size() > kLongestHostname || name.front() == '-' || name.back() == '-' ||
      !std::ranges::all_of(name, [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
               (letter >= 'A' && letter <= 'Z') || letter == '-' || letter == '.' || letter == '_';
      })) {
    fail("hostname", name, "it is no host name");
  }
}

bool is_one_line(const std::string& text) {
  return std::ranges::none_of(text, [](char letter) {
    return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F;
  });
}

void read_names(const ContainerFlags& flags, ContainerOptions& options) {
  if (!flags.hostname.empty()) read_hostname(flags.hostname);
  options.hostname = flags.hostname;
  options.domainname = flags.domainname;
  options.timezone = flags.timezone;
  for (const Words* words : {&flags.dns, &flags.dns_search, &flags.dns_option}) {
    for (const std::string& word : *words) {
      if (word.empty() || !is_one_line(word)) fail("dns", word, "it is no line of resolv.conf");
    }
  }
  options.dns = flags.dns;
  options.dns_search = flags.dns_search;
  options.dns_options = flags.dns_option;
  for (const std::string& word : flags.add_host) {
    const std::size_t end = word.find_first_of(":=");
    if (end == std::string::npos || end == 0 || end + 1 == word.size() || !is_one_line(word) ||
        word.find(' ') != std::string::npos) {
      fail("add-host", word, "it is not NAME:ADDRESS");
    }
    options.hosts.push_back({.name = word.substr(0, end), .address = word.substr(end + 1)});
  }
}

void read_program(const ContainerFlags& flags, ContainerOptions& options) {
  options.entrypoint = flags.entrypoint;
  options.env = flags.env;
  options.workdir = flags.workdir;
  if (!flags.workdir.empty() && flags.workdir.front() != '/') {
    fail("workdir", flags.workdir, "it must be an absolute path");
  }
  options.user = flags.user;
  options.added_groups = flags.group_add;
  if (const auto mask = small_number("umask", flags.umask, 8, 0, 0777)) {
    options.umask = static_cast<std::uint32_t>(*mask);
  }
  options.stop_signal = flags.stop_signal;
  options.stop_timeout = small_number("stop-timeout", flags.stop_timeout, 10, -1, INT32_MAX);
  options.has_terminal = flags.tty;
  options.is_interactive = flags.interactive;
  options.is_removed = flags.remove;
  options.has_init = flags.init;
  if (!flags.stop_signal.empty() && !parse_signal(flags.stop_signal)) {
    fail("stop-signal", flags.stop_signal, "there is no such signal");
  }
}

void read_rootfs(const std::string& word, ContainerOptions& options) {
  if (word.empty()) return;
  options.is_rootfs_overlay = word.ends_with(":O");
  options.rootfs = options.is_rootfs_overlay ? word.substr(0, word.size() - 2) : word;
  if (!options.rootfs.starts_with('/')) fail("rootfs", word, "it is no directory");
}

void read_files(const ContainerFlags& flags, ContainerOptions& options) {
  options.is_read_only = flags.read_only;
  const std::string& tmpfs = flags.read_only_tmpfs;
  if (!tmpfs.empty() && tmpfs != "true" && tmpfs != "false") {
    fail("read-only-tmpfs", tmpfs, "true or false");
  }
  options.has_read_only_tmpfs = tmpfs != "false";
  read_rootfs(flags.rootfs, options);
  options.shm_bytes = kShmBytes;
  if (!flags.shm_size.empty()) {
    const auto bytes = parse_bytes(flags.shm_size);
    if (!bytes || *bytes == 0) fail("shm-size", flags.shm_size, "it is no size, as 64m is");
    options.shm_bytes = *bytes;
  }
  for (const std::string& word : flags.volume) options.volumes.push_back(parse_volume(word));
  for (const std::string& word : flags.mount) options.volumes.push_back(parse_mount(word));
  for (const std::string& word : flags.tmpfs) options.volumes.push_back(parse_tmpfs(word));
  for (std::size_t i = 0; i < options.volumes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (options.volumes[i].target == options.volumes[j].target) {
        throw sys::Error(sys::format("duplicate mount point: {}", options.volumes[i].target));
      }
    }
  }
  if (!flags.volumes_from.empty()) {
    fail("volumes-from", flags.volumes_from.front(), "not yet");
  }
}

DeviceRequest parse_device(const std::string& word) {
  DeviceRequest device;
  const std::size_t first = std::min(word.find(':'), word.size());
  device.source = device.target = word.substr(0, first);
  std::string rest = first < word.size() ? word.substr(first + 1) : "";
  const auto is_access = [](const std::string& text) {
    return !text.empty() && text.find_first_not_of("rwm") == std::string::npos;
  };
  if (const std::size_t second = rest.find(':'); second != std::string::npos) {
    device.target = rest.substr(0, second);
    device.access = rest.substr(second + 1);
  } else if (is_access(rest)) {
    device.access = rest;
  } else if (!rest.empty()) {
    device.target = rest;
  }
  if (!device.source.starts_with('/') || !device.target.starts_with("/") ||
      !is_access(device.access)) {
    fail("device", word, "it is not HOST[:CONTAINER[:rwm]]");
  }
  return device;
}

void read_rights(const ContainerFlags& flags, ContainerOptions& options) {
  for (const std::string& word : flags.cap_add) {
    options.added_capabilities.push_back(parse_capability(word));
  }
  for (const std::string& word : flags.cap_drop) {
    options.dropped_capabilities.push_back(parse_capability(word));
  }
  options.is_privileged = flags.privileged;
  read_security(flags.security_opt, options.security);
  for (const std::string& word : flags.device) options.devices.push_back(parse_device(word));
}

void read_namespaces(const ContainerFlags& flags, ContainerOptions& options) {
  options.pid = read_namespace("pid", flags.pid);
  options.ipc = read_namespace("ipc", flags.ipc);
  options.uts = read_namespace("uts", flags.uts);
  options.cgroup = read_namespace("cgroupns", flags.cgroupns);
  read_network(flags.network, options);
  read_ports(flags, options);
  if (flags.userns == "host") {
    options.is_host_userns = true;
  } else if (!flags.userns.empty()) {
    fail("userns", flags.userns, "not yet: host is there");
  }
}

}  // namespace

ContainerOptions read_options(const ContainerFlags& flags) {
  ContainerOptions options;
  read_program(flags, options);
  read_names(flags, options);
  options.labels = read_map("label", flags.label);
  options.annotations = read_map("annotation", flags.annotation);
  options.sysctl = read_map("sysctl", flags.sysctl);
  read_files(flags, options);
  read_rights(flags, options);
  read_namespaces(flags, options);
  for (const std::string& word : flags.ulimit) options.limits.push_back(parse_ulimit(word));
  options.resources = read_resources(flags);
  options.monitor = read_monitor(flags);
  if (options.is_removed && options.monitor.restart != RestartKind::kNo) {
    throw sys::Error("conflicting options: cannot specify both --restart and --rm");
  }
  options.oom_score_adj = small_number("oom-score-adj", flags.oom_score_adj, 10, -1000, 1000);
  return options;
}

}  // namespace config
