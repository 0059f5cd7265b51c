// SPDX-License-Identifier: Apache-2.0
// The document that `features` prints. It claims what the runtime does, never what it will do.
// Source: runtime-spec features.md and features-linux.md, 1.3.0.
#pragma once

#include <string>
#include <vector>

namespace config {

/// What the document takes from the build and its libraries.
struct FeaturesFacts {
  std::string tilla_version;                         // "0.1.0"
  std::string tilla_commit;                          // may be empty
  std::vector<std::string> capabilities;             // "CAP_CHOWN", in the kernel's order
  std::string libseccomp_version;                    // "2.5.4"
  std::vector<std::string> seccomp_archs;            // "SCMP_ARCH_X86_64"; printed sorted
  std::vector<std::string> seccomp_supported_flags;  // "SECCOMP_FILTER_FLAG_LOG"; printed sorted
};

/// The JSON, indented by four spaces as runc's, with a final newline.
std::string features_document(const FeaturesFacts& facts);

}  // namespace config
