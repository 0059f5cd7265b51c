// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/decompress.h"

#include <bzlib.h>
#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "sys/error.h"
#include "sys/format.h"

namespace snapshotter {
namespace {

constexpr int kMaxWindowLog = 27;  // as much as zstd(1) takes unasked
constexpr std::uint64_t kMaxXzMemory = std::uint64_t{192} << 20;  // xz -9 needs a third

[[noreturn]] void fail(Compression compression, std::string_view why) {
  throw sys::Error(sys::format("{}: {}", name_of(compression), why));
}
[[noreturn]] void fail_cut_off(Compression compression) {
  fail(compression, "it ends before its end: cut off");
}
[[noreturn]] void fail_trailing(Compression compression) {
  fail(compression, "something follows that is no further member");
}

class Plain : public Decompressor {
 public:
  explicit Plain(Input& input) : input_(input) {}
  std::size_t read(char* out, std::size_t size) override {
    std::size_t filled = 0;
    while (filled < size) {
      const std::string_view piece = input_.peek();
      if (piece.empty()) break;
      const std::size_t part = std::min(piece.size(), size - filled);
      std::memcpy(out + filled, piece.data(), part);
      input_.consume(part);
      filled += part;
    }
    return filled;
  }

 private:
  Input& input_;
};

class Gzip : public Decompressor {
 public:
  explicit Gzip(Input& input) : input_(input), state_(std::make_unique<inflate_state>()) {
    start_member();
  }

  std::size_t read(char* out, std::size_t size) override {
    std::size_t filled = 0;
    while (filled < size) {
      const std::string_view piece = input_.peek();
      if (state_->block_state == ISAL_BLOCK_FINISH) {
        if (piece.empty()) break;
        if (piece[0] != '\x1f') fail_trailing(Compression::kGzip);
        start_member();
      }
      const std::size_t written = inflate(piece, out + filled, size - filled);
      filled += written;
      if (piece.empty() && written == 0 && state_->block_state != ISAL_BLOCK_FINISH) {
        fail_cut_off(Compression::kGzip);
      }
    }
    return filled;
  }

 private:
  void start_member() {
    isal_inflate_init(state_.get());
    state_->crc_flag = ISAL_GZIP;  // header, checksum and length are its to verify
  }

  std::size_t inflate(std::string_view piece, char* out, std::size_t size) {
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(piece.data()));
    state_->avail_in = static_cast<std::uint32_t>(piece.size());
    state_->next_out = reinterpret_cast<std::uint8_t*>(out);
    state_->avail_out = static_cast<std::uint32_t>(size);
    const int result = isal_inflate(state_.get());
    if (result == ISAL_INCORRECT_CHECKSUM) fail(Compression::kGzip, "its checksum is wrong");
    if (result < 0) fail(Compression::kGzip, sys::format("damaged (igzip says {})", result));
    const std::size_t taken = piece.size() - state_->avail_in;
    const std::size_t written = size - state_->avail_out;
    if (taken == 0 && written == 0 && !piece.empty() && state_->block_state != ISAL_BLOCK_FINISH) {
      fail(Compression::kGzip, "damaged: it leads nowhere");
    }
    input_.consume(taken);
    return written;
  }

  Input& input_;
  std::unique_ptr<inflate_state> state_;
};

class Zstd : public Decompressor {
 public:
  explicit Zstd(Input& input) : input_(input), stream_(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    if (!stream_) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  std::size_t read(char* out, std::size_t size) override {
    ZSTD_outBuffer target = {out, size, 0};
    while (target.pos < size) {
      const std::string_view piece = input_.peek();
      if (piece.empty() && is_between_frames_) break;
      ZSTD_inBuffer source = {piece.data(), piece.size(), 0};
      const std::size_t before = target.pos;
      const std::size_t result = ZSTD_decompressStream(stream_.get(), &target, &source);
      if (ZSTD_isError(result) != 0) {
        if (is_between_frames_ && input_.total() > piece.size()) fail_trailing(Compression::kZstd);
        fail(Compression::kZstd, ZSTD_getErrorName(result));
      }
      input_.consume(source.pos);
      is_between_frames_ = result == 0;
      if (piece.empty() && target.pos == before && !is_between_frames_) {
        fail_cut_off(Compression::kZstd);
      }
    }
    return target.pos;
  }

 private:
  Input& input_;
  std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> stream_;
  bool is_between_frames_ = true;
};

class Xz : public Decompressor {
 public:
  explicit Xz(Input& input) : input_(input) {
    if (lzma_stream_decoder(&stream_, kMaxXzMemory, LZMA_CONCATENATED) != LZMA_OK) {
      throw std::bad_alloc();
    }
  }
  ~Xz() override { lzma_end(&stream_); }
  Xz(const Xz&) = delete;
  Xz& operator=(const Xz&) = delete;

