// SPDX-License-Identifier: Apache-2.0
// The store on disk: an OCI image layout, with layers and containers beside it (docs/store.md). A
// thing is made in staging/ and renamed into place after a sync, so that a kill or a power cut at
// any moment leaves the old state or the new. Many processes use one store; locks die with their
// holders. Readers take no lock and wait for nobody.
//
// The order of someone who adds an image: a lease; lease.keep() of all that it will need, then a
// look at what is there; stage(), make the rest in it; add() all at once; update_index(). With the
// lease held until then, nothing of it can be pruned in between.
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
#include "sys/error.h"
#include "sys/fd.h"

namespace snapshotter {

class Store;

/// Keeps what it names from being pruned, by whoever, until it or its process ends. A document that
/// it keeps (an index, a manifest) keeps what it refers to as well. Its calls wait while somebody
/// prunes: what is there afterwards stays there.
class Lease {
 public:
  void keep(const config::Digest& blob);
  void keep_layer(const Mapping& mapping, const config::Digest& chain_id);
  ~Lease();
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;

 private:
  friend class Store;
  Lease() = default;
  void add(const std::string& line);
  sys::Fd file_, directory_, store_lock_;
  std::string name_;
};

/// A folder in staging/ that is removed with this object, or by the next sweep after a kill.
class Staging {
 public:
  int fd() const { return directory_.get(); }
  const std::string& name() const { return name_; }
  ~Staging();
  Staging(Staging&&) noexcept = default;
  Staging& operator=(Staging&&) = delete;

 private:
  friend class Store;
  Staging() = default;
  sys::Fd directory_, parent_, locks_, lock_;
  std::string name_;
  unsigned documents_ = 0;
};

/// A file of a Staging that is to become a blob. Its digest was computed while it was written, by
/// the caller or by the worker.
struct StagedBlob {
  std::string name;
  config::Digest digest;
};

/// A directory of a Staging that is to become an unpacked layer.
struct StagedLayer {
  std::string name;
  config::Digest chain_id;
  std::uint64_t size = 0, entries = 0;  // remembered for `images --tree` and `system df`
  std::string owners;  // the name of its sidecar in the Staging (Ownership::kRecorded); empty: none
};

/// What is known of a layer that is there.
struct LayerFacts {
  std::uint64_t size = 0, entries = 0;
};

class Store {
 public:
  /// Opens the store in `path`, making it when missing, and sweeps what dead processes left in
  /// staging/, leases/ and trash/. Errors: a directory that is neither empty nor a store; a version
  /// from the future; a read-only or full disk, with what to do.
  static Store open(const std::string& path);
  /// The same without writing anything; empty when there is none.
  static std::optional<Store> open_if_exists(const std::string& path);

  Lease lease();
  Staging stage();
  /// Removes what dead processes left. What belongs to ids that are not ours, outside of the user
  /// namespace, stays for a later sweep.
  void sweep();
  /// Where the errno of `error` is that of a full or a read-only disk, sets a hint that says what
  /// would help. For the end of a verb, since most files are written by others than the store.
  void explain(sys::Error& error);

  // ---- adding: one sync for all of it, then a rename each, then a sync of the folders
  struct Batch {
    std::vector<StagedBlob> blobs = {};
    const Mapping* mapping = nullptr;  // of the layers
    std::vector<StagedLayer> layers = {};
  };
  /// What is there already is fine: a blob is replaced, for the old one may be damaged; a layer
  /// stays as it is.
  void add(Staging& staging, const Batch& batch, Lease& lease);
  void add_blobs(Staging& staging, const std::vector<StagedBlob>& blobs, Lease& lease);
  void add_layers(Staging& staging, const Mapping& mapping, const std::vector<StagedLayer>& layers,
                  Lease& lease);
  /// Writes a document into `staging`, and names it in `batch`.
  static config::Descriptor stage_document(Staging& staging, Batch& batch, std::string_view bytes,
                                           std::string_view media_type);
  /// Adds one document at once. Already there: fine.
  config::Descriptor add_blob(std::string_view bytes, std::string_view media_type, Lease& lease);

  // ---- blobs
  bool has_blob(const config::Digest& digest) const { return blob_size(digest).has_value(); }
  std::optional<std::uint64_t> blob_size(const config::Digest& digest) const;
  /// Errors: names the blob that is missing.
  sys::Fd open_blob(const config::Digest& digest) const;
  /// A document, at most `limit` bytes, verified against size and digest before it is returned.
  /// Errors: a size that is another than the descriptor's; ENOENT when it is missing.
  std::string read_blob(const config::Descriptor& descriptor, std::size_t limit) const;
  std::string read_blob(const config::Digest& digest, std::size_t limit) const;

