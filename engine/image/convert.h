// SPDX-License-Identifier: Apache-2.0
// The same image in OCI's documents or in docker's (schema 2): nothing but media types differ. Only
// what somebody asks for is converted, since the manifest gets another digest.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/image_spec.h"
#include "engine/image/documents.h"

namespace engine {

enum class ImageFormat { kOci, kDocker };

/// "oci" or "docker". Errors: another word.
ImageFormat parse_image_format(const std::string& word);
ImageFormat format_of(const config::Manifest& manifest);

/// The media type of a layer in `format`, compressed as `type` is. A type of no layer that both
/// know stays. Errors: docker has no zstd.
std::string layer_type(std::string_view type, ImageFormat format);

/// The manifest in `format`. The configuration's bytes are the same in both. Docker's manifests
/// have neither annotations nor a subject. Errors: docker has no zstd.
config::Manifest convert(config::Manifest manifest, ImageFormat format);

/// Texts of documents that were made, by digest.
using NewDocuments = std::map<config::Digest, std::string>;

/// The same for all that a descriptor leads to: an index, the images in it. What is in `format`
/// already, and artifacts, stay byte for byte. Adds to `made`, gives the new descriptor.
/// Errors: an image of the index isn't there.
config::Descriptor convert(const config::Descriptor& top, ImageFormat format,
                           const ReadDocument& read, NewDocuments& made);

}  // namespace engine
