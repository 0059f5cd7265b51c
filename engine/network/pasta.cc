// SPDX-License-Identifier: Apache-2.0
#include "engine/network/pasta.h"

#include <fcntl.h>

#include <algorithm>
#include <cstring>

#include "config/json.h"
#include "sys/detached.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/port.h"
#include "sys/process.h"
#include "sys/procfs.h"

namespace engine {
namespace {

constexpr std::size_t kMaxOutput = 16384;
/// Without a syslog daemon, pasta complains of that with each line.
constexpr std::string_view kNoSyslog = "Failed to send ";

sys::Transport transport_of(config::PortProtocol protocol) {
  return protocol == config::PortProtocol::kTcp ? sys::Transport::kTcp : sys::Transport::kUdp;
}

/// "127.0.0.1/8080:80", as -t and -u take it.
std::string port_argument(const config::PortMapping& mapping) {
  const std::string ports = sys::format("{}:{}", mapping.host_port, mapping.container_port);
  return mapping.host_address.empty() ? ports : mapping.host_address + "/" + ports;
}

std::vector<std::string> pasta_arguments(const PastaNetwork& network) {
  // Nothing of the host's loopback is reached from within, and no port that wasn't asked for.
  std::vector<std::string> words = {network.program,
                                    "--config-net",
                                    "--quiet",
                                    "--no-map-gw",
                                    "--dns-forward",
                                    std::string(kPastaNameServer),
                                    "-T",
                                    "none",
                                    "-U",
                                    "none"};
  // Of itself it becomes "nobody" then, who may not enter the namespace.
  if (network.is_host_root) words.insert(words.end(), {"--runas", "0:0"});
  bool has_tcp = false, has_udp = false;
  for (const config::PortMapping& mapping : network.ports) {
    const bool is_tcp = mapping.protocol == config::PortProtocol::kTcp;
    words.insert(words.end(), {is_tcp ? "-t" : "-u", port_argument(mapping)});
    (is_tcp ? has_tcp : has_udp) = true;
  }
  if (!has_tcp) words.insert(words.end(), {"-t", "none"});
  if (!has_udp) words.insert(words.end(), {"-u", "none"});
  return words;
}

config::Hook hook(const std::string& program, std::vector<std::string> words) {
  config::Hook hook;
  hook.path = program;
  hook.args = std::move(words);
  return hook;
}

pid_t pid_of_state(const std::string& state) {
  const std::string name = "the state on standard input";
  const config::Json document = config::parse_json(state, name);
  const config::Reader reader(document, name);
  std::int32_t pid = 0;
  reader.get_required("pid", pid);
  return pid;
}

/// Splits `path` into an open directory and a name.
struct Place {
  sys::Fd directory;
  std::string name;
};
std::optional<Place> open_place(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos || slash == 0 || slash + 1 == path.size()) {
    throw sys::Error(sys::format("\"{}\": not an absolute path of a file", path), EINVAL);
  }
  auto directory = sys::open_path_if_exists(path.substr(0, slash), O_PATH | O_DIRECTORY);
  if (!directory) return std::nullopt;
  return Place{std::move(*directory), path.substr(slash + 1)};
}

void bind_namespace(pid_t pid, const std::string& file) {
  const std::optional<Place> place = open_place(file);
  if (!place) throw sys::errno_error(file, ENOENT);
  (void)sys::unlink_at_if_exists(place->directory.get(), place->name);  // of a run that was lost
  sys::create_file_at(place->directory.get(), place->name, "", 0600);
  const sys::Fd network =
      sys::Procfs::open().open_magic_link(sys::format("{}/ns/net", pid), O_RDONLY | O_CLOEXEC);
  const sys::Fd mount = sys::clone_mount(network.get(), false);
  sys::attach_mount_at(mount.get(), place->directory.get(), place->name);
}

/// What pasta wrote, on one line.
std::string complaint_of(std::string_view text) {
  std::string complaint;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with(kNoSyslog)) continue;
    complaint += complaint.empty() ? "" : "; ";
    complaint += line;
  }
  return complaint.empty() ? "it failed and said nothing" : complaint;
}

}  // namespace

std::optional<std::string> find_pasta() { return sys::find_program("pasta"); }

std::string why_no_pasta() {
  if (!find_pasta()) return "pasta is not installed (Debian's package passt)";
  try {
    (void)sys::open_path("/dev/net/tun", O_RDWR | O_CLOEXEC);
  } catch (const sys::Error& error) {
    return sys::format("pasta needs /dev/net/tun: {}", std::strerror(error.code()));
  }
  return {};
}

void add_pasta_hooks(config::Hooks& hooks, const PastaNetwork& network, const std::string& tilla) {
  std::vector<std::string> words = {"tilla", "network-up", network.namespace_file};
  const std::vector<std::string> pasta = pasta_arguments(network);
  words.insert(words.end(), pasta.begin(), pasta.end());
  hooks.create_runtime.push_back(hook(tilla, std::move(words)));
  hooks.poststop.push_back(hook(tilla, {"tilla", "network-down", network.namespace_file}));
}

void bring_network_up(const std::string& state, const std::string& namespace_file,
                      std::vector<std::string> pasta) {
  bind_namespace(pid_of_state(state), namespace_file);
  pasta.insert(pasta.end(), {"--netns", namespace_file});
  sys::Pipe output = sys::make_pipe();
  const sys::Process program = sys::spawn_program(pasta, output.write_end.get());
  output.write_end.reset();
  // When the network is there it goes on in the background, with its streams on /dev/null.
  const std::string text = sys::read_all(output.read_end.get(), kMaxOutput);
  const sys::ExitStatus end = sys::wait_child(program);
  if (end.code == 0 && !end.by_signal) return;
  throw sys::Error(sys::format("pasta: {}", complaint_of(text)));
}

void take_network_down(const std::string& namespace_file) {
  const std::optional<Place> place = open_place(namespace_file);
  if (place) (void)sys::unlink_at_if_exists(place->directory.get(), place->name);
}

std::vector<sys::Fd> claim_ports(
    std::vector<config::PortMapping>& ports,
    const std::function<std::optional<std::string>(const config::PortMapping&)>& container_with) {
  std::vector<sys::Fd> claims;
  for (config::PortMapping& mapping : ports) {
    const sys::Transport transport = transport_of(mapping.protocol);
    try {
      claims.push_back(sys::bind_port(transport, mapping.host_address, mapping.host_port));
    } catch (const sys::Error& error) {
      const std::string what =
          sys::format("port {}/{}", config::host_side(mapping), config::name_of(mapping.protocol));
      if (error.code() == EADDRINUSE) {
        std::string holder;
        if (const auto container = container_with(mapping)) {
          holder = sys::format("container \"{}\"", *container);
        } else {
          holder = sys::find_port_holder(transport, mapping.host_port).value_or("another program");
        }
        throw sys::Error(sys::format("{} is already allocated: {} has it", what, holder),
                         EADDRINUSE);
      }
      sys::Error known(sys::format("{}: {}", what, error.what()), error.code());
      if (error.code() == EACCES) {
        known.set_hint(sys::format(
            "ports below {} are for the host's root: as root, `sysctl -w "
            "net.ipv4.ip_unprivileged_port_start={}` lets everybody have this one and those above",
            sys::first_unprivileged_port(), mapping.host_port));
      }
      throw known;
    }
    mapping.host_port = sys::port_of(claims.back().get());
  }
  return claims;
}

}  // namespace engine
