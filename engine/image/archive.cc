// SPDX-License-Identifier: Apache-2.0
#include "engine/image/archive.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "config/json.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Descriptor;
using config::Digest;

// docker's own, since its archives are layouts too: the whole name, beside a mere tag.
constexpr const char* kContainerdName = "io.containerd.image.name";
constexpr std::size_t kMaxImages = 10'000;
constexpr const char* kFolder = "members";

std::string blob_path(const Digest& digest) {
  return sys::format("blobs/{}/{}", digest.algorithm, digest.hex);
}

/// By the first bytes, which is all that is asked of a layer before it is unpacked.
std::string_view layer_type(int file) {
  const std::string magic = sys::read_some(file, 4);
  if (magic.starts_with("\x1f\x8b")) return config::media_type::kLayerGzip;
  if (magic == "\x28\xb5\x2f\xfd") return config::media_type::kLayerZstd;
  return config::media_type::kLayer;
}

/// An entry of docker's manifest.json.
struct DockerImage {
  std::string config;
  std::vector<std::string> tags, layers;
};

std::vector<DockerImage> read_docker_manifest(const std::string& text) {
  const std::string name = "manifest.json";
  const config::Json json = config::parse_json(text, name);
  const config::Reader root(json, name);
  std::vector<DockerImage> images;
  root.each_element([&](const config::Reader& place) {
    DockerImage& image = images.emplace_back();
    if (images.size() > kMaxImages) place.fail(sys::format("more than {} images", kMaxImages));
    place.get_required("Config", image.config);
    place.get("RepoTags", image.tags);
    place.get("Layers", image.layers);
    if (image.layers.size() > config::kMaxImageLayers) {
      place.fail(sys::format("more than {} layers", config::kMaxImageLayers));
    }
  });
  return images;
}

}  // namespace

Archive Archive::in_directory(sys::Fd directory) {
  Archive archive;
  archive.directory_ = std::move(directory);
  const auto has = [&](const char* name) {
    return sys::open_at_if_exists(archive.directory_.get(), name, O_PATH).has_value();
  };
  if (has("oci-layout")) {
    archive.read_oci();
  } else if (has("version") && has("manifest.json")) {
    archive.read_flat();
  } else {
    throw sys::Error(
        "neither an OCI layout (no file \"oci-layout\") nor a directory of skopeo's "
        "(no file \"version\")");
  }
  return archive;
}

Archive Archive::of_file(const Workshop& workshop, snapshotter::Staging& staging, int file) {
  Archive archive;
  archive.is_split_ = true;
  sys::make_directory_at(staging.fd(), kFolder, 0700);
  archive.directory_ = sys::open_at(staging.fd(), kFolder, O_RDONLY | O_DIRECTORY);
  workshop.progress.begin("reading the archive", 0);
  std::vector<snapshotter::Member> members = make_worker(workshop, staging)
                                                 .split({
                                                     .archive = file,
                                                     .directory = archive.directory_.get(),
                                                     .limits = {},
                                                 });
  workshop.progress.end();
  for (snapshotter::Member& each : members) {
    archive.blobs_.emplace(each.digest, each.name);
    archive.members_.insert_or_assign(each.name, std::move(each));
  }
  if (archive.members_.contains("oci-layout") && archive.members_.contains("index.json")) {
    archive.read_oci();
  } else if (archive.members_.contains("manifest.json")) {
    archive.read_docker();
  } else {
    throw sys::Error("neither an OCI layout nor an archive of docker's", 0,
                     "a root file system becomes an image by `tilla import`");
  }
  return archive;
}

std::optional<std::string> Archive::read_member(const std::string& name, std::size_t limit) const {
  std::string path = name;
  if (is_split_) {
    const auto found = members_.find(name);
    if (found == members_.end()) return std::nullopt;
    path = found->second.file;
  }
  const auto relative = sys::RelPath::parse(path);
  const std::optional<sys::Fd> parent =
      sys::open_beneath_if_exists(directory_.get(), relative.parent(), O_RDONLY | O_DIRECTORY);
  if (!parent) return std::nullopt;
  return sys::in_context(
      [&] { return sys::format("\"{}\"", name); },
      [&] { return sys::read_file_at_if_exists(parent->get(), relative.name(), limit); });
}

std::string Archive::read_required_member(const std::string& name) const {
  std::optional<std::string> text = read_member(name, kMaxDocumentBytes);
  if (!text) throw sys::Error(sys::format("no file \"{}\"", name));
  return std::move(*text);
}

void Archive::read_oci() {
  const std::string layout = "oci-layout";
  const std::string text = read_required_member(layout);
  const config::Json json = config::parse_json(text, layout);
  const config::Reader root(json, layout);
  std::string version;
  root.get_required("imageLayoutVersion", version);
  if (!version.starts_with("1.")) {
    root.fail(sys::format("version {}, and we know 1", config::quote_for_message(version)));
  }
  const config::Index index = config::read_index(read_required_member("index.json"), "index.json");
  for (const Descriptor& each : index.manifests) {
    ArchivedImage image{each, {}};
    for (const std::string key : {kContainerdName, config::kRefNameAnnotation.data()}) {
      const auto found = each.annotations.find(key);
      if (found == each.annotations.end() || !image.names.empty()) continue;
      image.names.push_back(found->second);
    }
    image.descriptor.annotations.erase(kContainerdName);
    // The same image may stand there once for each name.
    const auto same = std::find_if(images_.begin(), images_.end(), [&](const ArchivedImage& had) {
      return had.descriptor.digest == each.digest;
    });
    if (same == images_.end()) {
      images_.push_back(std::move(image));
    } else {
      same->names.insert(same->names.end(), image.names.begin(), image.names.end());
    }
  }
}

