// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/filter_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "config/seccomp_evaluate.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"

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
static_assert(sizeof(Header) == 40);

constexpr std::size_t kMaxEntries = 64;
constexpr std::size_t kMaxProgram = 4096 * 8;

// FNV-1a over 64-bit words instead of bytes, eight times as fast. Each step is invertible, so no
// damage within one word goes unseen. It guards against accidents; against others, the mode does.
std::uint64_t hash(std::string_view bytes) {
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

std::string entry_name(std::string_view key) { return sys::format("{:016x}", hash(key)); }

std::string make_entry(const std::string& key, const config::CompiledFilter& filter) {
  Header header;
  header.kernel_flags = filter.kernel_flags;
  header.key_bytes = key.size();
  header.program_bytes = filter.program.size();
  std::string entry(sizeof(header), '\0');
  entry += key;
  entry += filter.program;
  std::memcpy(entry.data(), &header, sizeof(header));
  header.checksum = hash(entry);
  std::memcpy(entry.data(), &header, sizeof(header));
  return entry;
}

std::optional<config::CompiledFilter> parse_entry(std::string entry, const std::string& key) {
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
  expected.checksum = hash(entry);
  if (std::memcmp(&header, &expected, sizeof(header)) != 0) return std::nullopt;
  if (!config::is_plausible_filter(filter.program)) return std::nullopt;
  return filter;
}

bool is_trustworthy(const struct stat& status) {
  return S_ISREG(status.st_mode) && status.st_uid == sys::effective_uid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::optional<config::CompiledFilter> load(int dir, const std::string& key) {
  // O_NONBLOCK: a FIFO has no writer to wait for. Symlinks are refused, with an error.
  const std::optional<sys::Fd> file =
      sys::open_at_if_exists(dir, entry_name(key), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return std::nullopt;
  const struct stat status = sys::status_of(file->get());
  const std::size_t smallest = sizeof(Header) + key.size();
  const auto size = static_cast<std::size_t>(status.st_size);
  if (!is_trustworthy(status) || size < smallest || size > smallest + kMaxProgram) {
    return std::nullopt;
  }
  return parse_entry(sys::read_some(file->get(), size), key);
}

// Removes the oldest entries, whatever they are, until one more fits.
void make_room(int dir) {
  struct Entry {
    timespec changed;
    std::string name;
  };
  std::vector<std::string> names = sys::list_directory(dir);
  if (names.size() < kMaxEntries) return;
  std::vector<Entry> entries;
  for (std::string& name : names) {
    const std::optional<sys::Fd> file = sys::open_at_if_exists(dir, name, O_PATH | O_NOFOLLOW);
    if (!file) continue;  // somebody else makes room, too
    entries.push_back({sys::status_of(file->get()).st_mtim, std::move(name)});
  }
  std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
    return a.changed.tv_sec != b.changed.tv_sec ? a.changed.tv_sec < b.changed.tv_sec
                                                : a.changed.tv_nsec < b.changed.tv_nsec;
  });
  for (std::size_t i = 0; i + kMaxEntries <= entries.size(); ++i) {
    (void)sys::unlink_at_if_exists(dir, entries[i].name);
  }
}

void store(int dir, const std::string& key, const config::CompiledFilter& filter) {
  make_room(dir);
  sys::replace_file_at(dir, entry_name(key), make_entry(key, filter), 0600);
}

// Runs a step of the cache's own. Its failure costs time and nothing else, hence the catch.
template <typename Step>
auto forgiving(const sys::Log& log, Step&& step) -> decltype(step()) {
  try {
    return step();
  } catch (const sys::Error& error) {
    log.debug(sys::format("seccomp cache: {}, ignoring", error.what()));
    return {};
  }
}

config::CompiledFilter compile(const config::Seccomp& profile, const sys::Log& log) {
  std::vector<std::string> unknown_names;
  config::CompiledFilter filter = config::compile_seccomp(profile, unknown_names);
  for (const std::string& name : unknown_names) {
    log.debug(sys::format("seccomp: unknown system call {}, ignoring", sys::json_quoted(name)));
  }
  return filter;
}

}  // namespace

config::CompiledFilter load_or_compile(const config::Seccomp& profile,
                                       const std::string& cache_directory, const sys::Log& log) {
  if (cache_directory.empty()) return compile(profile, log);
  const std::string key = config::seccomp_key(profile);
  const sys::Fd dir = forgiving(log, [&] { return sys::open_private_directory(cache_directory); });
  if (!dir) return compile(profile, log);
  std::optional<config::CompiledFilter> cached =
      forgiving(log, [&] { return load(dir.get(), key); });
  if (cached) return std::move(*cached);
  config::CompiledFilter filter = compile(profile, log);
  forgiving(log, [&] {
    store(dir.get(), key, filter);
    return true;
  });
  log.debug("seccomp: compiled the profile");
  return filter;
}

}  // namespace runtime
