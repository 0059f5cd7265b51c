// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/snapshotter/image_samples.h"

#include <fcntl.h>

#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace samples {
namespace {

using snapshotter::Store;

config::Descriptor descriptor_of(std::string_view bytes, std::string_view media_type) {
  config::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = config::digest_of(bytes);
  descriptor.size = bytes.size();
  return descriptor;
}

struct Documents {
  std::vector<std::string> layers;
  std::string config, manifest;
};

std::string content_of(const std::string& layer) { return "layer " + layer + "\n"; }

Documents documents_of(const std::vector<std::string>& layers) {
  Documents documents;
  config::ImageConfig image;
  image.platform = {
      .os = "linux", .architecture = "amd64", .variant = "", .os_version = "", .os_features = {}};
  config::Manifest manifest;
  manifest.media_type = config::media_type::kManifest;
  for (const std::string& layer : layers) {
    documents.layers.push_back(content_of(layer));
    image.diff_ids.push_back(config::digest_of("diff of " + layer));
    manifest.layers.push_back(descriptor_of(documents.layers.back(), config::media_type::kLayer));
  }
  documents.config = config::write_image_config(image);
  manifest.config = descriptor_of(documents.config, config::media_type::kConfig);
  documents.manifest = config::write_manifest(manifest);
  return documents;
}

bool has_name(const config::Descriptor& image, const std::string& name) {
  const auto found = image.annotations.find(std::string(config::kRefNameAnnotation));
  return found != image.annotations.end() && found->second == name;
}

}  // namespace

snapshotter::Mapping single_mapping() {
  return {.ownership = snapshotter::Ownership::kRecorded,
          .uids = {{.inside = 0, .outside = 1234, .count = 1}},
          .gids = {{.inside = 0, .outside = 1234, .count = 1}}};
}

config::Digest manifest_digest(const std::vector<std::string>& layers) {
  return config::digest_of(documents_of(layers).manifest);
}

Image add_image(Store& store, const std::vector<std::string>& layers, const std::string& name) {
  const Documents documents = documents_of(layers);
  const snapshotter::Mapping mapping = single_mapping();
  Image image;
  snapshotter::Lease lease = store.lease();
  config::Digest below;
  for (const std::string& layer : layers) {
    below = config::chain_id(below, config::digest_of("diff of " + layer));
    image.chain_ids.push_back(below);
    image.blobs.push_back(config::digest_of(content_of(layer)));
    lease.keep(image.blobs.back());
    lease.keep_layer(mapping, below);
  }
  const std::vector<sys::Fd> locks = store.lock_layers(mapping, image.chain_ids);
  snapshotter::Staging staging = store.stage();
  Store::Batch batch{.mapping = &mapping};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string number = std::to_string(i);
    if (!store.has_blob(image.blobs[i])) {
      sys::create_file_at(staging.fd(), "blob" + number, documents.layers[i], 0644);
      batch.blobs.push_back({.name = "blob" + number, .digest = image.blobs[i]});
    }
    if (store.has_layer(mapping, image.chain_ids[i])) continue;
    const std::string folder = "layer" + number;
    (void)sys::make_directory_at(staging.fd(), folder, 0755);
    sys::create_file_at(staging.fd(), folder + "/file", documents.layers[i], 0644);
    sys::create_file_at(staging.fd(), "owners" + number, "0:0\n", 0644);
    batch.layers.push_back({.name = folder,
                            .chain_id = image.chain_ids[i],
                            .size = documents.layers[i].size(),
                            .entries = 1,
                            .owners = "owners" + number});
  }
  image.blobs.push_back(
      Store::stage_document(staging, batch, documents.config, config::media_type::kConfig).digest);
  image.manifest =
      Store::stage_document(staging, batch, documents.manifest, config::media_type::kManifest);
  image.blobs.push_back(image.manifest.digest);
  store.add(staging, batch, lease);
  if (!name.empty()) image.manifest.annotations[std::string(config::kRefNameAnnotation)] = name;
  store.update_index([&](config::Index& index) {
    std::erase_if(index.manifests,
                  [&](const config::Descriptor& other) { return has_name(other, name); });
    index.manifests.push_back(image.manifest);
  });
  return image;
}

void remove_image(Store& store, const std::string& name) {
  store.update_index([&](config::Index& index) {
    std::erase_if(index.manifests,
                  [&](const config::Descriptor& image) { return has_name(image, name); });
  });
  (void)store.collect(true);
}

void add_container(Store& store, const Image& image, const std::string& id) {
  snapshotter::Lease lease = store.lease();
  lease.keep(image.manifest.digest);
  std::string layers;
  for (const config::Digest& chain_id : image.chain_ids) {
    lease.keep_layer(single_mapping(), chain_id);
    if (!layers.empty()) layers += ",";
    layers += "\"" + Store::layer_name(single_mapping(), chain_id) + "\"";
  }
  snapshotter::Staging staging = store.stage();
  (void)sys::make_directory_at(staging.fd(), "new", 0700);
  sys::create_file_at(staging.fd(), "new/own", "the container's\n", 0644);
  sys::create_file_at(staging.fd(), "new/record.json",
                      sys::format(R"({{"id":"{}","needs":{{"blobs":["{}"],"layers":[{}]}}}})", id,
                                  image.manifest.digest.text(), layers),
                      0600);
  if (!store.add_container(staging, "new", id)) throw sys::Error("the id is taken");
}

std::string problems_of(Store& store, bool repair) {
  std::string text;
  for (const Store::Problem& problem : store.check(repair)) {
    text += problem.what + ": " + problem.reason + (problem.repaired ? " (repaired)\n" : "\n");
  }
  return text;
}

}  // namespace samples