Descriptor Archive::add_docker_layer(const std::string& path) {
  const std::string name = sys::RelPath::parse(path).str();
  const auto found = members_.find(name);
  if (found == members_.end()) throw sys::Error(sys::format("no file \"{}\"", name));
  const sys::Fd file = sys::open_at(directory_.get(), found->second.file, O_RDONLY);
  return {
      .media_type = std::string(layer_type(file.get())),
      .digest = found->second.digest,
      .size = found->second.size,
  };
}

void Archive::read_docker() {
  for (const DockerImage& image : read_docker_manifest(read_required_member("manifest.json"))) {
    const std::string config = read_required_member(sys::RelPath::parse(image.config).str());
    config::Manifest manifest;
    manifest.media_type = config::media_type::kManifest;
    manifest.config = {.media_type = std::string(config::media_type::kConfig),
                       .digest = config::digest_of(config),
                       .size = config.size()};
    for (const std::string& layer : image.layers) {
      manifest.layers.push_back(add_docker_layer(layer));
    }
    const std::string text = config::write_manifest(manifest);
    ArchivedImage archived;
    archived.descriptor = {
        .media_type = manifest.media_type, .digest = config::digest_of(text), .size = text.size()};
    archived.names = image.tags;
    made_.emplace(archived.descriptor.digest, text);
    images_.push_back(std::move(archived));
  }
}

// Source: containers-transports(5), "dir:path".
void Archive::read_flat() {
  constexpr std::string_view kVersion = "Directory Transport Version: 1.";
  is_flat_ = true;
  if (!read_required_member("version").starts_with(kVersion)) {
    throw sys::Error(sys::format("\"version\" doesn't begin with \"{}\"", kVersion));
  }
  std::string text = read_required_member("manifest.json");
  const config::Json json = config::parse_json(text, "manifest.json");
  const config::Reader root(json, "manifest.json");
  ArchivedImage image;
  root.get("mediaType", image.descriptor.media_type);  // OCI's need not have one
  if (image.descriptor.media_type.empty()) {
    image.descriptor.media_type = config::media_type::kManifest;
  }
  image.descriptor.digest = config::digest_of(text);
  image.descriptor.size = text.size();
  made_.emplace(image.descriptor.digest, std::move(text));
  images_.push_back(std::move(image));
}

std::string Archive::path_of(const Digest& blob) const {
  return is_flat_ ? blob.hex : blob_path(blob);
}

ReadDocument Archive::documents() const {
  return [this](const Descriptor& descriptor) -> std::optional<std::string> {
    if (!config::is_verifiable(descriptor.digest)) return std::nullopt;
    if (const auto made = made_.find(descriptor.digest); made != made_.end()) return made->second;
    if (descriptor.size > kMaxDocumentBytes) {
      throw sys::Error(sys::format("\"{}\" has {} bytes, and a document may have {}",
                                   descriptor.digest.text(), descriptor.size, kMaxDocumentBytes),
                       EFBIG);
    }
    std::string name = path_of(descriptor.digest);
    if (const auto found = blobs_.find(descriptor.digest); found != blobs_.end()) {
      name = found->second;
    }
    std::optional<std::string> text = read_member(name, kMaxDocumentBytes);
    // How the images of an index are called there.
    if (!text && is_flat_) text = read_member(name + ".manifest.json", kMaxDocumentBytes);
    if (text) verify_document(descriptor, *text);
    return text;
  };
}

std::optional<sys::Fd> Archive::open(const Digest& blob) const {
  std::string path = path_of(blob);
  if (is_split_) {
    const auto by_digest = blobs_.find(blob);
    const auto found = members_.find(by_digest != blobs_.end() ? by_digest->second : path);
    if (found == members_.end()) return std::nullopt;
    path = found->second.file;
  }
  std::optional<sys::Fd> file = sys::open_beneath_if_exists(
      directory_.get(), sys::RelPath::parse(path), O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (file && !S_ISREG(sys::status_of(file->get()).st_mode)) {
    throw sys::Error(sys::format("\"{}\" is no regular file", path));
  }
  return file;
}

std::string Archive::staged(const Descriptor& blob) const {
  if (!is_split_) return {};
  const auto found = blobs_.find(blob.digest);  // those were computed: others say what they are
  if (found == blobs_.end()) return {};
  const snapshotter::Member& member = members_.at(found->second);
  if (member.size != blob.size) {
    throw sys::Error(sys::format("\"{}\" has {} bytes, its descriptor says {}", blob.digest.text(),
                                 member.size, blob.size));
  }
  return sys::format("{}/{}", kFolder, member.file);
}

}  // namespace engine
