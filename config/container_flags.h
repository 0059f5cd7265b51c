// SPDX-License-Identifier: Apache-2.0
// What `create` and `run` were told: their flags, word for word but for what only the caller's
// surroundings could say (the values of -e NAME, the content of files, relative paths), which is
// in them by then. Kept in the container's record; read_options() says what they mean.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/json.h"

namespace config {

using Words = std::vector<std::string>;

struct ContainerFlags {
  // The program.
  std::optional<std::string> entrypoint = {};
  Words env = {}, env_file = {};
  std::string workdir = {}, user = {}, umask = {}, stop_signal = {}, stop_timeout = {};
  Words group_add = {};
  bool tty = false, interactive = false, remove = false, init = false;
  // Its monitor.
  std::string restart = {}, log_driver = {}, health_cmd = {}, health_interval = {};
  std::string health_timeout = {}, health_start_period = {}, health_retries = {};
  Words log_opt = {};
  bool no_healthcheck = false;
  // Names.
  std::string hostname = {}, domainname = {}, timezone = {};
  Words label = {}, label_file = {}, annotation = {};
  // Files.
  bool read_only = false;
  std::string read_only_tmpfs = {}, shm_size = {}, rootfs = {};
  Words volume = {}, mount = {}, tmpfs = {}, volumes_from = {}, device = {};
  // The network.
  std::string network = {};
  Words dns = {}, dns_search = {}, dns_option = {}, add_host = {}, publish = {}, expose = {};
  bool publish_all = false;
  // Rights.
  Words cap_add = {}, cap_drop = {}, security_opt = {};
  bool privileged = false;
  // Namespaces.
  std::string userns = {}, pid = {}, ipc = {}, uts = {}, cgroupns = {};
  // Limits.
  Words ulimit = {}, sysctl = {};
  std::string memory = {}, memory_reservation = {}, memory_swap = {}, cpus = {}, cpu_shares = {};
  std::string cpu_period = {}, cpu_quota = {}, cpuset_cpus = {}, cpuset_mems = {}, pids_limit = {};
  std::string oom_score_adj = {};

  bool operator==(const ContainerFlags&) const = default;
};

/// One of them, for the command line, the record and the tests.
struct ContainerFlag {
  std::string_view names;  // "-e,--env"; the last is what the record calls it
  std::variant<bool ContainerFlags::*, std::string ContainerFlags::*,
               std::optional<std::string> ContainerFlags::*, Words ContainerFlags::*>
      member;
  std::string_view text;  // one line for --help
  std::string_view value = "string";
};

std::span<const ContainerFlag> container_flags();

/// A flag of docker's that nothing here can do, and why.
struct RefusedFlag {
  std::string_view names;
  bool takes_value;
  std::string_view reason;
};
std::span<const RefusedFlag> refused_flags();

/// An object of the members that are not as they were born.
Json to_json(const ContainerFlags& flags);
/// Errors: a member of the wrong type. What isn't known is ignored.
void read(const Reader& reader, ContainerFlags& flags);

}  // namespace config
