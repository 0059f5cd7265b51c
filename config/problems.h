// SPDX-License-Identifier: Apache-2.0
// The list that validate() fills, and the checks that many fields share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/runtime_spec.h"

namespace config {

/// Collects "/pointer: reason"; stops at a number that nobody reads to the end.
class Problems {
 public:
  void add(std::string_view pointer, std::string_view reason);
  std::vector<std::string> take() { return std::move(list_); }

  /// The kernel would see the text only up to its first NUL byte.
  void check_text(std::string_view pointer, std::string_view text);
  void check_texts(std::string_view pointer, const std::vector<std::string>& texts);
  void check_absolute(std::string_view pointer, std::string_view path);
  void check_absolutes(std::string_view pointer, const std::vector<std::string>& paths);
  /// An id that the kernel knows: 4294967295 means "leave it" to setuid(2) and chown(2). INV-6.
  void check_id(std::string_view pointer, uint32_t id);

 private:
  std::vector<std::string> list_;
};

/// Sizes, overflows, overlaps, the kernel's number of extents.
/// Source: user_namespaces(7), "Defining user and group ID mappings".
void check_id_mappings(Problems& problems, std::string_view pointer,
                       const std::vector<IdMapping>& mappings);

/// The process of a container or of an `exec`, at "/process".
void check_process(Problems& problems, const Process& process);

/// linux.sysctl, its names and values, and the namespaces that they need.
void check_sysctl(Problems& problems, const RuntimeSpec& spec);

/// linux.netDevices, linux.memoryPolicy and linux.intelRdt.
void check_host_resources(Problems& problems, const Linux& linux_);

void check_seccomp(Problems& problems, const Seccomp& seccomp);

}  // namespace config
