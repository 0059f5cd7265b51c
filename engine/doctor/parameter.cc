// SPDX-License-Identifier: Apache-2.0
#include "engine/doctor/parameter.h"

#include "sys/error.h"
#include "sys/procfs.h"

namespace engine {

std::optional<std::string> read_parameter(const std::string& path) {
  try {
    std::string text = sys::Procfs::open().read(path);
    if (text.ends_with('\n')) text.pop_back();
    return text;
  } catch (const sys::Error&) {
    return std::nullopt;
  }
}

}  // namespace engine
