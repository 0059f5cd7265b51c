// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/sink.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "snapshotter/worker/compress.h"
#include "sys/error.h"
#include "sys/fd.h"

namespace snapshotter {

Sink::Sink(const Options& options) : options_(options), thread_([this] { run(); }) {}

Sink::~Sink() {
  if (!thread_.joinable()) return;
  queue_.close();
  thread_.join();
}

std::pair<char*, std::size_t> Sink::room() {
  if (current_.size == BlockQueue::kBlock) flush();
  if (!current_.bytes) {
    std::optional<Block> block = queue_.free_block();
    if (!block) std::rethrow_exception(error_);  // the thread stopped, and said why before
    current_ = std::move(*block);
  }
  return {current_.bytes.get() + current_.size, BlockQueue::kBlock - current_.size};
}

void Sink::filled(std::size_t size) { current_.size += size; }

void Sink::flush() {
  if (current_.size > 0) queue_.push(std::move(current_));
  current_ = {};
}

void Sink::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto [to, size] = room();
    const std::size_t part = std::min(size, bytes.size());
    std::memcpy(to, bytes.data(), part);
    filled(part);
    bytes.remove_prefix(part);
  }
}

void Sink::add_zeros(std::size_t count) {
  while (count > 0) {
    const auto [to, size] = room();
    const std::size_t part = std::min(size, count);
    std::memset(to, 0, part);
    filled(part);
    count -= part;
  }
}

Packed Sink::finish() {
  flush();
  queue_.close();
  thread_.join();
  if (error_) std::rethrow_exception(error_);
  return facts_;
}

// The thread: nothing may leave it.
void Sink::run() {
  try {
    config::Hasher plain, compressed;
    std::unique_ptr<Compressor> compressor;
    if (options_.compression != Compression::kNone) {
      compressor = make_compressor(options_.compression);
    }
    const auto write = [&](std::string_view bytes) {
      if (compressor) compressed.add(bytes);
      facts_.size += bytes.size();
      if (options_.output >= 0) sys::write_all(options_.output, bytes);
    };
    for (;;) {
      std::optional<Block> block = queue_.pop();
      const std::string_view bytes = block ? block->view() : std::string_view();
      if (options_.is_digested) plain.add(bytes);
      facts_.diff_size += bytes.size();
      if (compressor) {
        compressor->add(bytes, !block, write);
      } else {
        write(bytes);
      }
      if (!block) break;
      queue_.give_back(std::move(*block));
    }
    if (options_.is_digested) facts_.diff_id = plain.finish();
    facts_.digest = compressor ? compressed.finish() : facts_.diff_id;
  } catch (...) {  // thrown again by finish(), or by who wants room
    error_ = std::current_exception();
    queue_.cancel();
  }
}

}  // namespace snapshotter
