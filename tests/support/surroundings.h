// SPDX-License-Identifier: Apache-2.0
// What a test leaves around it: processes, mounts, descriptors.
#pragma once

#include <string>
#include <vector>

namespace support {

/// Whoever loses its parent comes to us for as long as this lives.
class Orphanage {
 public:
  Orphanage();
  ~Orphanage();
  Orphanage(const Orphanage&) = delete;
  Orphanage& operator=(const Orphanage&) = delete;
  /// Whether nobody is left, now or soon. Not while a Program runs: it is our child as well.
  bool is_empty() const;
};

/// Lines of our mountinfo in which `path` occurs.
std::vector<std::string> mounts_naming(const std::string& path);
/// The numbers of our open descriptors.
std::vector<std::string> open_descriptors();

}  // namespace support
