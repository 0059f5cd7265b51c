// SPDX-License-Identifier: Apache-2.0
// Reads manifests and indexes, the standard's and docker's. Lenient where Go's programs are:
// members that nobody knows are ignored, null is nothing. Strict where two readers could see
// different images in the same bytes (CVES.md class J).
#include "config/base64.h"
#include "config/image_spec.h"
#include "config/image_spec_json.h"
#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {

void get_texts(const Reader& parent, std::string_view key, std::size_t most,
               std::vector<std::string>& target) {
  parent.with(key, [&](const Reader& list) {
    target.clear();
    list.each_element([&](const Reader& element) {
      if (target.size() == most) list.fail(sys::format("more than {} elements", most));
      target.emplace_back();
      if (!element.is_absent()) element.read(target.back());
    });
  });
}

void get_text_map(const Reader& parent, std::string_view key, std::size_t most,
                  std::map<std::string, std::string>& target) {
  parent.with(key, [&](const Reader& map) {
    target.clear();
    map.each_member([&](const std::string& name, const Reader& value) {
      if (target.size() == most) map.fail(sys::format("more than {} members", most));
      std::string& text = target[name];
      text.clear();
      if (!value.is_absent()) value.read(text);
    });
  });
}

void read_digest(const Reader& place, Digest& target, Digest (*parse)(std::string_view)) {
  std::string text;
  place.read(text);
  try {
    target = parse(text);
  } catch (const sys::Error& error) {  // gets the place in front
    place.fail(error.what());
  }
}

void read_platform(const Reader& place, Platform& target) {
  place.get("architecture", target.architecture);
  place.get("os", target.os);
  place.get("os.version", target.os_version);
  get_texts(place, "os.features", kMaxAnnotations, target.os_features);
  place.get("variant", target.variant);
}

namespace {

void read_size(const Reader& place, std::uint64_t& target) {
  std::int64_t size = 0;
  place.read(size);
  if (size < 0) place.fail(sys::format("{} is no size", size));
  target = static_cast<std::uint64_t>(size);
}

// descriptor.md, "data": the bytes themselves, which are worth nothing unless they are the ones.
void read_data(const Reader& place, Descriptor& descriptor) {
  if (!is_verifiable(descriptor.digest)) return;
  std::string text;
  place.read(text);
  std::optional<std::string> data = decode_base64(text);
  if (!data) place.fail("no base64");
  if (data->size() != descriptor.size) {
    place.fail(sys::format("{} bytes, but the size says {}", data->size(), descriptor.size));
  }
  Hasher hasher(descriptor.digest);
  hasher.add(*data);
  if (const Digest found = hasher.finish(); found != descriptor.digest) {
    place.fail(sys::format("has the digest {}, not {}", found.text(), descriptor.digest.text()));
  }
  descriptor.data = std::move(data);
}

void read_descriptor(const Reader& place, Descriptor& target) {
  place.get("mediaType", target.media_type);
  const Reader digest = place.required("digest");
  // Of what nobody reads, any algorithm will do: a new one must not hide the rest of an index.
  read_digest(digest, target.digest, parse_any_digest);
  const Reader size = place.required("size");
  read_size(size, target.size);
  get_texts(place, "urls", kMaxAnnotations, target.urls);
  get_text_map(place, "annotations", kMaxAnnotations, target.annotations);
  place.with("data", [&](const Reader& data) { read_data(data, target); });
  place.get("artifactType", target.artifact_type);
  place.with("platform",
             [&](const Reader& platform) { read_platform(platform, target.platform.emplace()); });
}

void get_descriptors(const Reader& parent, std::string_view key, std::size_t most,
                     std::vector<Descriptor>& target) {
  parent.with(key, [&](const Reader& list) {
    list.each_element([&](const Reader& element) {
      if (target.size() == most) list.fail(sys::format("more than {} elements", most));
      read_descriptor(element, target.emplace_back());
    });
  });
}

bool has(const Reader& document, std::string_view key) { return !document.member(key).is_absent(); }

void refuse_ambiguity(const Reader& document) {
  std::int64_t version = 2;
  document.get("schemaVersion", version);
  if (version == 1 || has(document, "fsLayers")) {
    document.fail(
        "schemaVersion 1, Docker's format of before 2016, whose layers nobody can verify; push the "
        "image again with a newer docker, podman or skopeo");
  }
  if (version != 2) document.fail(sys::format("schemaVersion {}, where 2 is known", version));
  const bool is_manifest = has(document, "layers") || has(document, "config");
  if (is_manifest && has(document, "manifests")) {
    document.fail("both an image (\"layers\") and an index of images (\"manifests\")");
  }
}

/// The media type of a document: what it says itself, which must be what it was called.
std::string read_media_type(const Reader& document, std::string_view declared,
                            std::string_view otherwise) {
  std::string own;
  document.get("mediaType", own);
  if (!own.empty() && !declared.empty() && own != declared) {
    const Reader place = document.member("mediaType");
    place.fail(sys::format("{}, but it is referred to as {}", quote_for_message(own),
                           quote_for_message(declared)));
  }
  if (!own.empty()) return own;
  return std::string(declared.empty() ? otherwise : declared);
}

}  // namespace