  std::size_t read(char* out, std::size_t size) override {
    stream_.next_out = reinterpret_cast<std::uint8_t*>(out);
    stream_.avail_out = size;
    while (stream_.avail_out > 0 && !is_done_) {
      const std::string_view piece = input_.peek();
      stream_.next_in = reinterpret_cast<const std::uint8_t*>(piece.data());
      stream_.avail_in = piece.size();
      const lzma_ret result = lzma_code(&stream_, piece.empty() ? LZMA_FINISH : LZMA_RUN);
      input_.consume(piece.size() - stream_.avail_in);
      if (result == LZMA_STREAM_END)
        is_done_ = true;
      else if (result == LZMA_BUF_ERROR)
        fail_cut_off(Compression::kXz);
      else if (result == LZMA_MEMLIMIT_ERROR)
        fail(Compression::kXz, "it wants too much memory");
      else if (result != LZMA_OK)
        fail(Compression::kXz, sys::format("damaged (liblzma says {})", static_cast<int>(result)));
    }
    return size - stream_.avail_out;
  }

 private:
  Input& input_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool is_done_ = false;
};

class Bzip2 : public Decompressor {
 public:
  explicit Bzip2(Input& input) : input_(input) { start_member(); }
  ~Bzip2() override { (void)BZ2_bzDecompressEnd(&stream_); }
  Bzip2(const Bzip2&) = delete;
  Bzip2& operator=(const Bzip2&) = delete;

  std::size_t read(char* out, std::size_t size) override {
    std::size_t filled = 0;
    while (filled < size) {
      const std::string_view piece = input_.peek();
      if (is_member_done_) {
        if (piece.empty()) break;
        if (piece[0] != 'B') fail_trailing(Compression::kBzip2);
        (void)BZ2_bzDecompressEnd(&stream_);
        start_member();
      }
      stream_.next_in = const_cast<char*>(piece.data());
      stream_.avail_in = static_cast<unsigned>(piece.size());
      stream_.next_out = out + filled;
      stream_.avail_out = static_cast<unsigned>(size - filled);
      const int result = BZ2_bzDecompress(&stream_);
      if (result != BZ_OK && result != BZ_STREAM_END) {
        fail(Compression::kBzip2, sys::format("damaged (libbz2 says {})", result));
      }
      const std::size_t written = size - filled - stream_.avail_out;
      input_.consume(piece.size() - stream_.avail_in);
      filled += written;
      is_member_done_ = result == BZ_STREAM_END;
      if (piece.empty() && written == 0 && !is_member_done_) fail_cut_off(Compression::kBzip2);
    }
    return filled;
  }

 private:
  void start_member() {
    stream_ = {};
    is_member_done_ = false;
    if (BZ2_bzDecompressInit(&stream_, 0, 0) != BZ_OK) throw std::bad_alloc();
  }

  Input& input_;
  bz_stream stream_ = {};
  bool is_member_done_ = false;
};

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// RFC 8878, 3.1.2: 0x184D2A50 to 5F, little-endian.
bool is_skippable_zstd_frame(std::string_view start) {
  return start.size() >= 4 && (static_cast<unsigned char>(start[0]) & 0xf0U) == 0x50 &&
         start.substr(1, 3) == std::string_view("\x2a\x4d\x18", 3);
}

}  // namespace

Compression compression_of(std::string_view start) {
  if (starts_with(start, "\x1f\x8b")) return Compression::kGzip;
  if (starts_with(start, "\x28\xb5\x2f\xfd") || is_skippable_zstd_frame(start)) {
    return Compression::kZstd;
  }
  if (starts_with(start, std::string_view("\xfd"
                                          "7zXZ\0",
                                          6)))
    return Compression::kXz;
  if (starts_with(start, "BZh") && start.size() >= 10 &&
      (start.substr(4, 6) == "1AY&SY" || start.substr(4, 6) == "\x17\x72\x45\x38\x50\x90")) {
    return Compression::kBzip2;
  }
  return Compression::kNone;
}

const char* name_of(Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return "tar";
    case Compression::kGzip:
      return "gzip";
    case Compression::kZstd:
      return "zstd";
    case Compression::kXz:
      return "xz";
    case Compression::kBzip2:
      return "bzip2";
  }
  return "";
}

std::unique_ptr<Decompressor> make_decompressor(Compression compression, Input& input) {
  switch (compression) {
    case Compression::kGzip:
      return std::make_unique<Gzip>(input);
    case Compression::kZstd:
      return std::make_unique<Zstd>(input);
    case Compression::kXz:
      return std::make_unique<Xz>(input);
    case Compression::kBzip2:
      return std::make_unique<Bzip2>(input);
    case Compression::kNone:
      break;
  }
  return std::make_unique<Plain>(input);
}

}  // namespace snapshotter
