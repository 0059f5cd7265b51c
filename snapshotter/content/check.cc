// SPDX-License-Identifier: Apache-2.0
// Verifies a store, and mends what can be mended without asking anybody: what is damaged is
// dropped, so that it is had again from where it came.
#include <fcntl.h>

#include <cerrno>
#include <map>
#include <set>
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
namespace {

constexpr const char* kAgain = "load or pull the image again";

std::string name_of(const config::Descriptor& image) {
  const auto name = image.annotations.find(std::string(config::kRefNameAnnotation));
  return name != image.annotations.end() ? sys::format("image \"{}\"", name->second)
                                         : "image " + image.digest.text();
}

// Foreign layers, as the standard calls them, need not be had; what can't be verified isn't.
bool may_be_missing(const config::Descriptor& layer) {
  return !config::is_verifiable(layer.digest) || !layer.urls.empty() ||
         layer.media_type.find("nondistributable") != std::string::npos ||
         layer.media_type.find("foreign") != std::string::npos;
}

}  // namespace

class Checker {
 public:
  Checker(Store& store, const Store::CheckOptions& options) : store_(store), options_(options) {}

  std::vector<Store::Problem> check() {
    check_root();
    check_blobs();
    check_layers();
    check_images();
    check_containers();
    return std::move(problems_);
  }

 private:
  void report(std::string what, std::string reason, bool repaired) {
    problems_.push_back(
        {.what = std::move(what), .reason = std::move(reason), .repaired = repaired});
  }

  /// Reports a file that is of no use, and drops it.
  void drop(int folder, const std::string& name, std::string what, std::string reason) {
    const bool is_gone = options_.repair && store_.discard(folder, name);
    report(std::move(what), std::move(reason), is_gone);
  }

  // ---- what belongs to no image

  void check_root() {
    const std::set<std::string> ours = {
        layout::kMarker,     layout::kOciLayout,  layout::kIndex,   layout::kBlobs,
        layout::kLayers,     layout::kContainers, layout::kCache,   layout::kStaging,
        layout::kTrash,      layout::kLeases,     layout::kPartial, layout::kLocks,
        layout::kStoreLock,  layout::kIndexLock,  layout::kReserve, "lost+found",
        "index.json.damaged"};
    for (const std::string& name : sys::list_directory(store_.directory())) {
      // Whatever starts with a dot is a file of ours that a kill has left, and written anew.
      if (ours.contains(name) || name.front() == '.') continue;
      report(sys::format("file \"{}\"", name), "it is not the store's; nobody uses it", false);
    }
    const std::string layout_text =
        sys::read_file_at_if_exists(store_.directory(), layout::kOciLayout, config::kMaxJsonBytes)
            .value_or("");
    if (layout_text.find("\"imageLayoutVersion\"") == layout_text.npos) {
      if (options_.repair) {
        sys::replace_file_synced(store_.directory(), layout::kOciLayout, ".oci-layout.new",
                                 R"({"imageLayoutVersion":"1.0.0"})", 0644);
      }
      report("file \"oci-layout\"", "missing or damaged: other tools don't see a layout",
             options_.repair);
    }
  }

  // ---- blobs

  void check_blobs() {
    struct File {
      std::string algorithm, name;
      std::uint64_t size;
    };
    std::vector<File> files;
    std::uint64_t total = 0;
    for (const std::string& algorithm : sys::list_directory(store_.blobs_.get())) {
      if (algorithm != "sha256" && algorithm != "sha512") {
        drop(store_.blobs_.get(), algorithm, sys::format("file \"blobs/{}\"", algorithm),
             "no folder of blobs");
        continue;
      }
      const sys::Fd folder = layout::open_directory(store_.blobs_.get(), algorithm);
      for (const std::string& name : sys::list_directory(folder.get())) {
        const std::optional<struct stat> status = sys::status_at_if_exists(folder.get(), name);
        if (!status) continue;
        const auto size = static_cast<std::uint64_t>(status->st_size);
        files.push_back({.algorithm = algorithm, .name = name, .size = size});
        total += size;
      }
    }
    std::uint64_t done = 0;
    for (const File& file : files) {
      check_blob(file.algorithm, file.name);
      done += file.size;
      if (options_.progress) options_.progress(done, total);
    }
  }

  void check_blob(const std::string& algorithm, const std::string& name) {
    const sys::Fd folder = layout::open_directory(store_.blobs_.get(), algorithm);
    const std::optional<config::Digest> digest = layout::digest_of_hex(name);
    if (!digest || digest->algorithm != algorithm) {
      drop(folder.get(), name, sys::format("file \"blobs/{}/{}\"", algorithm, name),
           "its name is no digest");
      return;
    }
    const std::optional<std::string> fault = fault_of_blob(*digest);
    if (fault) drop(folder.get(), name, "blob " + digest->text(), *fault);
    if (fault) damaged_.insert(*digest);
  }

