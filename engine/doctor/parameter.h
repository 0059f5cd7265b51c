// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace engine {

/// A file of the trusted /proc ("sys/user/max_user_namespaces"), without the newline at its end.
/// Empty: there is none, or it is not for us.
std::optional<std::string> read_parameter(const std::string& path);

}  // namespace engine
