// SPDX-License-Identifier: Apache-2.0
// The entries of a tar, one after the other: libarchive reads the headers (pax, GNU, old ones,
// sparse files) and nothing but them. Stricter than it: what it merely warns of is an error here,
// since two readers of one archive must not see two trees (CVE-2025-62518).
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshotter/worker/stream.h"
#include "snapshotter/worker/tar_framing.h"
#include "sys/place.h"

struct archive;
struct archive_entry;

namespace snapshotter {

struct Entry {
  std::string path;  // as in the archive
  mode_t type = 0;   // S_IFREG and so on; 0: a hard link
  mode_t mode = 0;   // 07777
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t size = 0;
  sys::Time time;
  std::string target;  // of a symlink or hard link
  std::uint32_t major = 0, minor = 0;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::uint64_t number = 0;  // the first is 1
  std::uint64_t offset = 0;  // of its header
};

class TarReader {
 public:
  /// max_attributes: of one entry, names and values together.
  TarReader(Stream& stream, std::uint64_t max_attributes);

  /// False at the end of the archive. What follows there is no part of it.
  /// Errors: anything malformed; entry numbers, sizes and ids out of range.
  bool next(Entry& entry);
  /// The next piece of a file's content and where it belongs: holes are left out. False at its end.
  bool data(std::string_view& piece, std::uint64_t& offset);

 private:
  static long read_callback(archive* self, void* data, const void** buffer);
  [[noreturn]] void fail();
  void check(int result);
  bool is_about_names(int result) const;
  void read_attributes(archive_entry* raw, Entry& entry) const;

  Stream& stream_;
  TarFraming framing_;
  std::uint64_t max_attributes_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  std::exception_ptr error_;  // nothing may be thrown through C
  std::uint64_t count_ = 0;
};

}  // namespace snapshotter
