// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/content/layout.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "config/json.h"
#include "snapshotter/content/store.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/storage.h"

namespace snapshotter {
namespace layout {

std::string blob_path(const config::Digest& digest) { return digest.algorithm + "/" + digest.hex; }

std::optional<config::Digest> digest_of_hex(std::string_view hex) {
  constexpr std::size_t kSha256Hex = 64;
  const std::string text = (hex.size() == kSha256Hex ? "sha256:" : "sha512:") + std::string(hex);
  if (!config::is_digest(text)) return std::nullopt;
  return config::parse_digest(text);
}

std::string partial_name(const config::Digest& digest) {
  return digest.algorithm + "-" + digest.hex;
}

std::optional<config::Digest> digest_of_partial(std::string_view name) {
  std::string text(name);
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  text[dash] = ':';
  if (!config::is_digest(text)) return std::nullopt;
  return config::parse_digest(text);
}

sys::Fd open_directory(int root, const std::string& name) {
  return sys::open_at(root, name, O_RDONLY | O_DIRECTORY);
}

}  // namespace layout

namespace {

constexpr std::size_t kSmall = 4096;
constexpr const char* kOciLayoutText = R"({"imageLayoutVersion":"1.0.0"})";
constexpr const char* kEmptyIndex =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0644;
// Room for an index.json and a container's record on a disk that is full: what would free space
// needs some first.
constexpr std::size_t kReserveBytes = std::size_t{256} << 10;

std::string temporary_of(const std::string& name) { return "." + name + ".new"; }

// Errors: the marker is not one of ours, or of a newer tilla.
void check_version(const std::string& text) {
  const config::Json json = config::parse_json(text, layout::kMarker);
  const config::Reader reader(json, layout::kMarker);
  std::uint64_t version = 0;
  reader.get_required("version", version);
  if (version > layout::kVersion) {
    throw sys::Error(sys::format("the store has format {}, this tilla knows those up to {}",
                                 version, layout::kVersion),
                     EINVAL,
                     "a newer tilla has made or changed it; use that one, or another --root");
  }
}

// What may be there before a store: nothing, or the start of one that a kill or power cut ended.
bool may_become_store(int root) {
  const std::string started = temporary_of(layout::kMarker);
  for (const std::string& name : sys::list_directory(root)) {
    if (name != "lost+found" && !name.starts_with(started)) {
      // Somebody may be making the store just now: the marker comes before all else.
      return sys::status_at_if_exists(root, layout::kMarker).has_value();
    }
  }
  return true;
}

void make_file_if_missing(int root, const char* name, std::string_view content) {
  if (sys::status_at_if_exists(root, name)) return;
  // Two may do this at once: the name has to be each one's own.
  const std::string temporary = temporary_of(name) + sys::random_name();
  sys::replace_file_synced(root, name, temporary, content, kFileMode);
}

// An index.json that is missing beside blobs was lost: an empty one would make garbage of them all.
bool has_lost_index(int root) {
  const std::string folder = std::string(layout::kBlobs) + "/sha256";
  return sys::status_at_if_exists(root, folder).has_value() &&
         !sys::list_directory(layout::open_directory(root, folder).get()).empty();
}

// Every step can be done again, by several at once: index.json, which comes last, says that none is
// missing.
void make_layout(int root) {
  using std::string_literals::operator""s;
  const sys::Fd lock = sys::lock_name(root, layout::kIndexLock);
  for (const std::string& name : {layout::kBlobs + "/sha256"s, layout::kBlobs + "/sha512"s}) {
    (void)sys::make_directory_at(root, layout::kBlobs, kDirectoryMode);
    (void)sys::make_directory_at(root, name, kDirectoryMode);
  }
  for (const char* name : {layout::kLayers, layout::kContainers, layout::kCache, layout::kStaging,
                           layout::kTrash, layout::kLeases, layout::kPartial, layout::kLocks}) {
    (void)sys::make_directory_at(root, name, kDirectoryMode);
  }
  (void)sys::make_file_at(root, layout::kStoreLock, 0600);
  make_file_if_missing(root, layout::kOciLayout, kOciLayoutText);
  sys::sync_filesystem(root);
  if (!has_lost_index(root)) make_file_if_missing(root, layout::kIndex, kEmptyIndex);
}

}  // namespace

Store Store::open_directories(const std::string& path, sys::Fd root) {
  Store store;
  store.path_ = path;
  store.blobs_ = layout::open_directory(root.get(), layout::kBlobs);
  store.staging_ = layout::open_directory(root.get(), layout::kStaging);
  store.trash_ = layout::open_directory(root.get(), layout::kTrash);
  store.root_ = std::move(root);
  return store;
}

Store Store::open(const std::string& path) {
  return sys::in_context(
      [&] { return sys::format("store \"{}\"", path); },
      [&] {
        sys::Fd root = sys::open_private_directory(path);
        if (const int code = sys::check_writable(root.get()); code != 0) {
          throw sys::Error(
              sys::errno_error("make files in it", code).what(), code,
              "images, history and inspect only read it; for all else give another one "
              "with --root or TILLA_ROOT");
        }
        const std::optional<std::string> marker =
            sys::read_file_at_if_exists(root.get(), layout::kMarker, kSmall);
        if (marker) {
          check_version(*marker);
        } else if (may_become_store(root.get())) {
          make_file_if_missing(root.get(), layout::kMarker,
                               sys::format("{{\"version\":{}}}\n", layout::kVersion));
        } else {
          throw sys::Error("the directory is neither empty nor a store of tilla", ENOTEMPTY,
                           "an OCI layout of others comes in by: tilla load -i DIRECTORY");
        }
        if (!sys::status_at_if_exists(root.get(), layout::kIndex)) make_layout(root.get());
        Store store = open_directories(path, std::move(root));
        store.sweep();
        (void)sys::reserve_file_at(store.directory(), layout::kReserve, kReserveBytes);
        return store;
      });
}

std::optional<Store> Store::open_if_exists(const std::string& path) {
  return sys::in_context(
      [&] { return sys::format("store \"{}\"", path); },
      [&]() -> std::optional<Store> {
        std::optional<sys::Fd> root = sys::open_path_if_exists(path, O_RDONLY | O_DIRECTORY);
        if (!root) return std::nullopt;
        const std::optional<std::string> marker =
            sys::read_file_at_if_exists(root->get(), layout::kMarker, kSmall);
        if (!marker) {
          if (may_become_store(root->get())) return std::nullopt;
          throw sys::Error("the directory is neither empty nor a store of tilla", ENOTEMPTY);
        }
        check_version(*marker);
        const bool is_half_made =
            !sys::status_at_if_exists(root->get(), layout::kIndex) && !has_lost_index(root->get());
        if (is_half_made) return std::nullopt;
        return open_directories(path, std::move(*root));
      });
}

void Store::explain(sys::Error& error) {
  if (!error.hint().empty()) return;
  if (error.code() == EROFS) {
    error.set_hint(sys::format(
        "the store \"{}\" can only be read: images, history, inspect and df work, and every verb "
        "with another --root",
        path_));
  }
  if (error.code() == ENOLCK) {
    error.set_hint(sys::format(
        "the file system of \"{}\" has no locks, as NFS may; put the store on a local disk, with "
        "--root or TILLA_ROOT",
        path_));
  }
  if (error.code() != ENOSPC && error.code() != EDQUOT) return;
  const sys::FreeSpace space = sys::free_space(root_.get());
  constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
  std::string hint = sys::format("the store \"{}\" has {} MiB left", path_, space.bytes / kMiB);
  if (space.counts_files && space.files < 1000) hint += sys::format(", {} files", space.files);
  if (error.code() == EDQUOT) hint += " on its disk, but the quota is used up";
  std::uint64_t garbage = 0;
  try {
    // Counting changes nothing, and it may fail for reasons of its own: then it can't be told.
    garbage = collect(false).bytes;
  } catch (const sys::Error&) {
  }
  error.set_hint(hint + sys::format("; nothing was lost. `tilla system prune` would free {} MiB, "
                                    "`tilla rmi` and `tilla rm` what is no longer wanted",
                                    garbage / kMiB));
}

}  // namespace snapshotter
