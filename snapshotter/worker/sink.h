// SPDX-License-Identifier: Apache-2.0
// Where a new archive goes: a thread of its own digests, compresses and writes what another one
// puts together.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>

#include "snapshotter/layer/worker.h"
#include "snapshotter/worker/blocks.h"

namespace snapshotter {

class Sink {
 public:
  struct Options {
    int output = -1;  // -1: digests alone
    Compression compression = Compression::kNone;
    bool is_digested = true;
  };
  explicit Sink(const Options& options);
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  void add(std::string_view bytes);
  /// Room to read something into; at least one byte. Followed by filled().
  std::pair<char*, std::size_t> room();
  void filled(std::size_t size);
  void add_zeros(std::size_t count);

  /// Waits until everything is written. Errors: those of writing.
  Packed finish();

 private:
  void run();
  void flush();

  Options options_;
  BlockQueue queue_;
  Block current_;
  Packed facts_;
  std::exception_ptr error_;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace snapshotter
