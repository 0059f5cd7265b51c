// SPDX-License-Identifier: Apache-2.0
// The names that images go by, as docker's users write them. One grammar for all of tilla.
// Source: github.com/distribution/reference, "reference.go" and "normalize.go".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/hash.h"

namespace config {

constexpr std::string_view kDefaultDomain = "docker.io";
constexpr std::string_view kDefaultTag = "latest";

/// A normalised name: "ubuntu" is docker.io, library/ubuntu, latest.
struct Reference {
  std::string domain = {};  // "docker.io", "localhost:5000", "[::1]:5000"
  std::string path = {};    // "library/ubuntu"
  std::string tag = {};     // may be empty beside a digest
  std::optional<Digest> digest = {};

  /// "docker.io/library/ubuntu"
  std::string repository() const { return domain + "/" + path; }
  /// "docker.io/library/ubuntu:latest@sha256:..."; what an image has in the store.
  std::string text() const;
  /// "ubuntu"
  std::string familiar_repository() const;
  /// "ubuntu:latest"
  std::string familiar() const;
  bool operator==(const Reference&) const = default;
};

/// Reads a name, with tag "latest" where it has neither tag nor digest.
/// Errors: what is wrong in docker's words, then two lines: the text and a caret below the place.
Reference parse_reference(std::string_view text);
/// The same without a tag of our own: "ubuntu" are all the images of that repository.
Reference parse_partial_reference(std::string_view text);

/// "scratch" is the empty image, which nothing in a store may be called.
bool is_scratch(const Reference& reference);

/// Whether `pattern`, of Go's path.Match, names this repository, or repository with tag, in its
/// full or familiar form. "debian*", "*/library/*:12". Errors: a pattern that is none.
bool matches_reference(std::string_view pattern, const Reference& reference);

}  // namespace config
