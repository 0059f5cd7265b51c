// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/filter_cache.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/apply/filter_entry.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxEntries = 64;
constexpr std::size_t kMaxProgram = 4096 * 8;

std::string entry_name(std::string_view key) { return sys::format("{:016x}", hash_words(key)); }

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
  const std::size_t smallest = kFilterEntryHeader + key.size();
  const auto size = static_cast<std::size_t>(status.st_size);
  if (!is_trustworthy(status) || size < smallest || size > smallest + kMaxProgram) {
    return std::nullopt;
  }
  return parse_filter_entry(sys::read_some(file->get(), size), key);
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
  sys::replace_file_at(dir, entry_name(key), make_filter_entry(key, filter), 0600);
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
