// SPDX-License-Identifier: Apache-2.0
// Bytes into compressed ones, the same on every machine and on every day: by libraries whose result
// depends neither on the processor (isa-l's does) nor on how many there are.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "snapshotter/layer/worker.h"

namespace snapshotter {

class Compressor {
 public:
  using Take = std::function<void(std::string_view)>;
  virtual ~Compressor() = default;
  /// Gives what is ready to `take`; the rest with `is_last`.
  virtual void add(std::string_view bytes, bool is_last, const Take& take) = 0;
};

/// For gzip and zstd.
std::unique_ptr<Compressor> make_compressor(Compression compression);

}  // namespace snapshotter
