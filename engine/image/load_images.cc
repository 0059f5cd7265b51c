// SPDX-License-Identifier: Apache-2.0
#include "engine/image/load_images.h"

#include <fcntl.h>

#include <set>
#include <utility>

#include "config/platform.h"
#include "config/reference.h"
#include "engine/image/ensure_layers.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

constexpr std::size_t kChunk = std::size_t{256} << 10;

/// Copies and verifies what isn't unpacked: layers of other platforms, blobs of unknown types.
void copy_verified(int from, int to, const Descriptor& blob) {
  config::Hasher hasher(blob.digest);
  std::uint64_t size = 0;
  for (std::string bytes; !(bytes = sys::read_some(from, kChunk)).empty();) {
    size += bytes.size();
    if (size > blob.size) break;
    hasher.add(bytes);
    sys::write_all(to, bytes);
  }
  if (size != blob.size) {
    throw sys::Error(sys::format("\"{}\" is {} than the {} bytes of its descriptor",
                                 blob.digest.text(), size > blob.size ? "longer" : "shorter",
                                 blob.size));
  }
  const Digest digest = hasher.finish();
  if (digest != blob.digest) {
    throw sys::Error(
        sys::format("\"{}\" has the digest \"{}\"", blob.digest.text(), digest.text()));
  }
}

class Loader {
 public:
  Loader(const Workshop& workshop, snapshotter::Staging& staging, const Archive& archive,
         const LoadOptions& options)
      : workshop_(workshop),
        staging_(staging),
        archive_(archive),
        options_(options),
        lease_(workshop.store.lease()) {}

  std::vector<LoadedImage> load() {
    std::vector<Descriptor> tops;
    for (const ArchivedImage& image : archive_.images()) {
      choose(image);
      tops.push_back(image.descriptor);
    }
    const Closure closure = follow(tops, archive_.documents());
    for (const Closure::Document& each : closure.documents) lease_.keep(each.descriptor.digest);
    for (const Descriptor& each : closure.blobs) {
      if (config::is_verifiable(each.digest)) lease_.keep(each.digest);
    }

    const MadeLayers made = make_layers(
        workshop_, staging_, wanted_, [&](const Descriptor& blob) { return open_layer(blob); },
        lease_);
    for (const Descriptor& each : closure.blobs) keep(each);
    for (const Closure::Document& each : closure.documents) {
      snapshotter::Store::stage_document(staging_, batch_, each.text, each.descriptor.media_type);
    }
    batch_.mapping = &workshop_.mapping;
    batch_.layers = made.layers;
    workshop_.store.add(staging_, batch_, lease_);
    workshop_.store.update_index([&](config::Index& index) { name_images(index); });
    return std::move(loaded_);
  }

 private:
  /// Which image of it is to be unpacked, and what it will be called.
  void choose(const ArchivedImage& archived) {
    LoadedImage& loaded = loaded_.emplace_back();
    for (const std::string& name : archived.names) {
      const config::Reference reference = config::parse_reference(name);
      if (config::is_scratch(reference)) throw sys::Error("no image can be called \"scratch\"");
      loaded.names.push_back(reference.text());
    }
    const config::Platform platform =
        options_.platform ? *options_.platform : config::native_platform();
    const std::optional<ImageDocuments> image =
        find_image(archived.descriptor, platform, archive_.documents());
    if (options_.platform &&
        (!image || !config::match_platform(config::normalise(image->config.platform), platform))) {
      throw sys::Error(sys::format(
          "\"{}\" has no image for {}",
          archived.names.empty() ? archived.descriptor.digest.text() : archived.names.front(),
          config::to_text(platform)));
    }
    loaded.id = image ? image->id() : archived.descriptor.digest;
    if (image) wanted_.push_back({image->manifest.layers, image->config.diff_ids});
  }

  std::string new_blob() { return sys::format("blob-{}", ++count_); }

  LayerArchive open_layer(const Descriptor& blob) {
    LayerArchive layer;
    const bool is_kept = workshop_.store.has_blob(blob.digest);
    std::optional<sys::Fd> file = archive_.open(blob.digest);
    if (!file && !is_kept) {
      throw sys::Error(sys::format("layer \"{}\" is not in the archive", blob.digest.text()), 0,
                       blob.urls.empty() ? "" : "layers are never fetched from a manifest's urls");
    }
    layer.archive = file ? std::move(*file) : workshop_.store.open_blob(blob.digest);
    if (is_kept) return layer;
    std::string name = archive_.staged(blob);
    if (name.empty()) {
      name = new_blob();
      layer.keep = sys::open_at(staging_.fd(), name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    }
    add(std::move(name), blob);
    return layer;
  }

  void keep(const Descriptor& blob) {
    if (!config::is_verifiable(blob.digest)) return;  // as if the archive didn't have it
    if (added_.contains(blob.digest) || workshop_.store.has_blob(blob.digest)) return;
    std::string name = archive_.staged(blob);
    if (name.empty()) {
      const std::optional<sys::Fd> file = archive_.open(blob.digest);
      if (!file) return;  // in part: of another platform, or foreign
      name = new_blob();
      const sys::Fd copy = sys::open_at(staging_.fd(), name, O_WRONLY | O_CREAT | O_EXCL, 0644);
      copy_verified(file->get(), copy.get(), blob);
    }
    add(std::move(name), blob);
  }

  void add(std::string name, const Descriptor& blob) {
    if (!added_.insert(blob.digest).second) return;
    batch_.blobs.push_back({std::move(name), blob.digest});
  }

  void name_images(config::Index& index) const {
    for (std::size_t i = 0; i < loaded_.size(); ++i) {
      const Descriptor& descriptor = archive_.images()[i].descriptor;
      if (loaded_[i].names.empty()) put_image(index, descriptor, "");
      for (const std::string& name : loaded_[i].names) put_image(index, descriptor, name);
    }
  }

  const Workshop& workshop_;
  snapshotter::Staging& staging_;
  const Archive& archive_;
  const LoadOptions& options_;
  snapshotter::Lease lease_;
  snapshotter::Store::Batch batch_;
  std::vector<WantedLayers> wanted_;
  std::vector<LoadedImage> loaded_;
  std::set<Digest> added_;
  int count_ = 0;
};

}  // namespace

std::vector<LoadedImage> load_images(const Workshop& workshop, snapshotter::Staging& staging,
                                     const Archive& archive, const LoadOptions& options) {
  return Loader(workshop, staging, archive, options).load();
}

}  // namespace engine
