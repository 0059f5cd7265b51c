// SPDX-License-Identifier: Apache-2.0
// What the store remembers of a container: containers/<id>/record.json, whose format is
// docs/containers.md.
#pragma once

#include <string>
#include <vector>

#include "config/container_flags.h"
#include "config/hash.h"
#include "snapshotter/snapshot/driver.h"

namespace engine {

/// A volume without a name of its own, made for one container.
struct AnonymousVolume {
  std::string target, name;
  bool operator==(const AnonymousVolume&) const = default;
};

struct ContainerRecord {
  std::string id;                         // 64 hexadecimal digits
  std::string name;                       // unique in the store
  std::string image;                      // as it was asked for; "scratch": from nothing
  config::Digest image_id, manifest;      // empty of scratch
  std::vector<config::Digest> chain_ids;  // the layers, the lowest first
  snapshotter::DriverKind driver = snapshotter::DriverKind::kOverlay;
  std::string mapping;               // Mapping::key() of the layers and the snapshot
  std::string created;               // RFC 3339, UTC
  std::vector<std::string> command;  // what was given after the image; empty: the image's
  bool is_read_only = false;
  std::vector<std::string> program;  // what that comes to with the image's, for people
  config::ContainerFlags flags;      // of create and run
  std::vector<AnonymousVolume> volumes;
  bool operator==(const ContainerRecord&) const = default;
};

constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 20;  // INV-12

/// Errors: what is wrong, with its place; a version from the future.
ContainerRecord parse_record(const std::string& text, const std::string& name);
std::string write_record(const ContainerRecord& record);

/// Whether it can be one: letters, digits, "_", ".", "-", the first a letter or digit, at least
/// two.
bool is_container_name(std::string_view text);
/// "brisk_orchid": for whoever gives none. seed: random.
std::string random_container_name(std::uint64_t seed);

}  // namespace engine