Manifest read_manifest(const std::string& text, const std::string& name,
                       std::string_view declared) {
  const Json json = parse_json(text, name);
  const Reader document(json, name);
  refuse_ambiguity(document);
  Manifest manifest;
  manifest.media_type = read_media_type(document, declared, media_type::kManifest);
  if (is_index_type(manifest.media_type) || has(document, "manifests")) {
    document.fail("an index of images, where the manifest of one is expected");
  }
  document.get("artifactType", manifest.artifact_type);
  const Reader config = document.required("config");
  read_descriptor(config, manifest.config);
  get_descriptors(document, "layers", kMaxImageLayers, manifest.layers);
  document.with("subject",
                [&](const Reader& place) { read_descriptor(place, manifest.subject.emplace()); });
  get_text_map(document, "annotations", kMaxAnnotations, manifest.annotations);
  return manifest;
}

Index read_index(const std::string& text, const std::string& name, std::string_view declared) {
  const Json json = parse_json(text, name);
  const Reader document(json, name);
  refuse_ambiguity(document);
  Index index;
  index.media_type = read_media_type(document, declared, media_type::kIndex);
  if (is_manifest_type(index.media_type) || has(document, "layers") || has(document, "config")) {
    document.fail("the manifest of one image, where an index of images is expected");
  }
  document.get("artifactType", index.artifact_type);
  get_descriptors(document, "manifests", kMaxIndexManifests, index.manifests);
  document.with("subject",
                [&](const Reader& place) { read_descriptor(place, index.subject.emplace()); });
  get_text_map(document, "annotations", kMaxAnnotations, index.annotations);
  return index;
}

bool is_index_type(std::string_view media_type) {
  return media_type == media_type::kIndex || media_type == media_type::kDockerList;
}

bool is_manifest_type(std::string_view media_type) {
  return media_type == media_type::kManifest || media_type == media_type::kDockerManifest;
}

bool is_config_type(std::string_view media_type) {
  return media_type == media_type::kConfig || media_type == media_type::kDockerConfig;
}

bool is_layer_type(std::string_view media_type) {
  for (const std::string_view oci : {"application/vnd.oci.image.layer.v1.tar",
                                     "application/vnd.oci.image.layer.nondistributable.v1.tar"}) {
    if (!media_type.starts_with(oci)) continue;
    const std::string_view suffix = media_type.substr(oci.size());
    if (suffix.empty() || suffix == "+gzip" || suffix == "+zstd") return true;
  }
  for (const std::string_view docker : {"application/vnd.docker.image.rootfs.diff.tar",
                                        "application/vnd.docker.image.rootfs.foreign.diff.tar"}) {
    if (!media_type.starts_with(docker)) continue;
    // containers/image writes the last of them.
    const std::string_view suffix = media_type.substr(docker.size());
    if (suffix.empty() || suffix == ".gzip" || suffix == ".zstd") return true;
  }
  return false;
}

}  // namespace config