  // ---- blobs that come in pieces
  /// A file to go on with, that an earlier transfer of this blob left; its end is where to go on.
  /// Locked until it is closed: a second one waits. Empty: the blob is there (now).
  std::optional<sys::Fd> open_partial(const config::Digest& digest);
  /// Errors: the content is another than the digest's; the file is dropped then.
  void commit_partial(const config::Digest& digest, sys::Fd partial, Lease& lease);
  /// Drops it, when what came cannot become the blob.
  void discard_partial(const config::Digest& digest, sys::Fd partial);

  // ---- layers
  bool has_layer(const Mapping& mapping, const config::Digest& chain_id) const;
  sys::Fd open_layer(const Mapping& mapping, const config::Digest& chain_id) const;
  /// The sidecar with the owners of what takes no attributes; empty: it has none.
  std::optional<sys::Fd> open_owners(const Mapping& mapping, const config::Digest& chain_id) const;
  /// Of the layer in any mapping; empty: it is in none.
  std::optional<LayerFacts> layer_facts(const config::Digest& chain_id) const;
  /// Held while layers are made: who gets them second finds them there. Waits, in an order of its
  /// own, so that no two wait for each other: take all that one verb needs with one call.
  std::vector<sys::Fd> lock_layers(const Mapping& mapping,
                                   const std::vector<config::Digest>& chain_ids);
  sys::Fd lock_layer(const Mapping& mapping, const config::Digest& chain_id);

  // ---- index.json
  config::Index index() const;
  /// Reads, changes and replaces index.json under its lock; synced. Nothing is written when nothing
  /// was changed.
  void update_index(const std::function<void(config::Index&)>& change);

  // ---- containers: what engine/container keeps; the store knows which layers they need, for each
  // record.json has a member "needs": {"blobs": ["sha256:...", ...], "layers": ["KEY/HEX", ...]},
  // a blob being followed as in a lease, a layer being named by layer_name().
  sys::Fd containers() const;
  /// Makes directory `name` of `staging` container `id`, in one step. is_durable: synced; one that
  /// goes when its program ends need not outlive a power cut. False: the id is taken.
  bool add_container(Staging& staging, const std::string& name, const std::string& id,
                     bool is_durable = true);
  /// Replaces record.json of a container, synced. Waits while somebody prunes.
  void write_record(const std::string& id, std::string_view record);
  /// Takes the container's directory away, by way of trash/. Not is_durable: a power cut may bring
  /// it back, one more container to remove.
  void remove_container(const std::string& id, bool is_durable = true);
  static std::string layer_name(const Mapping& mapping, const config::Digest& chain_id);

  // ---- collecting
  struct Garbage {
    std::vector<config::Digest> blobs;
    std::vector<std::string> layers;    // "<mapping>/<chain id>"
    std::vector<std::string> partials;  // transfers that nobody is at
    std::uint64_t bytes = 0;
  };
  /// What neither index.json (followed through indexes, manifests and configs), nor a container,
  /// nor a lease needs. `remove`: takes it away, by way of trash/. What a document is about
  /// (`subject`) is needed as long as that.
  /// Errors: a document or a record that can't be read, for nobody knows what that needs.
  Garbage collect(bool remove);

  // ---- checking
  struct Problem {
    std::string what;  // "blob sha256:...", "layer ...", "image ..."
    std::string reason;
    bool repaired = false;
  };
  struct CheckOptions {
    bool repair = false;
    std::function<void(std::uint64_t done, std::uint64_t total)> progress = {};  // bytes
  };
  /// Verifies everything: blobs against their names, documents, that all that is referred to is
  /// there. `repair` drops what is damaged, has layers made again by whoever needs them next, and
  /// never touches a container's own files.
  std::vector<Problem> check(const CheckOptions& options);
  std::vector<Problem> check(bool repair) { return check(CheckOptions{.repair = repair}); }

  int directory() const { return root_.get(); }
  const std::string& path() const { return path_; }
  const sys::Fd& staging_directory() const { return staging_; }

  // Further members are the implementation's.
 private:
  friend class Collector;
  friend class Checker;
  Store() = default;
  static Store open_directories(const std::string& path, sys::Fd root);
  bool discard(int directory, const std::string& name);
  void empty_trash();
  static void prepare_layers(Staging& staging, const std::vector<StagedLayer>& layers);
  void name_layers(Staging& staging, const Mapping& mapping,
                   const std::vector<StagedLayer>& layers);
  void with_reserve(const std::function<void()>& step);
  sys::Fd shared_lock() const;

  std::string path_;
  sys::Fd root_, blobs_, staging_, trash_;
};

}  // namespace snapshotter
