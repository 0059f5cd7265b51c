// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/filter_entry.h"

#include <algorithm>
#include <cstring>

#include "config/seccomp_evaluate.h"

namespace runtime {
namespace {

// An entry is a header, the profile's key and the program. Stored; do not renumber.
struct Header {
  char magic[8] = {'t', 'i', 'l', 'l', 'a', 'b', 'p', 'f'};
  std::uint32_t version = 1;
  std::uint32_t kernel_flags = 0;
  std::uint64_t key_bytes = 0;
  std::uint64_t program_bytes = 0;
  std::uint64_t checksum = 0;  // over the whole entry, this field as 0
};
static_assert(sizeof(Header) == kFilterEntryHeader);

}  // namespace

std::uint64_t hash_words(std::string_view bytes) {
  std::uint64_t value = 0xcbf29ce484222325;
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(sizeof(word), bytes.size());
    std::memcpy(&word, bytes.data(), count);
    value = (value ^ word) * 0x100000001b3;
    value ^= value >> 32U;
    bytes.remove_prefix(count);
  }
  return value;
}

std::string make_filter_entry(const std::string& key, const config::CompiledFilter& filter) {
  Header header;
  header.kernel_flags = filter.kernel_flags;
  header.key_bytes = key.size();
  header.program_bytes = filter.program.size();
  std::string entry(sizeof(header), '\0');
  entry += key;
  entry += filter.program;
  std::memcpy(entry.data(), &header, sizeof(header));
  header.checksum = hash_words(entry);
  std::memcpy(entry.data(), &header, sizeof(header));
  return entry;
}

std::optional<config::CompiledFilter> parse_filter_entry(std::string entry,
                                                         const std::string& key) {
  Header header;
  if (entry.size() < sizeof(header) + key.size()) return std::nullopt;
  std::memcpy(&header, entry.data(), sizeof(header));
  // The whole key, not its hash: no profile can be made to find the filter of another.
  if (entry.compare(sizeof(header), key.size(), key) != 0) return std::nullopt;
  config::CompiledFilter filter = {.program = entry.substr(sizeof(header) + key.size()),
                                   .kernel_flags = header.kernel_flags};
  // What a header of this filter would have to say, the checksum included.
  Header expected;
  expected.kernel_flags = header.kernel_flags;
  expected.key_bytes = key.size();
  expected.program_bytes = filter.program.size();
  std::memcpy(entry.data(), &expected, sizeof(expected));
  expected.checksum = hash_words(entry);
  if (std::memcmp(&header, &expected, sizeof(header)) != 0) return std::nullopt;
  if (!config::is_plausible_filter(filter.program)) return std::nullopt;
  return filter;
}

}  // namespace runtime