  /// Empty: none.
  std::optional<std::string> fault_of_blob(const config::Digest& digest) const {
    constexpr std::size_t kPiece = std::size_t{256} << 10;
    try {
      const sys::Fd file = store_.open_blob(digest);
      config::Hasher hasher(digest);
      for (std::string piece = sys::read_some(file.get(), kPiece); !piece.empty();
           piece = sys::read_some(file.get(), kPiece)) {
        hasher.add(piece);
      }
      const config::Digest found = hasher.finish();
      if (found == digest) return std::nullopt;
      return "its content has digest " + found.text();
    } catch (const sys::Error& error) {  // a disk that can't read it is what is looked for
      if (error.code() == ENOENT) return std::nullopt;  // somebody has pruned it just now
      return error.what();
    }
  }

  bool is_whole(const config::Digest& digest) const {
    return store_.has_blob(digest) && !damaged_.contains(digest);
  }

  // ---- layers

  void check_layers() {
    const sys::Fd layers = layout::open_directory(store_.directory(), layout::kLayers);
    for (const std::string& mapping : sys::list_directory(layers.get())) {
      const std::optional<sys::Fd> folder =
          sys::open_at_if_exists(layers.get(), mapping, O_PATH | O_NOFOLLOW);
      if (!folder) continue;
      if (!sys::is_directory(folder->get())) {
        drop(layers.get(), mapping, sys::format("file \"layers/{}\"", mapping), "no folder");
        continue;
      }
      const sys::Fd entries = layout::open_directory(layers.get(), mapping);
      for (const std::string& name : sys::list_directory(entries.get())) {
        check_layer(entries.get(), mapping, name);
      }
    }
  }

  void check_layer(int folder, const std::string& mapping, const std::string& name) {
    const std::string hex = name.substr(0, name.find('.'));
    const std::string suffix = name.substr(hex.size());
    const std::string what = sys::format("layer {}/{}", mapping, name);
    const bool is_sidecar = suffix == layout::kFactsSuffix || suffix == layout::kOwnersSuffix;
    if (!layout::digest_of_hex(hex) || (!suffix.empty() && !is_sidecar)) {
      drop(folder, name, what, "its name is no chain id");
      return;
    }
    const std::optional<struct stat> status = sys::status_at_if_exists(folder, name);
    if (!status) return;
    if (is_sidecar ? !S_ISREG(status->st_mode) : !S_ISDIR(status->st_mode)) {
      drop(folder, name, what, "not the kind of file that has such a name");
      return;
    }
    // One without its layer is no problem: a kill came between the two, and the next one who makes
    // the layer replaces it.
    if (is_sidecar) return;
    if (!facts_are_readable(folder, hex)) {
      // With its sidecar went its size alone, but what took the one may have taken more.
      drop(folder, name, what, "what is remembered of it is missing or damaged");
    }
  }

  static bool facts_are_readable(int folder, const std::string& hex) {
    try {
      const std::string name = hex + layout::kFactsSuffix;
      const config::Json json =
          config::parse_json(sys::read_file_at(folder, name, config::kMaxJsonBytes), name);
      return json.find("size") != nullptr;
    } catch (const sys::Error&) {  // which is what is asked
      return false;
    }
  }

  // ---- images

  void check_images() {
    config::Index index;
    try {
      index = store_.index();
    } catch (const sys::Error& error) {  // a damaged one is among what is looked for
      if (options_.repair) rebuild_index();
      report("file \"index.json\"",
             sys::format("{}{}", error.what(),
                         options_.repair ? "; made anew, of all manifests that are there: their "
                                           "names are lost, the old one is index.json.damaged"
                                         : ""),
             options_.repair);
      if (!options_.repair) return;
      index = store_.index();
    }
    std::set<config::Digest> lost;
    for (const config::Descriptor& image : index.manifests) {
      if (!check_document(name_of(image), image)) lost.insert(image.digest);
    }
    if (!options_.repair || lost.empty()) return;
    store_.update_index([&](config::Index& now) {
      std::erase_if(now.manifests, [&](const config::Descriptor& image) {
        return lost.contains(image.digest) && !store_.has_blob(image.digest);
      });
    });
  }

  /// False: nothing can be done with the image, for its first document is gone.
  bool check_document(const std::string& what, const config::Descriptor& root) {
    std::vector<config::Descriptor> rest = {root};
    std::set<config::Digest> seen;
    while (!rest.empty()) {
      const config::Descriptor next = std::move(rest.back());
      rest.pop_back();
      if (!seen.insert(next.digest).second) continue;
      const bool is_root = next.digest == root.digest;
      if (!is_whole(next.digest)) {
        // An index may name manifests of other platforms, which nobody has asked for.
        if (!is_root && !damaged_.contains(next.digest)) continue;
        report(what,
               sys::format("{} {} is missing or damaged: {}", is_root ? "its manifest" : "manifest",
                           next.digest.text(), kAgain),
               is_root && options_.repair);
        if (is_root) return false;
        continue;
      }
      try {
        std::optional<References> found = references_of(store_, next);
        if (!found) continue;
        for (config::Descriptor& document : found->documents) rest.push_back(std::move(document));
        for (const config::Descriptor& layer : found->layers) check_part(what, "layer", layer);
        if (found->config) check_config(what, *found->config);
      } catch (const sys::Error& error) {  // a document that makes no sense is a finding
        const bool is_gone = options_.repair && drop_blob(next.digest);
        report(what, sys::format("{}: {}", error.what(), kAgain), is_gone && is_root);
        if (is_root) return false;
      }
    }
    return true;
  }

