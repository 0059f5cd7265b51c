// SPDX-License-Identifier: Apache-2.0
// An archive as it comes: read in large pieces, digested, counted, and kept, before anybody looks
// at it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "config/hash.h"

namespace snapshotter {

class Input {
 public:
  struct Options {
    int fd = -1;
    int keep = -1;  // gets what was read, unless it is xz or bzip2; -1: nobody
    bool is_digested = true;
    config::Algorithm algorithm = config::Algorithm::kSha256;
    std::optional<std::uint64_t> expected_size = {};  // more is an error at once
    std::atomic<std::uint64_t>* progress = nullptr;   // is added to
  };
  explicit Input(const Options& options);

  /// What was read and not yet consumed; empty at end of file only.
  std::string_view peek();
  void consume(std::size_t size) { start_ += size; }
  std::uint64_t total() const { return total_; }
  /// At the end, once.
  config::Digest digest() { return hasher_.finish(); }

 private:
  static constexpr std::size_t kBuffer = std::size_t{256} << 10;
  void fill();

  Options options_;
  std::unique_ptr<char[]> buffer_;
  std::size_t start_ = 0, end_ = 0;
  std::uint64_t total_ = 0;
  bool is_at_end_ = false;
  config::Hasher hasher_;
};

}  // namespace snapshotter
