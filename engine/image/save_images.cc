// SPDX-License-Identifier: Apache-2.0
#include "engine/image/save_images.h"

#include <fcntl.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "config/json_object.h"
#include "config/platform.h"
#include "config/reference.h"
#include "engine/image/documents.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;
using Part = snapshotter::JoinJob::Part;

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
constexpr const char* kContainerdName = "io.containerd.image.name";

std::string blob_path(const Digest& digest) {
  return sys::format("blobs/{}/{}", digest.algorithm, digest.hex);
}

/// All blobs of these images that the store has, sorted: the same images make the same archive.
std::set<Digest> blobs_of(const snapshotter::Store& store, const std::vector<Descriptor>& tops) {
  const Closure closure = follow(tops, documents_of(store));
  std::set<Digest> blobs;
  for (const Closure::Document& each : closure.documents) blobs.insert(each.descriptor.digest);
  for (const Descriptor& each : closure.blobs) {
    if (store.has_blob(each.digest)) blobs.insert(each.digest);
  }
  return blobs;
}

Descriptor named(Descriptor descriptor, const std::string& name) {
  descriptor.annotations.erase(std::string(config::kRefNameAnnotation));
  if (!name.empty()) {
    descriptor.annotations[std::string(config::kRefNameAnnotation)] = name;
    descriptor.annotations[kContainerdName] = name;
  }
  return descriptor;
}

/// An image for docker, which wants one platform's.
ImageDocuments find_for_docker(const snapshotter::Store& store, const SavedImage& image,
                               const config::Platform& platform) {
  std::optional<ImageDocuments> found = find_image(image.descriptor, platform, documents_of(store));
  if (!found) {
    throw sys::Error(sys::format("nothing in it is an image for {}", config::to_text(platform)), 0,
                     "all of it can be saved with --format oci-archive");
  }
  for (const Descriptor& layer : found->manifest.layers) {
    if (!store.has_blob(layer.digest)) {
      throw sys::Error(sys::format("layer \"{}\" is missing", layer.digest.text()), ENOENT);
    }
  }
  return std::move(*found);
}

/// Docker's manifest.json: an entry for each image, with all of its names.
class DockerManifest {
 public:
  void add(const ImageDocuments& image, const std::string& name) {
    auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) {
      return each.config == blob_path(image.id());
    });
    if (found == entries_.end()) {
      Entry entry{blob_path(image.id()), {}, {}};
      for (const Descriptor& layer : image.manifest.layers) {
        entry.layers.push_back(blob_path(layer.digest));
      }
      found = entries_.insert(entries_.end(), std::move(entry));
    }
    if (!name.empty()) found->tags.push_back(config::parse_reference(name).familiar());
  }

  std::string text() const {
    config::Json::Array array;
    for (const Entry& each : entries_) {
      config::JsonObject object;
      object.add("Config", each.config);
      object.add_json("RepoTags", each.tags.empty() ? config::Json{} : config::to_json(each.tags));
      object.add("Layers", each.layers);
      array.push_back(object.take());
    }
    return config::write_json({std::move(array)}, "");
  }

 private:
  struct Entry {
    std::string config;
    std::vector<std::string> tags, layers;
  };
  std::vector<Entry> entries_;
};

Part directory_part(std::string name) {
  Part part;
  part.name = std::move(name);
  part.is_directory = true;
  return part;
}

Part text_part(std::string name, std::string text) {
  Part part;
  part.name = std::move(name);
  part.text = std::move(text);
  return part;
}

/// The blobs in the order of their digests, each below a directory of its algorithm.
void add_blobs(const snapshotter::Store& store, const std::set<Digest>& blobs,
               std::vector<Part>& parts, std::vector<sys::Fd>& open) {
  parts.push_back(directory_part("blobs"));
  std::string algorithm;
  for (const Digest& each : blobs) {
    if (each.algorithm != algorithm) {
      algorithm = each.algorithm;
      parts.push_back(directory_part("blobs/" + algorithm));
    }
    open.push_back(store.open_blob(each));
    Part part;
    part.name = blob_path(each);
    part.file = open.back().get();
    parts.push_back(std::move(part));
  }
}

