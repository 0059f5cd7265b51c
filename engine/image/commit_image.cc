// SPDX-License-Identifier: Apache-2.0
#include "engine/image/commit_image.h"

#include <fcntl.h>

#include <utility>

#include "config/image_change.h"
#include "config/platform.h"
#include "sys/fd.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Descriptor;
using snapshotter::Store;

constexpr const char* kBlob = "blob";

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

config::ImageConfig describe_image(const CommitSource& source, const CommitOptions& options,
                                   bool has_changes) {
  config::ImageConfig image;
  if (source.base) {
    image = source.base->config;
  } else {
    image.platform = config::native_platform();
  }
  image.created = creation_time();
  if (!options.author.empty()) image.author = options.author;
  if (!source.command.empty()) image.config.cmd = source.command;
  config::apply_changes(options.changes, image.config);
  image.history.push_back({.created = image.created,
                           .author = options.author,
                           .created_by = join(source.command),
                           .comment = options.message,
                           .empty_layer = !has_changes});
  return image;
}

/// Writes the new layer into the staging folder.
snapshotter::Packed pack(const Workshop& workshop, snapshotter::Staging& staging,
                         snapshotter::Worker& worker, snapshotter::PackJob job) {
  const sys::Fd blob = sys::open_at(staging.fd(), kBlob, O_WRONLY | O_CREAT | O_EXCL, 0644);
  job.output = blob.get();
  job.mapping = workshop.mapping;
  job.clamp_time = source_date_epoch();
  return worker.pack({std::move(job)}).at(0);
}

}  // namespace

config::Digest commit_image(const Workshop& workshop, const CommitSource& source,
                            const CommitOptions& options) {
  Store& store = workshop.store;
  const ImageFormat format = options.format ? *options.format
                             : source.base  ? format_of(source.base->manifest)
                                            : ImageFormat::kOci;
  snapshotter::Lease lease = store.lease();
  if (source.base) lease.keep(source.base->descriptor.digest);
  snapshotter::Staging staging = store.stage();
  snapshotter::Worker worker = make_worker(workshop, staging);  // starts while we look for changes
  std::vector<snapshotter::Change> changes = source.find_changes();
  const bool has_changes = !changes.empty();
  config::ImageConfig image = describe_image(source, options, has_changes);
  config::Manifest manifest;
  manifest.media_type = config::media_type::kManifest;
  if (source.base) manifest.layers = source.base->manifest.layers;

  Store::Batch batch;
  if (has_changes) {
    snapshotter::PackJob job;
    job.sources = source.sources;
    job.owners = source.owners;
    job.changes = std::move(changes);
    const snapshotter::Packed layer = pack(workshop, staging, worker, std::move(job));
    image.diff_ids.push_back(layer.diff_id);
    manifest.layers.push_back({.media_type = std::string(config::media_type::kLayer),
                               .digest = layer.digest,
                               .size = layer.size});
    batch.blobs.push_back({kBlob, layer.digest});
  }
  manifest.config = {.media_type = std::string(config::media_type::kConfig)};
  manifest = convert(std::move(manifest), format);
  manifest.config = Store::stage_document(staging, batch, config::write_image_config(image),
                                          manifest.config.media_type);
  const Descriptor descriptor =
      Store::stage_document(staging, batch, config::write_manifest(manifest), manifest.media_type);
  store.add(staging, batch, lease);
  store.update_index([&](config::Index& index) { put_image(index, descriptor, options.name); });
  return manifest.config.digest;
}

}  // namespace engine
