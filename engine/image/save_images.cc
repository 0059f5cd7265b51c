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
constexpr std::string_view kFlatVersion = "Directory Transport Version: 1.1\n";
constexpr const char* kContainerdName = "io.containerd.image.name";

std::string blob_path(const Digest& digest) {
  return sys::format("blobs/{}/{}", digest.algorithm, digest.hex);
}

/// What is to be saved, and where its blobs are: in the store, or made by a conversion.
class Contents {
 public:
  Contents(const snapshotter::Store& store, const std::vector<SavedImage>& images,
           const SaveOptions& options)
      : store_(store), options_(options) {
    for (const SavedImage& image : images) images_.push_back({choose(image), image.name});
    for (const SavedImage& image : images_) add_blobs_of(image.descriptor);
  }

  /// As they go out.
  const std::vector<SavedImage>& images() const { return images_; }
  /// Sorted: the same images make the same archive.
  const std::set<Digest>& blobs() const { return blobs_; }

  ReadDocument documents() const {
    return [this](const Descriptor& descriptor) -> std::optional<std::string> {
      if (const std::string* text = made(descriptor.digest)) return *text;
      return documents_of(store_)(descriptor);
    };
  }

  /// The text of a blob that was made; else none.
  const std::string* made(const Digest& digest) const {
    const auto found = made_.find(digest);
    return found == made_.end() ? nullptr : &found->second;
  }

  std::uint64_t size_of(const Digest& digest) const {
    const std::string* text = made(digest);
    return text != nullptr ? text->size() : store_.blob_size(digest).value_or(0);
  }
  std::uint64_t total_size() const {
    std::uint64_t total = 0;
    for (const Digest& each : blobs_) total += size_of(each);
    return total;
  }

 private:
  Descriptor choose(const SavedImage& image) {
    const bool is_one = options_.platform || options_.format == SaveFormat::kDockerArchive ||
                        options_.format == SaveFormat::kDockerDirectory;
    Descriptor chosen = is_one ? find_whole(image).descriptor : image.descriptor;
    if (options_.conversion) {
      chosen = convert(chosen, *options_.conversion, documents_of(store_), made_);
    }
    return chosen;
  }

  /// The image of one platform, with all of its layers.
  ImageDocuments find_whole(const SavedImage& image) const {
    const config::Platform platform =
        options_.platform ? *options_.platform : config::native_platform();
    std::optional<ImageDocuments> found =
        find_image(image.descriptor, platform, documents_of(store_));
    if (!found) {
      throw sys::Error(sys::format("nothing in it is an image for {}", config::to_text(platform)),
                       0, "all of it can be saved with --format oci-archive");
    }
    for (const Descriptor& layer : found->manifest.layers) {
      if (!store_.has_blob(layer.digest)) {
        throw sys::Error(sys::format("layer \"{}\" is missing", layer.digest.text()), ENOENT);
      }
    }
    return std::move(*found);
  }

  void add_blobs_of(const Descriptor& top) {
    const Closure closure = follow({top}, documents());
    for (const Closure::Document& each : closure.documents) blobs_.insert(each.descriptor.digest);
    for (const Descriptor& each : closure.blobs) {
      if (store_.has_blob(each.digest)) blobs_.insert(each.digest);
    }
  }

  const snapshotter::Store& store_;
  const SaveOptions& options_;
  NewDocuments made_;
  std::vector<SavedImage> images_;
  std::set<Digest> blobs_;
};

