// SPDX-License-Identifier: Apache-2.0
// The store on disk: an OCI image layout, with layers and containers beside it (docs/store.md). A
// thing is made in staging/ and renamed into place after a sync, so that a kill or a power cut at
// any moment leaves the old state or the new. Many processes use one store; locks die with their
// holders.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/hash.h"
#include "config/image_spec.h"
#include "snapshotter/layer/mapping.h"
#include "sys/fd.h"

namespace snapshotter {

class Store;

/// Keeps what it names from being pruned, by whoever, until it or its process ends.
class Lease {
 public:
  void keep(const config::Digest& blob);
  void keep_layer(const Mapping& mapping, const config::Digest& chain_id);

 private:
  friend class Store;
  sys::Fd file_;
};

/// A folder in staging/ that is removed with this object, or by the next sweep after a kill.
class Staging {
 public:
  int fd() const { return directory_.get(); }
  const std::string& name() const { return name_; }
  ~Staging();
  Staging(Staging&&) noexcept;

 private:
  friend class Store;
  Staging() = default;
  sys::Fd directory_, parent_, lock_;
  std::string name_;
};

class Store {
 public:
  /// Opens the store in `path`, making it when missing, and sweeps what dead processes left in
  /// staging/ and trash/. Errors: a directory that is neither empty nor a store; a version from the
  /// future; a read-only or full disk, with what to do.
  static Store open(const std::string& path);
  /// The same without writing anything; empty when there is none.
  static std::optional<Store> open_if_exists(const std::string& path);

  Lease lease();
  Staging stage();

  // ---- blobs
  bool has_blob(const config::Digest& digest) const;
  /// Errors: names the blob, and whoever misses it.
  sys::Fd open_blob(const config::Digest& digest) const;
  /// A document, at most `limit` bytes, verified before it is returned.
  std::string read_blob(const config::Descriptor& descriptor, std::size_t limit) const;
  /// Adds a document. Already there: fine.
  config::Descriptor add_blob(std::string_view bytes, std::string_view media_type, Lease& lease);
  /// Adds file `name` of `staging`, whose digest the caller has computed (or had the worker
  /// compute) while it was written. Synced before it is named; several at once cost one sync.
  struct StagedBlob {
    std::string name;
    config::Digest digest;
  };
  void add_blobs(Staging& staging, const std::vector<StagedBlob>& blobs, Lease& lease);
  /// A file to go on with, that an earlier transfer of this blob left; its end is where to go on.
  sys::Fd open_partial(const config::Digest& digest);
  void commit_partial(const config::Digest& digest, Lease& lease);  // verifies first

  // ---- layers
  bool has_layer(const Mapping& mapping, const config::Digest& chain_id) const;
  sys::Fd open_layer(const Mapping& mapping, const config::Digest& chain_id) const;
  /// Held while a layer is made: who gets it second finds the layer there. Waits.
  sys::Fd lock_layer(const Mapping& mapping, const config::Digest& chain_id);
  struct StagedLayer {
    std::string name;  // the directory in `staging`
    config::Digest chain_id;
    std::uint64_t size = 0, entries = 0;  // remembered for `images --tree` and `system df`
  };
  /// One sync for all, then one rename each.
  void add_layers(Staging& staging, const Mapping& mapping, const std::vector<StagedLayer>& layers,
                  Lease& lease);

  // ---- index.json
  config::Index index() const;
  /// Reads, changes and replaces index.json under its lock; synced.
  void update_index(const std::function<void(config::Index&)>& change);

  // ---- containers: what engine/container keeps; the store knows which layers they need.
  sys::Fd containers() const;

  // ---- collecting
  struct Garbage {
    std::vector<config::Digest> blobs;
    std::vector<std::string> layers;  // "<mapping>/<chain id>"
    std::uint64_t bytes = 0;
  };
  /// What neither index.json (followed through indexes, manifests, configs and subjects), nor a
  /// container, nor a lease needs. `remove`: takes it away, by way of trash/.
  Garbage collect(bool remove);

  struct Problem {
    std::string what;  // "blob sha256:...", "layer ...", "image ..."
    std::string reason;
    bool repaired = false;
  };
  /// Verifies everything: blobs against their names, documents, that all that is referred to is
  /// there. `repair` drops what is damaged, has layers made again by whoever needs them next, and
  /// never touches a container's own files.
  std::vector<Problem> check(bool repair);

  int directory() const { return root_.get(); }
  const std::string& path() const { return path_; }
  const sys::Fd& staging_directory() const { return staging_; }

 private:
  Store() = default;
  std::string path_;
  sys::Fd root_, blobs_, staging_;
};

}  // namespace snapshotter
