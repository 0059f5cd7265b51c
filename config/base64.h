// SPDX-License-Identifier: Apache-2.0
// Bytes as text of 64 characters. Source: RFC 4648, section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace config {

std::string encode_base64(std::string_view bytes);
/// Empty when `text` is no padded base64 of the standard alphabet, or not the one encoding of its
/// bytes (bits that nobody reads must be zero).
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace config
