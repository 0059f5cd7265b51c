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
    {type::kManifest, type::kDockerManifest},
    {type::kConfig, type::kDockerConfig},
    {type::kLayer, type::kDockerLayer},
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
  }
  return manifest;
}

}  // namespace engine
