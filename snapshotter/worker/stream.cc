// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/stream.h"

#include <utility>

#include "snapshotter/worker/decompress.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr std::uint64_t kUnsuspicious = std::uint64_t{64} << 20;

}  // namespace

Stream::Stream(const Options& options)
    : options_(options), input_(options.input), thread_([this] { run(); }) {}

Stream::~Stream() {
  queue_.cancel();
  thread_.join();
}

// The end of the thread: nothing may leave it.
void Stream::run() {
  try {
    pump();
    queue_.close();
  } catch (...) {  // it is thrown again where the blocks are taken
    queue_.close(std::current_exception());
  }
}

void Stream::pump() {
  facts_.compression = compression_of(input_.peek());
  const bool keeps_unpacked = is_rare(facts_.compression) && options_.input.keep >= 0;
  if (is_rare(facts_.compression) && !options_.may_be_xz_or_bzip2) {
    throw sys::Error(sys::format("it is compressed with {}, and a layer may be with gzip or zstd",
                                 name_of(facts_.compression)));
  }
  // What isn't compressed has one digest, and that is computed as it comes.
  const bool needs_digest =
      options_.is_digested &&
      (facts_.compression != Compression::kNone || !options_.input.is_digested ||
       options_.input.algorithm != options_.algorithm);
  const auto decompressor = make_decompressor(facts_.compression, input_);
  config::Hasher hasher(options_.algorithm);
  for (;;) {
    std::optional<Block> block = queue_.free_block();
    if (!block) return;
    block->size = decompressor->read(block->bytes.get(), BlockQueue::kBlock);
    if (block->size == 0) break;
    facts_.diff_size += block->size;
    if (facts_.diff_size > kUnsuspicious && facts_.compression != Compression::kNone &&
        facts_.diff_size / options_.max_ratio > input_.total()) {
      throw sys::Error(sys::format("limit \"ratio\": unpacked it is more than {} times as large",
                                   options_.max_ratio));
    }
    if (needs_digest) hasher.add(block->view());
    if (keeps_unpacked) sys::write_all(options_.input.keep, block->view());
    queue_.push(std::move(*block));
  }
  facts_.size = input_.total();
  if (options_.input.is_digested) facts_.digest = input_.digest();
  if (needs_digest)
    facts_.diff_id = hasher.finish();
  else if (options_.is_digested)
    facts_.diff_id = facts_.digest;
}

std::string_view Stream::next() {
  if (current_) queue_.give_back(std::move(*current_));
  current_.reset();
  current_ = queue_.pop();
  return current_ ? current_->view() : std::string_view();
}

void Stream::drain() {
  while (!next().empty()) {
  }
}

}  // namespace snapshotter
