// SPDX-License-Identifier: Apache-2.0
// Compressed bytes into what they were, by libraries in this process, never by a program
// (CVE-2026-41567). Told by their magic; members one after the other are one stream; anything else
// after them is an error.
#pragma once

#include <cstddef>
#include <memory>

#include "snapshotter/layer/worker.h"
#include "snapshotter/worker/input.h"

namespace snapshotter {

/// What begins with these bytes.
Compression compression_of(std::string_view start);
const char* name_of(Compression compression);
/// What `import` and `load` read, and no registry takes.
constexpr bool is_rare(Compression compression) {
  return compression == Compression::kXz || compression == Compression::kBzip2;
}

class Decompressor {
 public:
  virtual ~Decompressor() = default;
  /// Fills `out` as far as it goes; 0 at the end.
  /// Errors: damaged, cut off, something else behind it, or more memory wanted than there may be.
  virtual std::size_t read(char* out, std::size_t size) = 0;
};

/// For what `input` begins with.
std::unique_ptr<Decompressor> make_decompressor(Compression compression, Input& input);

}  // namespace snapshotter