std::uint64_t total_size(const snapshotter::Store& store, const std::set<Digest>& blobs) {
  std::uint64_t total = 0;
  for (const Digest& each : blobs) total += store.blob_size(each).value_or(0);
  return total;
}

void copy_blob(const snapshotter::Store& store, const Digest& digest, int blobs) {
  sys::make_directory_at(blobs, digest.algorithm, 0755);
  const sys::Fd folder = sys::open_at(blobs, digest.algorithm, O_RDONLY | O_DIRECTORY);
  if (sys::open_at_if_exists(folder.get(), digest.hex, O_PATH)) return;
  const std::string temporary = "." + digest.hex + ".part";
  sys::unlink_at_if_exists(folder.get(), temporary);
  const sys::Fd copy = sys::open_at(folder.get(), temporary, O_WRONLY | O_CREAT | O_EXCL, 0644);
  const sys::Fd blob = store.open_blob(digest);
  sys::copy_content(blob.get(), copy.get());
  sys::rename_at(folder.get(), temporary, digest.hex);
}

config::Index layout_index(int directory) {
  config::Index index;
  index.media_type = config::media_type::kIndex;
  const std::optional<std::string> layout =
      sys::read_file_at_if_exists(directory, "oci-layout", kMaxDocumentBytes);
  const std::optional<std::string> text =
      sys::read_file_at_if_exists(directory, "index.json", kMaxDocumentBytes);
  if (layout && text) return config::read_index(*text, "index.json");
  if (!sys::list_directory(directory).empty()) {
    throw sys::Error("neither empty nor an OCI layout", ENOTEMPTY);
  }
  return index;
}

}  // namespace

SaveFormat parse_save_format(const std::string& word) {
  if (word == "docker-archive") return SaveFormat::kDockerArchive;
  if (word == "oci-archive") return SaveFormat::kOciArchive;
  if (word == "oci-dir") return SaveFormat::kOciDirectory;
  throw sys::Error(sys::format("format {}: none of docker-archive, oci-archive and oci-dir",
                               config::quote_for_message(word)));
}

void save_archive(const Workshop& workshop, const std::vector<SavedImage>& images,
                  SaveFormat format, const config::Platform& platform, int output) {
  const snapshotter::Store& store = workshop.store;
  DockerManifest docker;
  config::Index index;
  index.media_type = config::media_type::kIndex;
  std::vector<Descriptor> tops;
  for (const SavedImage& image : images) {
    Descriptor descriptor = image.descriptor;
    if (format == SaveFormat::kDockerArchive) {
      const ImageDocuments found = find_for_docker(store, image, platform);
      docker.add(found, image.name);
      descriptor = found.descriptor;
    }
    tops.push_back(descriptor);
    index.manifests.push_back(named(std::move(descriptor), image.name));
  }
  const std::set<Digest> blobs = blobs_of(store, tops);
  std::vector<Part> parts;
  std::vector<sys::Fd> open;
  add_blobs(store, blobs, parts, open);
  parts.push_back(text_part("index.json", config::write_index(index)));
  if (format == SaveFormat::kDockerArchive) {
    parts.push_back(text_part("manifest.json", docker.text()));
  }
  parts.push_back(text_part("oci-layout", std::string(kLayoutFile)));
  workshop.progress.begin("saving", total_size(store, blobs));
  snapshotter::Staging staging = workshop.store.stage();
  snapshotter::JoinJob job;
  job.parts = std::move(parts);
  job.output = output;
  make_worker(workshop, staging).join(job);
  workshop.progress.end();
}

void save_directory(const snapshotter::Store& store, const std::vector<SavedImage>& images,
                    int directory) {
  config::Index index = layout_index(directory);
  std::vector<Descriptor> tops;
  for (const SavedImage& image : images) {
    tops.push_back(image.descriptor);
    put_image(index, image.descriptor, image.name);
  }
  sys::make_directory_at(directory, "blobs", 0755);
  const sys::Fd blobs = sys::open_at(directory, "blobs", O_RDONLY | O_DIRECTORY);
  for (const Digest& each : blobs_of(store, tops)) copy_blob(store, each, blobs.get());
  sys::replace_file_at(directory, "oci-layout", kLayoutFile, 0644);
  sys::replace_file_at(directory, "index.json", config::write_index(index), 0644);
}

}  // namespace engine
