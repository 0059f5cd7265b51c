// SPDX-License-Identifier: Apache-2.0
// Archives as no program would write them: a tar put together field by field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

struct TarEntry {
  std::string name;
  char type = '0';
  std::string content = {};
  std::string target = {};
  unsigned mode = 0644;
  std::uint64_t uid = 0, gid = 0;
  std::int64_t time = 1'000'000'000;
  unsigned major = 0, minor = 0;
  /// Records of a pax header before it; a value goes in as it is.
  std::vector<std::pair<std::string, std::string>> pax = {};
  std::string size_field = {};  // these 12 bytes instead of the content's size
  bool is_gnu = false;          // GNU's magic instead of ustar's
};

/// 512 bytes of header with a checksum, and the content, padded.
std::string tar_entry(const TarEntry& entry);
/// "LENGTH KEY=VALUE\n"
std::string pax_record(std::string_view key, std::string_view value);
/// Entries and the end.
std::string tar_of(const std::vector<TarEntry>& entries);
/// By gzip(1) or zstd(1): one member.
std::string compressed(const std::string& program, const std::string& bytes);

}  // namespace support
