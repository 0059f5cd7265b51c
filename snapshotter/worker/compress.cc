// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/compress.h"

#include <zlib.h>
#include <zstd.h>

#include <array>

#include "sys/error.h"

namespace snapshotter {
namespace {

constexpr int kGzipWindow = 15 + 16;  // with gzip's header: no name, time 0
constexpr int kGzipLevel = 6, kGzipMemory = 8;
constexpr unsigned char kUnknownSystem = 255;
constexpr int kZstdLevel = 3;
constexpr int kZstdJob = 2 << 20;  // how much of the stream one thread takes at a time

using Buffer = std::array<char, 65536>;

class Gzip : public Compressor {
 public:
  Gzip() {
    if (deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
    header_.os = kUnknownSystem;
    deflateSetHeader(&stream_, &header_);
  }
  ~Gzip() override { (void)deflateEnd(&stream_); }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void add(std::string_view bytes, bool is_last, const Take& take) override {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(out_.data());
      stream_.avail_out = static_cast<uInt>(out_.size());
      (void)deflate(&stream_, is_last ? Z_FINISH : Z_NO_FLUSH);  // fails for misuse alone
      if (stream_.avail_out < out_.size()) take({out_.data(), out_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

 private:
  z_stream stream_ = {};
  gz_header header_ = {};
  Buffer out_;
};

class Zstd : public Compressor {
 public:
  Zstd() : stream_(ZSTD_createCCtx(), &ZSTD_freeCCtx) {
    if (!stream_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_checksumFlag, 1);
    // With any number of threads but none the result is the same.
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_nbWorkers, 2);
    ZSTD_CCtx_setParameter(stream_.get(), ZSTD_c_jobSize, kZstdJob);
  }

  void add(std::string_view bytes, bool is_last, const Take& take) override {
    ZSTD_inBuffer source = {bytes.data(), bytes.size(), 0};
    for (;;) {
      ZSTD_outBuffer target = {out_.data(), out_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(stream_.get(), &target, &source,
                                                    is_last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0) throw sys::Error(ZSTD_getErrorName(left));
      if (target.pos > 0) take({out_.data(), target.pos});
      if (is_last ? left == 0 : source.pos == source.size) return;
    }
  }

 private:
  std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> stream_;
  Buffer out_;
};

}  // namespace

std::unique_ptr<Compressor> make_compressor(Compression compression) {
  if (compression == Compression::kZstd) return std::make_unique<Zstd>();
  return std::make_unique<Gzip>();
}

}  // namespace snapshotter
