// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/input.h"

#include "snapshotter/worker/decompress.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "sys/place.h"

namespace snapshotter {

Input::Input(const Options& options)
    : options_(options),
      buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)),
      hasher_(options.algorithm) {}

std::string_view Input::peek() {
  if (start_ == end_ && !is_at_end_) fill();
  return {buffer_.get() + start_, end_ - start_};
}

// Whole buffers, from pipes too: the magic is in one piece then.
void Input::fill() {
  start_ = end_ = 0;
  while (end_ < kBuffer) {
    const std::size_t size = sys::read_into(options_.fd, buffer_.get() + end_, kBuffer - end_);
    if (size == 0) {
      is_at_end_ = true;
      break;
    }
    end_ += size;
  }
  total_ += end_;
  if (options_.expected_size && total_ > *options_.expected_size) {
    throw sys::Error(sys::format("it is longer than the {} bytes that it is said to have",
                                 *options_.expected_size));
  }
  const std::string_view piece(buffer_.get(), end_);
  if (total_ == end_ && is_rare(compression_of(piece))) options_.keep = -1;
  if (options_.is_digested) hasher_.add(piece);
  if (options_.keep >= 0) sys::write_all(options_.keep, piece);
  if (options_.progress != nullptr) *options_.progress += end_;
}

}  // namespace snapshotter
