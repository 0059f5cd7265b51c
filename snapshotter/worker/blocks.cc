// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/blocks.h"

#include <utility>

namespace snapshotter {

std::optional<Block> BlockQueue::free_block() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return is_cancelled_ || !free_.empty() || made_ < kBlocks; });
  if (is_cancelled_) return std::nullopt;
  if (free_.empty()) {
    ++made_;
    return Block{.bytes = std::make_unique_for_overwrite<char[]>(kBlock)};
  }
  Block block = std::move(free_.front());
  free_.pop_front();
  block.size = 0;
  return block;
}

void BlockQueue::push(Block block) {
  const std::lock_guard lock(mutex_);
  full_.push_back(std::move(block));
  changed_.notify_one();
}

void BlockQueue::close(std::exception_ptr error) {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  error_ = std::move(error);
  changed_.notify_all();
}

std::optional<Block> BlockQueue::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !full_.empty() || is_closed_; });
  if (full_.empty()) {
    if (error_) std::rethrow_exception(error_);
    return std::nullopt;
  }
  Block block = std::move(full_.front());
  full_.pop_front();
  return block;
}

void BlockQueue::give_back(Block block) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(block));
  changed_.notify_one();
}

void BlockQueue::cancel() {
  const std::lock_guard lock(mutex_);
  is_cancelled_ = true;
  changed_.notify_all();
}

}  // namespace snapshotter
