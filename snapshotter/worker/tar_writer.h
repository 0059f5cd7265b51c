// SPDX-License-Identifier: Apache-2.0
// Headers of a tar: ustar, and pax records for what ustar has no room for, as few as there need be.
// The same entry always becomes the same bytes; no names of users, no time but the entry's.
// Source: pax(1p), "ustar Interchange Format", "pax Extended Header".
#pragma once

#include "snapshotter/worker/sink.h"
#include "snapshotter/worker/tar_reader.h"

namespace snapshotter {

class TarWriter {
 public:
  explicit TarWriter(Sink& sink) : sink_(sink) {}

  /// The header of `entry` (its type 0: a hard link). A directory's path gets its '/'.
  /// entry.size bytes of content follow, then pad().
  void add_header(const Entry& entry);
  void pad(std::uint64_t size);
  /// The two blocks of zeros.
  void finish();

 private:
  Sink& sink_;
};

}  // namespace snapshotter