Descriptor named(Descriptor descriptor, const std::string& name) {
  descriptor.annotations.erase(std::string(config::kRefNameAnnotation));
  if (!name.empty()) {
    descriptor.annotations[std::string(config::kRefNameAnnotation)] = name;
    descriptor.annotations[kContainerdName] = name;
  }
  return descriptor;
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
void add_blobs(const snapshotter::Store& store, const Contents& contents, std::vector<Part>& parts,
               std::vector<sys::Fd>& open) {
  parts.push_back(directory_part("blobs"));
  std::string algorithm;
  for (const Digest& each : contents.blobs()) {
    if (each.algorithm != algorithm) {
      algorithm = each.algorithm;
      parts.push_back(directory_part("blobs/" + algorithm));
    }
    if (const std::string* text = contents.made(each)) {
      parts.push_back(text_part(blob_path(each), *text));
      continue;
    }
    open.push_back(store.open_blob(each));
    Part part;
    part.name = blob_path(each);
    part.file = open.back().get();
    parts.push_back(std::move(part));
  }
}

/// Makes file `name` in `folder`, which then is whole; one that is there already is.
void write_blob(const snapshotter::Store& store, const Contents& contents, const Digest& digest,
                int folder, const std::string& name) {
  if (sys::open_at_if_exists(folder, name, O_PATH)) return;
  const std::string temporary = "." + name + ".part";
  sys::unlink_at_if_exists(folder, temporary);
  const sys::Fd copy = sys::open_at(folder, temporary, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (const std::string* text = contents.made(digest)) {
    sys::write_all(copy.get(), *text);
  } else {
    sys::copy_content(store.open_blob(digest).get(), copy.get());
  }
  sys::rename_at(folder, temporary, name);
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

void save_layout(const Workshop& workshop, const Contents& contents, int directory) {
  config::Index index = layout_index(directory);
  for (const SavedImage& image : contents.images()) put_image(index, image.descriptor, image.name);
  sys::make_directory_at(directory, "blobs", 0755);
  const sys::Fd blobs = sys::open_at(directory, "blobs", O_RDONLY | O_DIRECTORY);
  std::uint64_t done = 0;
  for (const Digest& each : contents.blobs()) {
    sys::make_directory_at(blobs.get(), each.algorithm, 0755);
    const sys::Fd folder = sys::open_at(blobs.get(), each.algorithm, O_RDONLY | O_DIRECTORY);
    write_blob(workshop.store, contents, each, folder.get(), each.hex);
    workshop.progress.at(done += contents.size_of(each));
  }
  sys::replace_file_at(directory, "oci-layout", kLayoutFile, 0644);
  sys::replace_file_at(directory, "index.json", config::write_index(index), 0644);
}

// Source: containers-transports(5), "dir:path"; containers/image, directory/.
void save_flat(const Workshop& workshop, const Contents& contents, int directory) {
  if (contents.images().size() != 1) throw sys::Error("docker-dir takes one image", EINVAL);
  if (!sys::list_directory(directory).empty()) throw sys::Error("not empty", ENOTEMPTY);
  const Descriptor& image = contents.images().front().descriptor;
  const std::string manifest = contents.documents()(image).value_or("");
  std::uint64_t done = 0;
  for (const Digest& each : contents.blobs()) {
    if (each == image.digest) continue;
    write_blob(workshop.store, contents, each, directory, each.hex);
    workshop.progress.at(done += contents.size_of(each));
  }
  sys::replace_file_at(directory, "manifest.json", manifest, 0644);
  sys::replace_file_at(directory, "version", kFlatVersion, 0644);
}

}  // namespace

SaveFormat parse_save_format(const std::string& word) {
  if (word == "docker-archive") return SaveFormat::kDockerArchive;
  if (word == "oci-archive") return SaveFormat::kOciArchive;
  if (word == "docker-dir") return SaveFormat::kDockerDirectory;
  if (word == "oci-dir") return SaveFormat::kOciDirectory;
  throw sys::Error(
      sys::format("format {}: none of docker-archive, oci-archive, docker-dir and oci-dir",
                  config::quote_for_message(word)));
}

void save_archive(const Workshop& workshop, const std::vector<SavedImage>& images,
                  const SaveOptions& options, int output) {
  const Contents contents(workshop.store, images, options);
  const bool is_docker = options.format == SaveFormat::kDockerArchive;
  DockerManifest docker;
  config::Index index;
  index.media_type = config::media_type::kIndex;
  for (const SavedImage& image : contents.images()) {
    if (is_docker) docker.add(*find_image(image.descriptor, {}, contents.documents()), image.name);
    index.manifests.push_back(named(image.descriptor, image.name));
  }
  std::vector<Part> parts;
  std::vector<sys::Fd> open;
  add_blobs(workshop.store, contents, parts, open);
  parts.push_back(text_part("index.json", config::write_index(index)));
  if (is_docker) parts.push_back(text_part("manifest.json", docker.text()));
  parts.push_back(text_part("oci-layout", std::string(kLayoutFile)));
  workshop.progress.begin("saving", contents.total_size());
  snapshotter::Staging staging = workshop.store.stage();
  snapshotter::JoinJob job;
  job.parts = std::move(parts);
  job.output = output;
  make_worker(workshop, staging).join(job);
  workshop.progress.end();
}

void save_directory(const Workshop& workshop, const std::vector<SavedImage>& images,
                    const SaveOptions& options, int directory) {
  const Contents contents(workshop.store, images, options);
  workshop.progress.begin("saving", contents.total_size());
  if (options.format == SaveFormat::kDockerDirectory) {
    save_flat(workshop, contents, directory);
  } else {
    save_layout(workshop, contents, directory);
  }
  workshop.progress.end();
}

}  // namespace engine
