// SPDX-License-Identifier: Apache-2.0
// Blobs by digest: adding, reading, and those that come in pieces.
#include <fcntl.h>

#include <cerrno>
#include <set>
#include <utility>

#include "snapshotter/content/layout.h"
#include "snapshotter/content/store.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {
namespace {

// Up to so many files, a sync of each is quicker than one of the file system, on which others may
// have written a lot.
constexpr std::size_t kFewFiles = 4;
constexpr mode_t kBlobMode = 0644;

config::Digest digest_of_file(int file, const config::Digest& like) {
  constexpr std::size_t kPiece = std::size_t{256} << 10;
  config::Hasher hasher(like);
  sys::rewind(file);
  for (;;) {
    const std::string piece = sys::read_some(file, kPiece);
    if (piece.empty()) return hasher.finish();
    hasher.add(piece);
  }
}

// INV-8: what the worker left under the name may be anything.
sys::Fd open_staged_file(const Staging& staging, const std::string& name) {
  sys::Fd file = sys::open_at(staging.fd(), name, O_RDONLY | O_NONBLOCK);
  if (!S_ISREG(sys::status_of(file.get()).st_mode)) {
    throw sys::Error(sys::format("\"{}\" is no regular file", name), EINVAL);
  }
  return file;
}

}  // namespace

// ---------------------------------------------------------------------------- adding

void Store::add(Staging& staging, const Batch& batch, Lease& lease) {
  for (const StagedBlob& blob : batch.blobs) lease.keep(blob.digest);
  for (const StagedLayer& layer : batch.layers) lease.keep_layer(*batch.mapping, layer.chain_id);
  prepare_layers(staging, batch.layers);
  std::vector<sys::Fd> files;
  for (const StagedBlob& blob : batch.blobs) files.push_back(open_staged_file(staging, blob.name));
  if (batch.layers.empty() && files.size() <= kFewFiles) {
    for (const sys::Fd& file : files) sys::sync_file(file.get());
  } else {
    sys::sync_filesystem(root_.get());
  }
  // Only now may anything get its name.
  std::set<std::string> folders;
  for (const StagedBlob& blob : batch.blobs) {
    sys::move_at(staging.fd(), blob.name, blobs_.get(), layout::blob_path(blob.digest));
    folders.insert(blob.digest.algorithm);
  }
  if (!batch.layers.empty()) name_layers(staging, *batch.mapping, batch.layers);
  for (const std::string& folder : folders) {
    sys::sync_file(layout::open_directory(blobs_.get(), folder).get());
  }
}

void Store::add_blobs(Staging& staging, const std::vector<StagedBlob>& blobs, Lease& lease) {
  add(staging, Batch{.blobs = blobs}, lease);
}

config::Descriptor Store::stage_document(Staging& staging, Batch& batch, std::string_view bytes,
                                         std::string_view media_type) {
  config::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = config::digest_of(bytes);
  descriptor.size = bytes.size();
  // No name of the worker's: it makes none that start like this.
  std::string name = sys::format(".document-{}", staging.documents_++);
  sys::create_file_at(staging.fd(), name, bytes, kBlobMode);
  batch.blobs.push_back({.name = std::move(name), .digest = descriptor.digest});
  return descriptor;
}

config::Descriptor Store::add_blob(std::string_view bytes, std::string_view media_type,
                                   Lease& lease) {
  config::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = config::digest_of(bytes);
  descriptor.size = bytes.size();
  lease.keep(descriptor.digest);
  if (blob_size(descriptor.digest) == bytes.size()) return descriptor;
  Staging staging = stage();
  Batch batch;
  (void)stage_document(staging, batch, bytes, media_type);
  add(staging, batch, lease);
  return descriptor;
}

// ---------------------------------------------------------------------------- reading

std::optional<std::uint64_t> Store::blob_size(const config::Digest& digest) const {
  const std::optional<struct stat> status =
      sys::status_at_if_exists(blobs_.get(), layout::blob_path(digest));
  if (!status || !S_ISREG(status->st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status->st_size);
}

sys::Fd Store::open_blob(const config::Digest& digest) const {
  std::optional<sys::Fd> file =
      sys::open_at_if_exists(blobs_.get(), layout::blob_path(digest), O_RDONLY | O_NONBLOCK);
  if (!file) {
    throw sys::Error(sys::format("blob {} is not in the store", digest.text()), ENOENT,
                     "`tilla system check` says what is missing and what to load again");
  }
  if (!S_ISREG(sys::status_of(file->get()).st_mode)) {
    throw sys::Error(sys::format("blob {} is no regular file", digest.text()), EINVAL);
  }
  return std::move(*file);
}

std::string Store::read_blob(const config::Descriptor& descriptor, std::size_t limit) const {
  const std::optional<std::uint64_t> size = blob_size(descriptor.digest);
  if (size && *size != descriptor.size) {
    throw sys::Error(sys::format("blob {} has {} bytes, and {} where it is referred to",
                                 descriptor.digest.text(), *size, descriptor.size),
                     EINVAL, "`tilla system check --repair` drops it; load the image again then");
  }
  return read_blob(descriptor.digest, limit);
}

std::string Store::read_blob(const config::Digest& digest, std::size_t limit) const {
  const sys::Fd file = open_blob(digest);
  return sys::in_context(
      [&] { return "blob " + digest.text(); },
      [&] {
        std::string bytes = sys::read_all(file.get(), limit);
        config::Hasher hasher(digest);
        hasher.add(bytes);
        if (const config::Digest found = hasher.finish(); found != digest) {
          throw sys::Error("its content has digest " + found.text(), EINVAL,
                           "`tilla system check --repair` drops it; load the image again then");
        }
        return bytes;
      });
}

// ---------------------------------------------------------------------------- in pieces

std::optional<sys::Fd> Store::open_partial(const config::Digest& digest) {
  if (has_blob(digest)) return std::nullopt;
  const sys::Fd folder = layout::open_directory(root_.get(), layout::kPartial);
  sys::Fd file = sys::lock_name(folder.get(), layout::partial_name(digest));
  if (has_blob(digest)) {  // whoever had the lock has brought it
    (void)sys::unlink_at_if_exists(folder.get(), layout::partial_name(digest));
    return std::nullopt;
  }
  sys::seek_to_end(file.get());
  return file;
}

void Store::commit_partial(const config::Digest& digest, sys::Fd partial, Lease& lease) {
  lease.keep(digest);
  if (const config::Digest found = digest_of_file(partial.get(), digest); found != digest) {
    discard_partial(digest, std::move(partial));
    throw sys::Error(sys::format("what came as blob {} has digest {}", digest.text(), found.text()),
                     EINVAL);
  }
  sys::sync_file(partial.get());
  const sys::Fd folder = layout::open_directory(root_.get(), layout::kPartial);
  sys::move_at(folder.get(), layout::partial_name(digest), blobs_.get(), layout::blob_path(digest));
  sys::sync_file(layout::open_directory(blobs_.get(), digest.algorithm).get());
}

void Store::discard_partial(const config::Digest& digest, sys::Fd partial) {
  const sys::Fd folder = layout::open_directory(root_.get(), layout::kPartial);
  (void)sys::unlink_at_if_exists(folder.get(), layout::partial_name(digest));
  partial.reset();  // after the name: who waits for the lock must find a file of its own
}

}  // namespace snapshotter
