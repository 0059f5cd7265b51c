// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/names.h"

#include "config/reference.h"
#include "sys/error.h"

namespace engine {

std::string parse_new_name(const std::string& text) {
  const config::Reference reference = config::parse_reference(text);
  if (config::is_scratch(reference)) throw sys::Error("no image can be called \"scratch\"");
  if (reference.digest) throw sys::Error("a name with a digest can't be given to an image");
  return reference.text();
}

}  // namespace engine
