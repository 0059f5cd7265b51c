// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/owner_record.h"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>

#include "sys/error.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::string_view kFirstLine = "tilla owners 1\n";  // stored; do not change

// A number up to `separator` or the end, taken off `text`.
std::optional<std::uint32_t> take_number(std::string_view& text, char separator, int base) {
  const std::size_t end = std::min(text.find(separator), text.size());
  std::uint32_t value = 0;
  const char* last = text.data() + end;
  const auto [where, code] = std::from_chars(text.data(), last, value, base);
  if (end == 0 || code != std::errc() || where != last) return std::nullopt;
  text.remove_prefix(std::min(end + 1, text.size()));
  return value;
}

bool parse_type(std::string_view text, OwnerRecord& record) {
  if (text.empty() || text == "file" || text == "dir" || text == "symlink" || text == "pipe" ||
      text == "socket") {
    return true;
  }
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return false;
  const std::string_view kind = text.substr(0, dash);
  if (kind != "char" && kind != "block") return false;
  text.remove_prefix(dash + 1);
  const auto major = take_number(text, '-', 10);
  const auto minor = take_number(text, '-', 10);
  if (!major || !minor || !text.empty()) return false;
  record.type = kind == "char" ? S_IFCHR : S_IFBLK;
  record.major = *major;
  record.minor = *minor;
  return true;
}

}  // namespace

std::string to_text(const OwnerRecord& record) {
  std::string text = sys::format("{}:{}:0{:o}", record.uid, record.gid, record.mode);
  if (record.type != 0) {
    text += sys::format(":{}-{}-{}", S_ISCHR(record.type) ? "char" : "block", record.major,
                        record.minor);
  }
  return text;
}

std::optional<OwnerRecord> parse_owner_record(std::string_view text) {
  OwnerRecord record;
  const auto uid = take_number(text, ':', 10);
  const auto gid = take_number(text, ':', 10);
  const auto mode = take_number(text, ':', 8);
  if (!uid || !gid || !mode) return std::nullopt;
  record.uid = *uid;
  record.gid = *gid;
  record.mode = *mode & 07777U;  // fuse-overlayfs may write the file's type with it
  if (!parse_type(text, record)) return std::nullopt;
  return record;
}

std::string to_text(const OwnerRecords& records) {
  if (records.empty()) return {};
  std::string text(kFirstLine);
  for (const auto& [path, record] : records) {
    text += to_text(record) + ' ' + path;
    text += '\0';  // a path may have anything else
  }
  return text;
}

OwnerRecords parse_owner_records(std::string_view text) {
  OwnerRecords records;
  if (text.empty()) return records;
  const auto fail = [] { throw sys::Error("the sidecar of owners is none", EINVAL); };
  if (text.substr(0, kFirstLine.size()) != kFirstLine) fail();
  text.remove_prefix(kFirstLine.size());
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::size_t end = text.find('\0');
    if (end == std::string_view::npos || blank > end) fail();
    const auto record = parse_owner_record(text.substr(0, blank));
    if (!record) fail();
    records.emplace(text.substr(blank + 1, end - blank - 1), *record);
    text.remove_prefix(end + 1);
  }
  return records;
}

}  // namespace snapshotter
