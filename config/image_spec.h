// SPDX-License-Identifier: Apache-2.0
// The documents of an image as plain values. Only what we use is kept; the bytes that they were
// read from stay in the store and go out again as they came. Docker's documents (schema 2) are read
// into the same values. Source: image-spec 1.1, "manifest.md", "image-index.md", "config.md".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/hash.h"

namespace config {

namespace media_type {
constexpr std::string_view kIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kConfig = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kLayer = "application/vnd.oci.image.layer.v1.tar";
constexpr std::string_view kLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
constexpr std::string_view kLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
constexpr std::string_view kEmpty = "application/vnd.oci.empty.v1+json";
constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
constexpr std::string_view kDockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";
}  // namespace media_type

/// An annotation of index.json: the name that the image has in this store.
constexpr std::string_view kRefNameAnnotation = "org.opencontainers.image.ref.name";

struct Platform {
  std::string os = {}, architecture = {}, variant = {}, os_version = {};
  std::vector<std::string> os_features = {};
  bool operator==(const Platform&) const = default;
};

struct Descriptor {
  std::string media_type = {};
  Digest digest = {};
  std::uint64_t size = 0;
  std::vector<std::string> urls = {};
  std::map<std::string, std::string> annotations = {};
  std::optional<std::string> data = {};  // decoded; verified against digest and size by the reader
  std::string artifact_type = {};
  std::optional<Platform> platform = {};
  bool operator==(const Descriptor&) const = default;
};

struct Manifest {
  std::string media_type = {};
  std::string artifact_type = {};
  Descriptor config = {};
  std::vector<Descriptor> layers = {};
  std::optional<Descriptor> subject = {};
  std::map<std::string, std::string> annotations = {};
  bool operator==(const Manifest&) const = default;
};

struct Index {
  std::string media_type = {};
  std::string artifact_type = {};
  std::vector<Descriptor> manifests = {};
  std::optional<Descriptor> subject = {};
  std::map<std::string, std::string> annotations = {};
  bool operator==(const Index&) const = default;
};

/// Times are kept as text, as they were written. Nanoseconds of durations as Docker has them.
struct Healthcheck {
  std::vector<std::string> test = {};
  std::int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;
  std::int64_t retries = 0;
  bool operator==(const Healthcheck&) const = default;
};

struct ContainerConfig {
  std::string user = {};
  std::vector<std::string> exposed_ports = {};  // "80/tcp", sorted
  std::vector<std::string> env = {};            // "NAME=value", as they were
  std::vector<std::string> entrypoint = {}, cmd = {};
  std::vector<std::string> volumes = {};  // sorted
  std::string working_dir = {};
  std::map<std::string, std::string> labels = {};
  std::string stop_signal = {};
  std::optional<Healthcheck> healthcheck = {};
  std::vector<std::string> on_build = {}, shell = {};
  bool args_escaped = false;
  bool operator==(const ContainerConfig&) const = default;
};

struct History {
  std::string created = {}, author = {}, created_by = {}, comment = {};
  bool empty_layer = false;
  bool operator==(const History&) const = default;
};

struct ImageConfig {
  std::string created = {}, author = {};
  Platform platform = {};
  ContainerConfig config = {};
  std::vector<Digest> diff_ids = {};  // the lowest first
  std::vector<History> history = {};
  bool operator==(const ImageConfig&) const = default;
};

/// Bounds of what is read. INV-12.
constexpr std::size_t kMaxImageLayers = 1000;
constexpr std::size_t kMaxIndexManifests = 50'000;
constexpr std::size_t kMaxAnnotations = 10'000;
constexpr std::size_t kMaxHistory = 10'000;

/// Read one document. `name` is what errors call it. `declared`: the media type by which it was
/// referred to; empty: unknown. Errors: bad JSON with its place, a field with its JSON pointer;
/// a body whose mediaType is another than `declared`; a document with both "layers" and
/// "manifests"; schemaVersion 1.
Manifest read_manifest(const std::string& text, const std::string& name,
                       std::string_view declared = {});
Index read_index(const std::string& text, const std::string& name, std::string_view declared = {});
/// Errors: also a rootfs of another type than "layers".
ImageConfig read_image_config(const std::string& text, const std::string& name);

/// Written compact, in the field order of the specification, so that the same value has the same
/// digest everywhere.
std::string write_manifest(const Manifest& manifest);
std::string write_index(const Index& index);
std::string write_image_config(const ImageConfig& config);
/// The same as a JSON value, for `inspect`.
struct Json to_json(const ImageConfig& config);
struct Json to_json(const Descriptor& descriptor);
struct Json to_json(const ContainerConfig& config);

bool is_index_type(std::string_view media_type);
bool is_manifest_type(std::string_view media_type);
/// A config that we may parse as an ImageConfig.
bool is_config_type(std::string_view media_type);
bool is_layer_type(std::string_view media_type);

}  // namespace config
