// SPDX-License-Identifier: Apache-2.0
// Unpacked layers: layers/<mapping>/<chain id>, and beside each what is remembered of it.
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "config/json.h"
#include "snapshotter/content/layout.h"
#include "snapshotter/content/store.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxFacts = 4096;

std::string layer_path(const std::string& layer_name) {
  return std::string(layout::kLayers) + "/" + layer_name;
}

// Where the sidecars wait in a Staging; no name of the worker's.
std::string staged_facts(const StagedLayer& layer) { return ".facts-" + layer.chain_id.hex; }

LayerFacts read_facts(const std::string& text, const std::string& name) {
  const config::Json json = config::parse_json(text, name);
  const config::Reader reader(json, name);
  LayerFacts facts;
  reader.get("size", facts.size);
  reader.get("entries", facts.entries);
  return facts;
}

}  // namespace

std::string Store::layer_name(const Mapping& mapping, const config::Digest& chain_id) {
  return mapping.key() + "/" + chain_id.hex;
}

void Store::add_layers(Staging& staging, const Mapping& mapping,
                       const std::vector<StagedLayer>& layers, Lease& lease) {
  add(staging, Batch{.mapping = &mapping, .layers = layers}, lease);
}

void Store::prepare_layers(Staging& staging, const std::vector<StagedLayer>& layers) {
  for (const StagedLayer& layer : layers) {
    (void)layout::open_directory(staging.fd(), layer.name);  // it is one
    sys::create_file_at(staging.fd(), staged_facts(layer),
                        sys::format("{{\"size\":{},\"entries\":{}}}\n", layer.size, layer.entries),
                        0644);
  }
}

void Store::name_layers(Staging& staging, const Mapping& mapping,
                        const std::vector<StagedLayer>& layers) {
  const sys::Fd all = layout::open_directory(root_.get(), layout::kLayers);
  if (sys::make_directory_at(all.get(), mapping.key(), 0700)) sys::sync_file(all.get());
  const sys::Fd folder = layout::open_directory(all.get(), mapping.key());
  for (const StagedLayer& layer : layers) {
    const std::string& hex = layer.chain_id.hex;
    if (sys::status_at_if_exists(folder.get(), hex)) continue;
    // The sidecars first: that the directory exists means that all is there.
    if (!layer.owners.empty()) {
      sys::move_at(staging.fd(), layer.owners, folder.get(), hex + layout::kOwnersSuffix);
    }
    sys::move_at(staging.fd(), staged_facts(layer), folder.get(), hex + layout::kFactsSuffix);
    (void)sys::move_at_if_free(staging.fd(), layer.name, folder.get(), hex);
  }
  sys::sync_file(folder.get());
}

bool Store::has_layer(const Mapping& mapping, const config::Digest& chain_id) const {
  return sys::status_at_if_exists(root_.get(), layer_path(layer_name(mapping, chain_id)))
      .has_value();
}

sys::Fd Store::open_layer(const Mapping& mapping, const config::Digest& chain_id) const {
  return layout::open_directory(root_.get(), layer_path(layer_name(mapping, chain_id)));
}

std::optional<sys::Fd> Store::open_owners(const Mapping& mapping,
                                          const config::Digest& chain_id) const {
  return sys::open_at_if_exists(
      root_.get(), layer_path(layer_name(mapping, chain_id)) + layout::kOwnersSuffix, O_RDONLY);
}

std::optional<LayerFacts> Store::layer_facts(const config::Digest& chain_id) const {
  const sys::Fd layers = layout::open_directory(root_.get(), layout::kLayers);
  for (const std::string& mapping : sys::list_directory(layers.get())) {
    const std::string name = mapping + "/" + chain_id.hex;
    if (!sys::status_at_if_exists(layers.get(), name)) continue;
    const std::optional<std::string> facts =
        sys::read_file_at_if_exists(layers.get(), name + layout::kFactsSuffix, kMaxFacts);
    if (facts) return read_facts(*facts, name + layout::kFactsSuffix);
  }
  return std::nullopt;
}

}  // namespace snapshotter
