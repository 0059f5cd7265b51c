// SPDX-License-Identifier: Apache-2.0
// What the readers of an image's documents share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/image_spec.h"
#include "config/json.h"

namespace config {

/// An array of strings, of which null is an empty one, as in Go. Errors: more than `most`.
void get_texts(const Reader& parent, std::string_view key, std::size_t most,
               std::vector<std::string>& target);
void get_text_map(const Reader& parent, std::string_view key, std::size_t most,
                  std::map<std::string, std::string>& target);
void read_digest(const Reader& place, Digest& target,
                 Digest (*parse)(std::string_view) = parse_digest);
void read_platform(const Reader& place, Platform& target);

}  // namespace config
