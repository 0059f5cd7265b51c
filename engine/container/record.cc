// SPDX-License-Identifier: Apache-2.0
#include "engine/container/record.h"

#include <algorithm>
#include <array>
#include <map>

#include "config/container_options.h"
#include "config/json_object.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

constexpr std::uint64_t kVersion = 1;  // stored
constexpr std::size_t kIdDigits = 64;
constexpr std::size_t kLongestName = 128;

constexpr std::array<std::string_view, 40> kManners = {
    "agile",  "airy",  "ample",  "bold",   "brave", "breezy", "bright", "brisk", "calm",   "candid",
    "clever", "crisp", "dapper", "deft",   "eager", "fair",   "fleet",  "frank", "gentle", "glad",
    "grand",  "happy", "hardy",  "humble", "jolly", "keen",   "kind",   "light", "lively", "lucid",
    "merry",  "mild",  "neat",   "noble",  "quick", "quiet",  "steady", "sunny", "tidy",   "witty"};
constexpr std::array<std::string_view, 40> kPlants = {
    "acacia",  "alder",    "anemone", "aspen",  "aster",   "azalea",   "bamboo", "begonia",
    "birch",   "bromelia", "cedar",   "clover", "crocus",  "cypress",  "dahlia", "elder",
    "fern",    "fuchsia",  "ginkgo",  "hazel",  "heather", "hibiscus", "iris",   "jasmine",
    "juniper", "larch",    "laurel",  "lilac",  "lotus",   "lupin",    "maple",  "mimosa",
    "myrtle",  "olive",    "orchid",  "peony",  "poppy",   "rowan",    "tulip",  "willow"};

bool is_id(std::string_view text) {
  return text.size() == kIdDigits && std::ranges::all_of(text, [](char letter) {
           return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
         });
}

config::Digest read_digest(const config::Reader& reader, std::string_view key) {
  std::string text;
  reader.get(key, text);
  return text.empty() ? config::Digest{} : config::parse_digest(text);
}

std::string text_or_nothing(const config::Digest& digest) {
  return digest.empty() ? "" : digest.text();
}

}  // namespace

ContainerRecord parse_record(const std::string& text, const std::string& name) {
  const config::Json json = config::parse_json(text, name);
  const config::Reader reader(json, name);
  std::uint64_t version = 0;
  reader.get_required("version", version);
  if (version > kVersion) {
    throw sys::Error(
        sys::format("{}: version {}, and this tilla knows {}", name, version, kVersion));
  }
  ContainerRecord record;
  reader.get_required("id", record.id);
  reader.get_required("name", record.name);
  if (!is_id(record.id)) reader.fail("\"id\" is no id");
  if (!is_container_name(record.name)) reader.fail("\"name\" is no name");
  reader.get("image", record.image);
  record.image_id = read_digest(reader, "imageId");
  record.manifest = read_digest(reader, "manifest");
  std::vector<std::string> chain_ids;
  reader.get("layers", chain_ids);
  for (const std::string& id : chain_ids) record.chain_ids.push_back(config::parse_digest(id));
  std::string driver;
  reader.get_required("driver", driver);
  const auto kind = snapshotter::parse_driver_kind(driver);
  if (!kind) reader.fail("\"driver\" is unknown");
  record.driver = *kind;
  reader.get_required("mapping", record.mapping);
  reader.get("created", record.created);
  reader.get("command", record.command);
  reader.get("readOnly", record.is_read_only);
  reader.get("program", record.program);
  reader.with("flags", [&](const config::Reader& flags) { config::read(flags, record.flags); });
  std::map<std::string, std::string> volumes;
  reader.get("volumes", volumes);
  for (const auto& [target, volume] : volumes) {
    if (!config::is_volume_name(volume)) reader.fail("\"volumes\" has a name that is none");
    record.volumes.push_back({.target = target, .name = volume});
  }
  return record;
}

std::string write_record(const ContainerRecord& record) {
  config::JsonObject needs;
  std::vector<std::string> blobs, layers, chain_ids;
  if (!record.manifest.empty()) blobs.push_back(record.manifest.text());
  for (const config::Digest& id : record.chain_ids) {
    layers.push_back(record.mapping + "/" + id.hex);
    chain_ids.push_back(id.text());
  }
  needs.add("blobs", blobs).add("layers", layers);
  std::map<std::string, std::string> volumes;
  for (const AnonymousVolume& volume : record.volumes) volumes[volume.target] = volume.name;
  config::JsonObject object;
  object.add("version", kVersion)
      .add("id", record.id)
      .add("name", record.name)
      .add("image", record.image)
      .add("imageId", text_or_nothing(record.image_id))
      .add("manifest", text_or_nothing(record.manifest))
      .add("layers", chain_ids)
      .add("driver", std::string(snapshotter::name_of(record.driver)))
      .add("mapping", record.mapping)
      .add("created", record.created)
      .add("command", record.command)
      .add("readOnly", record.is_read_only)
      .add("program", record.program)
      .add("flags", record.flags)
      .add("volumes", volumes)
      .add_json("needs", needs.take());
  return config::write_json(object.take(), "  ") + "\n";
}

bool is_container_name(std::string_view text) {
  const auto is_plain = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z');
  };
  return text.size() >= 2 && text.size() <= kLongestName && is_plain(text.front()) &&
         std::ranges::all_of(text, [&](char letter) {
           return is_plain(letter) || letter == '_' || letter == '.' || letter == '-';
         });
}

std::string random_container_name(std::uint64_t seed) {
  return sys::format("{}_{}", kManners[seed % kManners.size()],
                     kPlants[seed / kManners.size() % kPlants.size()]);
}

}  // namespace engine
