// SPDX-License-Identifier: Apache-2.0
// A bounded queue of blocks of bytes between two threads: as many as memory is meant for, and no
// more, however long the stream is.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace snapshotter {

struct Block {
  std::unique_ptr<char[]> bytes;
  std::size_t size = 0;
  std::string_view view() const { return {bytes.get(), size}; }
};

class BlockQueue {
 public:
  static constexpr std::size_t kBlock = std::size_t{128} << 10;
  static constexpr std::size_t kBlocks = 8;

  /// The writer's: an empty block of kBlock bytes to fill. Empty: the reader wants no more.
  std::optional<Block> free_block();
  void push(Block block);
  /// No block follows; with an error, the reader gets it after those that are there.
  void close(std::exception_ptr error = nullptr);

  /// The reader's: empty at the end. Errors: that of close().
  std::optional<Block> pop();
  void give_back(Block block);
  /// The reader wants no more.
  void cancel();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> full_, free_;
  std::size_t made_ = 0;
  bool is_closed_ = false, is_cancelled_ = false;
  std::exception_ptr error_;
};

}  // namespace snapshotter
