// SPDX-License-Identifier: Apache-2.0
#include "engine/image/ensure_layers.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <set>

#include "engine/image/finish_layer.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Digest;
using snapshotter::Unpacked;

/// A layer that is missing, of the first image that has it.
struct Missing {
  const WantedLayers* image = nullptr;
  std::size_t index = 0;
  std::string name;  // in the staging folder
};

// Errors: also a layer whose digest nobody here can verify.
void check(const WantedLayers& image) {
  if (image.blobs.size() != image.diff_ids.size()) {
    throw sys::Error(sys::format("the manifest has {} layers, its configuration {}",
                                 image.blobs.size(), image.diff_ids.size()));
  }
  for (const config::Descriptor& blob : image.blobs) (void)config::parse_digest(blob.digest.text());
}

class Maker {
 public:
  Maker(const Workshop& workshop, snapshotter::Staging& staging, snapshotter::Lease& lease)
      : workshop_(workshop), staging_(staging), lease_(lease) {}

  MadeLayers make(const std::vector<WantedLayers>& images, const OpenArchive& open) {
    lock(images);
    for (const WantedLayers& image : images) list_missing(image);
    unpack(open);
    return std::move(made_);
  }

 private:
  void lock(const std::vector<WantedLayers>& images) {
    std::set<Digest> lacking;
    for (const WantedLayers& image : images) {
      check(image);
      for (const Digest& chain : chain_ids(image.diff_ids)) {
        lease_.keep_layer(workshop_.mapping, chain);
        if (!workshop_.store.has_layer(workshop_.mapping, chain)) lacking.insert(chain);
      }
    }
    if (lacking.empty()) return;
    made_.locks = workshop_.store.lock_layers(workshop_.mapping, {lacking.begin(), lacking.end()});
  }

  void list_missing(const WantedLayers& image) {
    const std::vector<Digest> chain = chain_ids(image.diff_ids);
    for (std::size_t i = 0; i < chain.size(); ++i) {
      if (missing_.contains(chain[i])) continue;
      if (workshop_.store.has_layer(workshop_.mapping, chain[i])) continue;
      order_.push_back(chain[i]);
      missing_[chain[i]] = {&image, i, sys::format("layer-{}", order_.size())};
    }
  }

  void unpack(const OpenArchive& open) {
    if (order_.empty()) return;
    std::vector<LayerArchive> archives;
    std::vector<LayerPlace> places;
    std::vector<snapshotter::UnpackJob> jobs;
    std::uint64_t total = 0;
    for (const Digest& chain : order_) {
      const Missing& each = missing_[chain];
      const config::Descriptor& blob = each.image->blobs[each.index];
      archives.push_back(open(blob));
      places.push_back(make_place(staging_, workshop_.mapping, each.name));
      snapshotter::UnpackJob& job = jobs.emplace_back();
      job.archive = archives.back().archive.get();
      job.directory = places.back().directory.get();
      job.keep = archives.back().keep.get();  // -1 when there is none
      job.owners = places.back().owners.get();
      job.mapping = workshop_.mapping;
      job.expected_digest = blob.digest;
      job.expected_size = blob.size;
      job.expected_diff_id = each.image->diff_ids[each.index];
      total += blob.size;
    }
    workshop_.progress.begin(
        sys::format("unpacking {} layer{}", jobs.size(), jobs.size() == 1 ? "" : "s"), total);
    const std::vector<Unpacked> results = make_worker(workshop_, staging_).unpack(jobs);
    workshop_.progress.end();
    for (std::size_t i = 0; i < order_.size(); ++i) {
      finish(order_[i], places[i], results[i]);
      made_.verified.push_back(jobs[i].expected_digest);
    }
  }

  /// In the order of the stack: those below are finished.
  void finish(const Digest& chain, const LayerPlace& place, const Unpacked& unpacked) {
    const Missing& layer = missing_[chain];
    if (!unpacked.implied.empty() || !unpacked.links_below.empty()) {
      std::vector<sys::Fd> opened;
      std::vector<int> below;
      const std::vector<Digest> stack = chain_ids(layer.image->diff_ids);
      for (std::size_t i = layer.index; i-- > 0;) {
        const auto fresh = missing_.find(stack[i]);
        opened.push_back(
            fresh == missing_.end()
                ? workshop_.store.open_layer(workshop_.mapping, stack[i])
                : sys::open_at(staging_.fd(), fresh->second.name, O_RDONLY | O_DIRECTORY));
        below.push_back(opened.back().get());
      }
      sys::in_context(
          [&] { return "layer " + layer.image->diff_ids[layer.index].text(); },
          [&] { finish_layer(place.directory.get(), below, unpacked, workshop_.mapping); });
    }
    made_.layers.push_back(staged_layer(place, chain, unpacked));
  }

  const Workshop& workshop_;
  snapshotter::Staging& staging_;
  snapshotter::Lease& lease_;
  std::map<Digest, Missing> missing_;
  std::vector<Digest> order_;  // the lower ones of an image before the upper ones
  MadeLayers made_;
};

}  // namespace

std::vector<Digest> chain_ids(const std::vector<Digest>& diff_ids) {
  std::vector<Digest> chain;
  Digest below;
  for (const Digest& diff_id : diff_ids) chain.push_back(below = config::chain_id(below, diff_id));
  return chain;
}

LayerPlace make_place(const snapshotter::Staging& staging, const snapshotter::Mapping& mapping,
                      std::string name) {
  LayerPlace place;
  sys::make_directory_at(staging.fd(), name, 0755);
  place.directory = sys::open_at(staging.fd(), name, O_RDONLY | O_DIRECTORY);
  if (mapping.ownership == snapshotter::Ownership::kRecorded) {
    place.owners_name = name + ".owners";
    place.owners = sys::open_at(staging.fd(), place.owners_name, O_RDWR | O_CREAT | O_EXCL, 0644);
  }
  place.name = std::move(name);
  return place;
}

snapshotter::StagedLayer staged_layer(const LayerPlace& place, const Digest& chain_id,
                                      const Unpacked& unpacked) {
  return {
      .name = place.name,
      .chain_id = chain_id,
      .size = unpacked.file_bytes,
      .entries = unpacked.entries,
      .owners = unpacked.recorded == 0 ? "" : place.owners_name,
  };
}

MadeLayers make_layers(const Workshop& workshop, snapshotter::Staging& staging,
                       const std::vector<WantedLayers>& images, const OpenArchive& open,
                       snapshotter::Lease& lease) {
  return Maker(workshop, staging, lease).make(images, open);
}

void ensure_layers(const Workshop& workshop, const config::Manifest& manifest,
                   const config::ImageConfig& config, snapshotter::Lease& lease) {
  const WantedLayers wanted = {manifest.layers, config.diff_ids};
  check(wanted);
  bool is_complete = true;
  for (const Digest& chain : chain_ids(wanted.diff_ids)) {
    lease.keep_layer(workshop.mapping, chain);
    is_complete = is_complete && workshop.store.has_layer(workshop.mapping, chain);
  }
  if (is_complete) return;
  snapshotter::Staging staging = workshop.store.stage();
  const MadeLayers made = make_layers(
      workshop, staging, {wanted},
      [&](const config::Descriptor& blob) {
        return LayerArchive{workshop.store.open_blob(blob.digest), {}};
      },
      lease);
  workshop.store.add_layers(staging, workshop.mapping, made.layers, lease);
}

}  // namespace engine
