// SPDX-License-Identifier: Apache-2.0
// An entry of the filter cache as bytes. Reads what is on a disk, so anything may be in it. Format:
// docs/filter-cache.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/seccomp_filter.h"

namespace runtime {

/// What every entry starts with, in bytes; the profile's key follows.
inline constexpr std::size_t kFilterEntryHeader = 40;

/// FNV-1a over 64-bit words instead of bytes, eight times as fast. Each step is invertible, so no
/// damage within one word goes unseen. It guards against accidents; against others, the mode does.
std::uint64_t hash_words(std::string_view bytes);

std::string make_filter_entry(const std::string& key, const config::CompiledFilter& filter);
/// Empty: not whole, not of this profile, or no filter that the kernel would take.
std::optional<config::CompiledFilter> parse_filter_entry(std::string entry, const std::string& key);

}  // namespace runtime
