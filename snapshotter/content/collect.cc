// SPDX-License-Identifier: Apache-2.0
// Takes away what nobody needs. With the store's lock alone: nobody adds to a lease or a record in
// between. The order of looking matters: who adds an image writes index.json and then lets go of
// its lease, so leases are read first.
#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "config/json.h"
#include "snapshotter/content/layout.h"
#include "snapshotter/content/store.h"
#include "snapshotter/content/walk.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {

class Collector {
 public:
  explicit Collector(Store& store) : store_(store) {}

  void mark_all() {
    sys::in_context("look for what is needed", [&] {
      mark_leases();
      mark_containers();
      for (const config::Descriptor& image : store_.index().manifests) mark(store_, image, marks_);
    });
  }

  Store::Garbage take(bool remove) {
    take_blobs(remove);
    take_layers(remove);
    take_partials(remove);
    return std::move(garbage_);
  }

 private:
  void mark_needs(const Needs& needs) {
    for (const config::Digest& blob : needs.blobs) mark(store_, descriptor_of(blob), marks_);
    marks_.layers.insert(needs.layers.begin(), needs.layers.end());
  }

  void mark_leases() {
    const sys::Fd folder = layout::open_directory(store_.directory(), layout::kLeases);
    for (const std::string& name : sys::list_directory(folder.get())) {
      const std::optional<sys::Fd> file = sys::open_at_if_exists(folder.get(), name, O_RDONLY);
      if (!file || !sys::is_locked(file->get())) continue;  // its holder is dead
      mark_needs(read_lease(sys::read_all(file->get(), config::kMaxJsonBytes),
                            sys::format("lease \"{}\"", name)));
    }
  }

  void mark_containers() {
    for (const std::string& id : sys::list_directory(store_.containers().get())) {
      // Without a record nobody can start it; its own files stay whatever is collected.
      if (const std::optional<Needs> needs = needs_of_container(store_, id)) mark_needs(*needs);
    }
  }

  bool take_away(int folder, const std::string& name, bool remove) {
    return !remove || store_.discard(folder, name);
  }

  void take_blobs(bool remove) {
    for (const std::string algorithm : {"sha256", "sha512"}) {
      const sys::Fd folder = layout::open_directory(store_.blobs_.get(), algorithm);
      for (const std::string& name : sys::list_directory(folder.get())) {
        const std::optional<config::Digest> digest = layout::digest_of_hex(name);
        if (!digest || digest->algorithm != algorithm || marks_.blobs.contains(*digest)) continue;
        const std::uint64_t bytes = store_.blob_size(*digest).value_or(0);
        if (!take_away(folder.get(), name, remove)) continue;
        garbage_.blobs.push_back(*digest);
        garbage_.bytes += bytes;
      }
    }
  }

  bool is_needed(const std::string& mapping, const std::string& hex) const {
    return marks_.chain_ids.contains(*layout::digest_of_hex(hex)) ||
           marks_.layers.contains(mapping + "/" + hex);
  }

  void take_layers(bool remove) {
    const sys::Fd layers = layout::open_directory(store_.directory(), layout::kLayers);
    for (const std::string& mapping : sys::list_directory(layers.get())) {
      const sys::Fd folder = layout::open_directory(layers.get(), mapping);
      for (const std::string& name : sys::list_directory(folder.get())) {
        const std::string hex = name.substr(0, name.find('.'));
        if (!layout::digest_of_hex(hex) || is_needed(mapping, hex)) continue;
        // Directories sort before their sidecars: a sidecar alone is what a kill has left.
        const bool is_layer = name == hex;
        const std::uint64_t bytes = is_layer ? facts_size(*layout::digest_of_hex(hex)) : 0;
        if (!take_away(folder.get(), name, remove) || !is_layer) continue;
        garbage_.layers.push_back(mapping + "/" + name);
        garbage_.bytes += bytes;
      }
    }
  }

  std::uint64_t facts_size(const config::Digest& chain_id) const {
    const std::optional<LayerFacts> facts = store_.layer_facts(chain_id);
    return facts ? facts->size : 0;
  }

  void take_partials(bool remove) {
    const sys::Fd folder = layout::open_directory(store_.directory(), layout::kPartial);
    for (const std::string& name : sys::list_directory(folder.get())) {
      const std::optional<struct stat> status = sys::status_at_if_exists(folder.get(), name);
      const std::optional<sys::Fd> file = sys::open_at_if_exists(folder.get(), name, O_RDONLY);
      if (!status || !file || sys::is_locked(file->get())) continue;
      if (remove) {
        const sys::Fd lock = sys::try_lock_name(folder.get(), name);
        if (!lock || !take_away(folder.get(), name, remove)) continue;
      }
      garbage_.partials.push_back(name);
      garbage_.bytes += static_cast<std::uint64_t>(status->st_size);
    }
  }

  Store& store_;
  Marks marks_;
  Store::Garbage garbage_;
};

Store::Garbage Store::collect(bool remove) {
  Collector collector(*this);
  if (!remove) {  // an estimate; it waits for nobody
    collector.mark_all();
    return collector.take(false);
  }
  Garbage garbage;
  {
    const sys::Fd lock = sys::open_at(root_.get(), layout::kStoreLock, O_RDWR);
    sys::lock(lock.get());
    collector.mark_all();
    garbage = collector.take(true);
  }
  empty_trash();  // which takes longer, and needs no lock
  return garbage;
}

}  // namespace snapshotter
