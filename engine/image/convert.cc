// SPDX-License-Identifier: Apache-2.0
#include "engine/image/convert.h"

#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

namespace type = config::media_type;

struct Pair {
  std::string_view oci, docker;
};
constexpr Pair kPairs[] = {
    {type::kManifest, type::kDockerManifest},   {type::kIndex, type::kDockerList},
    {type::kConfig, type::kDockerConfig},       {type::kLayer, type::kDockerLayer},
    {type::kLayerGzip, type::kDockerLayerGzip},
};

std::string counterpart(std::string_view of, ImageFormat format) {
  for (const Pair& pair : kPairs) {
    if (of == pair.oci || of == pair.docker) {
      return std::string(format == ImageFormat::kOci ? pair.oci : pair.docker);
    }
  }
  return std::string(of);
}

using config::Descriptor;

/// The descriptor of a new document in the place of another.
Descriptor put(Descriptor descriptor, std::string text, std::string media_type,
               NewDocuments& made) {
  descriptor.media_type = std::move(media_type);
  descriptor.digest = config::digest_of(text);
  descriptor.size = text.size();
  descriptor.data.reset();
  made.insert_or_assign(descriptor.digest, std::move(text));
  return descriptor;
}

Descriptor convert_below(const Descriptor& top, ImageFormat format, const ReadDocument& read,
                         NewDocuments& made, std::size_t depth) {
  if (depth > kMaxIndexDepth) {
    throw sys::Error(sys::format("indexes in indexes, more than {} deep", kMaxIndexDepth));
  }
  const std::string name = top.digest.text();
  const bool is_index = config::is_index_type(top.media_type);
  if (!is_index && !config::is_manifest_type(top.media_type)) return top;
  const std::optional<std::string> text = read(top);
  if (!text) {
    throw sys::Error(sys::format("\"{}\" is not here, and can't be converted", name), ENOENT,
                     "--platform chooses an image that is");
  }
  if (is_index) {
    config::Index index = config::read_index(*text, name, top.media_type);
    for (Descriptor& each : index.manifests) {
      each = convert_below(each, format, read, made, depth + 1);
    }
    index.media_type = counterpart(index.media_type, format);
    return put(top, config::write_index(index), index.media_type, made);
  }
  config::Manifest manifest = config::read_manifest(*text, name, top.media_type);
  // Of an artifact docker's format knows nothing.
  if (!config::is_config_type(manifest.config.media_type)) return top;
  if (format_of(manifest) == format) return top;
  manifest = convert(std::move(manifest), format);
  return put(top, config::write_manifest(manifest), manifest.media_type, made);
}

}  // namespace

ImageFormat parse_image_format(const std::string& word) {
  if (word == "oci") return ImageFormat::kOci;
  if (word == "docker") return ImageFormat::kDocker;
  throw sys::Error(
      sys::format("format {}: neither oci nor docker", config::quote_for_message(word)));
}

ImageFormat format_of(const config::Manifest& manifest) {
  return manifest.media_type == type::kDockerManifest ? ImageFormat::kDocker : ImageFormat::kOci;
}

std::string layer_type(std::string_view of, ImageFormat format) {
  if (format == ImageFormat::kDocker && of == type::kLayerZstd) {
    throw sys::Error("docker's format knows no layers in zstd", 0, "keep the image as it is: oci");
  }
  return counterpart(of, format);
}

config::Manifest convert(config::Manifest manifest, ImageFormat format) {
  manifest.media_type = counterpart(manifest.media_type, format);
  manifest.config.media_type = counterpart(manifest.config.media_type, format);
  for (config::Descriptor& layer : manifest.layers) {
    layer.media_type = layer_type(layer.media_type, format);
    if (format == ImageFormat::kDocker) layer.annotations.clear();
  }
  if (format == ImageFormat::kDocker) {
    manifest.annotations.clear();
    manifest.artifact_type.clear();
    manifest.subject.reset();
  }
  return manifest;
}

Descriptor convert(const Descriptor& top, ImageFormat format, const ReadDocument& read,
                   NewDocuments& made) {
  return convert_below(top, format, read, made, 0);
}

}  // namespace engine
