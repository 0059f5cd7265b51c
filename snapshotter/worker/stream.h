// SPDX-License-Identifier: Apache-2.0
// An archive's bytes, uncompressed, for who takes them apart: a thread of its own reads, digests
// and inflates ahead of him.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <thread>

#include "snapshotter/layer/worker.h"
#include "snapshotter/worker/blocks.h"
#include "snapshotter/worker/input.h"

namespace snapshotter {

class Stream {
 public:
  struct Options {
    Input::Options input;
    std::uint64_t max_ratio = 0;
    bool may_be_xz_or_bzip2 = false;
    bool is_digested = true;  // the uncompressed bytes
    config::Algorithm algorithm = config::Algorithm::kSha256;
  };
  explicit Stream(const Options& options);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// The next bytes, valid until the next call; empty at the end.
  /// Errors: those of reading and decompressing; the ratio is exceeded.
  std::string_view next();
  /// Reads what is left, for its digest.
  void drain();

  /// After the end alone.
  struct Facts {
    config::Digest digest, diff_id;
    std::uint64_t size = 0, diff_size = 0;
    Compression compression = Compression::kNone;
  };
  const Facts& facts() const { return facts_; }

 private:
  void run();
  void pump();

  Options options_;
  Input input_;
  BlockQueue queue_;
  std::optional<Block> current_;
  Facts facts_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace snapshotter