  bool drop_blob(const config::Digest& digest) {
    return store_.discard(store_.blobs_.get(), layout::blob_path(digest));
  }

  /// Whether the part of an image is there, with the size that the image says.
  bool check_part(const std::string& what, const char* kind, const config::Descriptor& part) {
    if (!is_whole(part.digest)) {
      if (may_be_missing(part)) return false;
      report(what, sys::format("{} {} is missing or damaged: {}", kind, part.digest.text(), kAgain),
             false);
      return false;
    }
    const std::uint64_t size = store_.blob_size(part.digest).value_or(0);
    if (size == part.size) return true;
    report(what,
           sys::format("{} {} has {} bytes, and {} in the manifest, which is wrong", kind,
                       part.digest.text(), size, part.size),
           false);
    return false;
  }

  void check_config(const std::string& what, const config::Descriptor& config) {
    if (check_part(what, "config", config)) (void)chain_ids_of(store_, config);
  }

  // The names are gone with the index; what they were names of needs not be.
  void rebuild_index() {
    // Kept beside, and never missing in between: without one nothing would be needed.
    const std::optional<std::string> old =
        sys::read_file_at_if_exists(store_.directory(), layout::kIndex, config::kMaxJsonBytes);
    if (old) {
      sys::replace_file_synced(store_.directory(), "index.json.damaged", ".index.json.new", *old,
                               0644);
    }
    config::Index index;
    index.media_type = config::media_type::kIndex;
    std::set<config::Digest> below;
    const sys::Fd folder = layout::open_directory(store_.blobs_.get(), "sha256");
    for (const std::string& name : sys::list_directory(folder.get())) {
      const std::optional<config::Digest> digest = layout::digest_of_hex(name);
      if (digest && is_whole(*digest)) add_if_document(*digest, index, below);
    }
    std::erase_if(index.manifests, [&](const config::Descriptor& document) {
      return below.contains(document.digest);
    });
    sys::replace_file_synced(store_.directory(), layout::kIndex, ".index.json.new",
                             config::write_index(index), 0644);
  }

  void add_if_document(const config::Digest& digest, config::Index& index,
                       std::set<config::Digest>& below) const {
    try {
      const std::optional<References> found = references_of(store_, descriptor_of(digest));
      if (!found) return;
      for (const config::Descriptor& document : found->documents) below.insert(document.digest);
      config::Descriptor descriptor = descriptor_of(digest);
      descriptor.size = store_.blob_size(digest).value_or(0);
      descriptor.media_type =
          found->config ? config::media_type::kManifest : config::media_type::kIndex;
      const config::Json json =
          config::parse_json(store_.read_blob(digest, config::kMaxJsonBytes), "");
      if (const config::Json* type = json.find("mediaType")) {
        if (const auto* text = std::get_if<std::string>(&type->value))
          descriptor.media_type = *text;
      }
      index.manifests.push_back(std::move(descriptor));
    } catch (const sys::Error&) {  // then it is no document
    }
  }

  // ---- containers: looked at, never touched

  void check_containers() {
    const sys::Fd layers = layout::open_directory(store_.directory(), layout::kLayers);
    for (const std::string& id : sys::list_directory(store_.containers().get())) {
      const std::string what = sys::format("container \"{}\"", id);
      try {
        const std::optional<Needs> needs = needs_of_container(store_, id);
        if (!needs) report(what, "it has no record.json; its files are in containers/" + id, false);
        if (!needs) continue;
        for (const std::string& layer : needs->layers) {
          if (sys::status_at_if_exists(layers.get(), layer)) continue;
          report(what, sys::format("layer {} is missing: {}", layer, kAgain), false);
        }
      } catch (const sys::Error& error) {  // a damaged record is a finding
        report(what, sys::format("{}; its files are in containers/{}", error.what(), id), false);
      }
    }
  }

  Store& store_;
  const Store::CheckOptions& options_;
  std::set<config::Digest> damaged_;
  std::vector<Store::Problem> problems_;
};

std::vector<Store::Problem> Store::check(const CheckOptions& options) {
  if (!options.repair) return Checker(*this, options).check();
  std::vector<Problem> problems;
  {
    const sys::Fd lock = sys::open_at(root_.get(), layout::kStoreLock, O_RDWR | O_CREAT, 0600);
    sys::lock(lock.get());  // a blob that is taken for damaged must not become another meanwhile
    problems = Checker(*this, options).check();
  }
  empty_trash();
  return problems;
}

}  // namespace snapshotter
