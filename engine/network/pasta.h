// SPDX-License-Identifier: Apache-2.0
// The network of a container by pasta, a program of the host's that carries its packets through
// ordinary sockets: no privilege is needed and the client's address is kept. It is started by a
// createRuntime hook of the bundle, on a file that the container's network namespace is bound to,
// and ends when the poststop hook removes that file. Source: pasta(1).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/port_mapping.h"
#include "config/runtime_spec.h"
#include "sys/fd.h"

namespace engine {

/// Where containers find the host's name servers with pasta.
constexpr std::string_view kPastaNameServer = "169.254.1.1";

/// Its path. Empty: it is not installed, or not in PATH.
std::optional<std::string> find_pasta();

/// Why it can't be used here; empty: it can.
std::string why_no_pasta();

struct PastaNetwork {
  std::string program;         // find_pasta()
  std::string namespace_file;  // a path of ours alone, nothing there; its directory is there
  std::vector<config::PortMapping> ports = {};
  bool is_host_root = false;  // without a user namespace around us
};

/// The hooks that bring the network up and take it down. tilla: the path of this program.
void add_pasta_hooks(config::Hooks& hooks, const PastaNetwork& network, const std::string& tilla);

/// What the hooks do: binds the network namespace of the container whose state is `state` to the
/// file and starts pasta on it. pasta: its command line but for the file. The caller is in a mount
/// namespace of its own: the bind is there and in what pasta makes of it, so that whoever removes
/// the file elsewhere finds it free. Errors: pasta's own words.
void bring_network_up(const std::string& state, const std::string& namespace_file,
                      std::vector<std::string> pasta);
/// Takes the file away, upon which pasta ends. In any mount namespace; nothing there: nothing done.
void take_network_down(const std::string& namespace_file);

/// Finds out whether the ports can be had, and chooses those that are 0. They are ours until the
/// descriptors are closed: right before pasta is started.
/// container_with: the name of the running container that has a port of the host's.
/// Errors: in use, by whom, as far as that can be seen; below the first port that is not root's.
std::vector<sys::Fd> claim_ports(
    std::vector<config::PortMapping>& ports,
    const std::function<std::optional<std::string>(const config::PortMapping&)>& container_with);

}  // namespace engine
