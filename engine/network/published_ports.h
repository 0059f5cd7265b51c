// SPDX-License-Identifier: Apache-2.0
// Which ports of the host lead into a container: what was asked for, and what it came to when the
// container was started last, which is kept beside its record.
#pragma once

#include <string>
#include <vector>

#include "config/container_options.h"
#include "config/image_spec.h"
#include "config/port_mapping.h"

namespace engine {

/// -p, and with -P all that the image and --expose name, each once. What of the image's is no port
/// (INV-9) is in `warnings`.
std::vector<config::PortMapping> wanted_ports(const config::ContainerOptions& options,
                                              const config::ContainerConfig& image,
                                              std::vector<std::string>& warnings);

/// directory: the container's, open.
void write_ports(int directory, const std::vector<config::PortMapping>& ports);
std::vector<config::PortMapping> read_ports(int directory);

/// "0.0.0.0:8080->80/tcp, 0.0.0.0:8443->443/tcp"
std::string describe_ports(const std::vector<config::PortMapping>& ports);

}  // namespace engine
