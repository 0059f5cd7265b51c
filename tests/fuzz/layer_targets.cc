// SPDX-License-Identifier: Apache-2.0
// Of images' layers: archives, their names, and what tilla and its worker say to each other.
#include "tests/fuzz/layer_targets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <string>

#include "snapshotter/layer/protocol.h"
#include "snapshotter/worker/names.h"
#include "snapshotter/worker/owner_record.h"
#include "snapshotter/worker/stream.h"
#include "snapshotter/worker/tar_reader.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/socket.h"

namespace fuzz {
namespace {

namespace protocol = snapshotter::protocol;

constexpr std::uint64_t kMaxDepth = 1024;

void promise(bool is_kept, const char* what) {
  if (is_kept) return;
  fprintf(stderr, "a broken promise: %s\n", what);
  abort();
}

sys::Fd file_of(std::string_view content) {
  sys::Fd file(::memfd_create("archive", MFD_CLOEXEC));
  sys::write_all(file.get(), content);
  sys::rewind(file.get());
  return file;
}

}  // namespace

void read_layer_names(std::string_view input) {
  const snapshotter::LayerName name = snapshotter::read_layer_name(input, kMaxDepth);
  const std::string framed = "/" + name.path + "/";
  if (name.path.empty()) return;
  for (const char* escape : {"/../", "/./", "//"}) {
    promise(framed.find(escape) == std::string::npos, "a name in a layer leads down alone");
  }
}

void read_owner_records(std::string_view input) {
  const snapshotter::OwnerRecords records = snapshotter::parse_owner_records(input);
  promise(snapshotter::parse_owner_records(snapshotter::to_text(records)) == records,
          "a sidecar is read as it was written");
}

void read_protocol(std::string_view input) {
  protocol::Assembler assembler(protocol::kMaxAnswer);
  const std::optional<protocol::Received> whole =
      assembler.add({.text = std::string(input), .fds = {}});
  if (!whole) return;
  switch (whole->kind) {
    case protocol::Kind::kUnpack:
      (void)protocol::decode_unpack(*whole);
      break;
    case protocol::Kind::kPack:
      (void)protocol::decode_pack(*whole);
      break;
    case protocol::Kind::kSplit:
      (void)protocol::decode_split(*whole);
      break;
    case protocol::Kind::kJoin:
      (void)protocol::decode_join(*whole);
      break;
    case protocol::Kind::kProgress:
      (void)protocol::decode_progress(*whole);
      break;
    case protocol::Kind::kFailed:
      (void)protocol::decode_failure(*whole);
      break;
    case protocol::Kind::kReady:
      break;
    case protocol::Kind::kDone:
      switch (whole->job % 3) {
        case 0:
          (void)protocol::decode_unpacked(*whole);
          break;
        case 1:
          (void)protocol::decode_packed(*whole);
          break;
        default:
          (void)protocol::decode_members(*whole);
      }
  }
}

void read_archive(std::string_view input) {
  const sys::Fd file = file_of(input);
  snapshotter::Stream::Options options;
  options.input.fd = file.get();
  options.max_ratio = 2000;
  options.may_be_xz_or_bzip2 = true;
  snapshotter::Stream stream(options);
  snapshotter::TarReader reader(stream, std::uint64_t{1} << 20U);
  snapshotter::Entry entry;
  std::string_view piece;
  std::uint64_t offset = 0;
  std::uint64_t total = 0;
  while (total < (std::uint64_t{32} << 20U) && reader.next(entry)) {
    promise(entry.mode <= 07777 && entry.time.nanoseconds < 1'000'000'000, "an entry is in range");
    while (reader.data(piece, offset) && total < (std::uint64_t{32} << 20U)) total += piece.size();
  }
}

}  // namespace fuzz
