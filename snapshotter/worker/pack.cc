// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/pack.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <map>
#include <optional>

#include "config/json.h"
#include "snapshotter/worker/names.h"
#include "snapshotter/worker/owner_record.h"
#include "snapshotter/worker/tar_writer.h"
#include "sys/attribute.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/place.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxSidecar = std::size_t{256} << 20;

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// A capability for this user namespace is one for whichever the layer is used in.
std::string portable(const std::string& name, std::string value) {
  constexpr std::size_t kVersion2 = 20, kVersion3 = 24;
  if (name == "security.capability" && value.size() == kVersion3 && value[3] == '\3') {
    value.resize(kVersion2);
    value[3] = '\2';
  }
  return value;
}

// Labels are this machine's; marks of overlay and fuse-overlayfs are the driver's.
bool belongs_into_layer(const std::string& name) {
  if (starts_with(name, "user.overlay.") || starts_with(name, "trusted.overlay.")) return false;
  if (starts_with(name, "user.fuseoverlayfs.")) return false;
  if (name == kOwnerAttribute) return false;
  return !starts_with(name, "security.") || name == "security.capability";
}

// The content of one open file, all `size` bytes of it.
void add_content(Sink& sink, int file, std::uint64_t size) {
  for (std::uint64_t left = size; left > 0;) {
    const auto [to, room] = sink.room();
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(room, left));
    const std::size_t count = sys::read_into(file, to, part);
    if (count == 0) throw sys::Error("it became shorter while it was read");
    sink.filled(count);
    left -= count;
  }
}

class Packing {
 public:
  explicit Packing(const PackJob& job)
      : job_(job),
        sink_({.output = job.digest_only ? -1 : job.output, .compression = job.compression}),
        writer_(sink_) {
    for (const int owners : job.owners) {
      owners_.push_back(owners < 0 ? OwnerRecords()
                                   : parse_owner_records(sys::read_all(owners, kMaxSidecar)));
    }
    owners_.resize(std::max(job.owners.size(), job.sources.size()));
  }

  Packed run() {
    if (job_.whole) {
      add_below(job_.sources[0], "");
    } else {
      for (const Change& change : job_.changes) {
        sys::in_context([&] { return config::quote_for_message(change.path); },
                        [&] { add(change); });
      }
    }
    writer_.finish();
    Packed result = sink_.finish();
    result.entries = entries_;
    return result;
  }

 private:
  // Where an entry comes from, and what is not to be found there.
  struct Origin {
    std::uint32_t source = 0;
    std::string path = {};
    sys::Fd data = {};
    const OwnerRecord* owner = nullptr;
    std::optional<sys::Time> time = {};
  };

  void add(const Change& change) {
    const std::string path = clean_path(change.path.empty() ? "." : change.path, ~0ULL);
    const SplitPath split = split_path(path);
    if (starts_with(split.name, kWhiteoutPrefix)) {
      throw sys::Error("a layer can't hold a name that begins with \".wh.\"");
    }
    if (change.kind == ChangeKind::kDeleted) return add_whiteout(split);
    Origin origin = {.source = change.source, .path = path};
    if (!change.source_path.empty()) origin.path = clean_path(change.source_path, ~0ULL);
    if (!change.data_path.empty()) {
      origin.data = open_data(change.data_source, clean_path(change.data_path, ~0ULL));
    }
    origin.owner = owner_in(change.source, origin.path);
    if (origin.owner == nullptr && change.owner_source > 0) {
      origin.owner = owner_in(change.owner_source, path);
    }
    if (change.time_source > 0) origin.time = time_in(change.time_source, path);
    const SplitPath place = split_path(origin.path);
    const int dir = open_directory(change.source, place.parent);
    if (dir < 0) return;
    if (path.empty()) return add_root(dir);
    add_name(dir, place.name, path, origin);
  }

  const OwnerRecord* owner_in(std::uint32_t source, const std::string& path) const {
    if (source >= owners_.size()) return nullptr;
    const auto record = owners_[source].find(path);
    return record == owners_[source].end() ? nullptr : &record->second;
  }

  std::optional<sys::Time> time_in(std::uint32_t source, const std::string& path) const {
    const std::optional<sys::Fd> dir = sys::open_directory_beneath(job_.sources[source], path);
    if (!dir) return std::nullopt;
    return sys::modified_at(sys::status_of(dir->get()));
  }

  // A file whose bytes are not where its metadata is.
  sys::Fd open_data(std::uint32_t source, const std::string& path) const {
    const SplitPath split = split_path(path);
    const std::optional<sys::Fd> dir = sys::open_directory_beneath(
        job_.sources[source], split.parent.empty() ? "." : split.parent);
    if (!dir) throw sys::errno_error("open the directory of its content", ENOENT);
    return sys::open_for_reading(dir->get(), split.name);
  }

  void add_whiteout(const SplitPath& split) {
    Entry entry = {.path = {}, .type = S_IFREG, .time = {}, .target = {}, .attributes = {}};
    entry.path = split.parent.empty() ? "" : split.parent + "/";
    entry.path += std::string(kWhiteoutPrefix) + split.name;
    writer_.add_header(entry);
    ++entries_;
  }

  // -1: a container at work has taken it away, as add_name() has it of files. Layers stay.
  int open_directory(std::uint32_t source, const std::string& path) {
    if (path.empty()) return job_.sources[source];
    if (directory_ && source == directory_source_ && path == directory_path_) {
      return directory_.get();
    }
    std::optional<sys::Fd> found = sys::open_directory_beneath(job_.sources[source], path);
    if (!found && source == 0) return -1;
    if (!found) throw sys::errno_error("open its directory", ENOENT);
    directory_ = std::move(*found);
    directory_source_ = source;
    directory_path_ = path;
    return directory_.get();
  }

  // Depth first, names in order.
  void add_below(int dir, const std::string& path) {
    for (const std::string& name : sys::list_directory(dir)) {
      const std::string below = path.empty() ? name : path + "/" + name;
      const bool is_directory = sys::in_context(
          [&] { return config::quote_for_message(below); },
          [&] { return add_name(dir, name, below, {.owner = owner_in(0, below)}); });
      if (!is_directory) continue;
      const sys::Fd inner = sys::open_at(dir, name, O_RDONLY | O_DIRECTORY);
      add_below(inner.get(), below);
    }
  }

  void add_root(int dir) {
    Entry entry = entry_of(".", sys::status_of(dir));
    const sys::Fd file = sys::open_at(dir, ".", O_RDONLY | O_DIRECTORY);
    add_attributes(file.get(), entry);
    writer_.add_header(entry);
    ++entries_;
  }

  Entry entry_of(const std::string& path, const struct stat& status) const {
    Entry entry = {.path = path,
                   .type = status.st_mode & S_IFMT,
                   .mode = status.st_mode & 07777U,
                   .uid = status.st_uid,
                   .gid = status.st_gid,
                   .time = clamped(sys::modified_at(status)),
                   .target = {},
                   .attributes = {}};
    return entry;
  }

  sys::Time clamped(const sys::Time& time) const {
    if (job_.clamp_time && time.seconds >= *job_.clamp_time) return {.seconds = *job_.clamp_time};
    return time;
  }

  // The recorded one, unless another than is on disk for it was set since.
  static mode_t mode_of(const OwnerRecord& record, mode_t found) {
    const bool is_untouched =
        record.type != 0 ? found == kPlaceholderMode
                         : found == (record.mode & kModesOnDisk) || found == (record.mode & 0777U);
    return is_untouched ? record.mode : found;
  }

  void apply(const OwnerRecord& record, Entry& entry) const {
    if (is_recorded()) {
      entry.uid = record.uid;
      entry.gid = record.gid;
    }
    entry.mode = mode_of(record, entry.mode);
    if (record.type == 0) return;
    entry.type = record.type;
    entry.major = record.major;
    entry.minor = record.minor;
    entry.size = 0;
  }

  // With ids of its own a file's owner is what it is; but a device may be recorded there too.
  void add_attributes(int file, Entry& entry) const {
    for (const std::string& name : sys::attribute_names(file)) {
      if (name == kOwnerAttribute) {
        const auto text = sys::attribute(file, kOwnerAttribute);
        const auto record = text ? parse_owner_record(*text) : std::nullopt;
        const bool counts = record && (is_recorded() || (record->type != 0 && entry.size == 0));
        if (counts) apply(*record, entry);
      } else if (belongs_into_layer(name)) {
        if (auto value = sys::attribute(file, name.c_str())) {
          entry.attributes.emplace_back(name, portable(name, std::move(*value)));
        }
      }
    }
  }

  // Whether it is a directory.
  bool add_name(int dir, const std::string& name, const std::string& path, const Origin& origin) {
    const auto status = sys::status_at(dir, name);
    if (!status && origin.source == 0) return false;
    if (!status) throw sys::errno_error("look at it", ENOENT);
    Entry entry = entry_of(path, *status);
    if (origin.time) entry.time = clamped(*origin.time);
    if (S_ISSOCK(status->st_mode) || sys::is_whiteout(*status)) return false;  // tar has none
    if (!S_ISDIR(status->st_mode) && status->st_nlink > 1 && add_second_name(*status, entry)) {
      return false;
    }
    ++entries_;
    if (S_ISREG(status->st_mode)) {
      add_file(dir, name, *status, origin.data.get(), entry);
      return false;
    }
    if (S_ISDIR(status->st_mode)) {
      const sys::Fd file = sys::open_at(dir, name, O_RDONLY | O_DIRECTORY);
      add_attributes(file.get(), entry);
      writer_.add_header(entry);
      return true;
    }
    if (S_ISLNK(status->st_mode)) entry.target = sys::read_link_at(dir, name);
    if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode)) {
      entry.major = major(status->st_rdev);
      entry.minor = minor(status->st_rdev);
    }
    if (origin.owner != nullptr) apply(*origin.owner, entry);
    writer_.add_header(entry);
    remember(*status, entry);
    return false;
  }

  bool add_second_name(const struct stat& status, const Entry& entry) {
    const auto first = linked_.find({status.st_dev, status.st_ino});
    if (first == linked_.end()) return false;
    Entry link = first->second;
    link.path = entry.path;
    link.target = first->second.path;
    link.type = 0;
    writer_.add_header(link);
    ++entries_;
    return true;
  }

  // Its further names say of it what this one says.
  void remember(const struct stat& status, const Entry& entry) {
    if (status.st_nlink < 2) return;
    Entry& first = linked_[{status.st_dev, status.st_ino}];
    first = entry;
    first.size = 0;
    first.attributes.clear();
  }

  // data: the content instead of its own; -1: that.
  void add_file(int dir, const std::string& name, const struct stat& status, int data,
                Entry& entry) {
    const sys::Fd file = sys::open_for_reading(dir, name);
    const struct stat opened = sys::status_of(file.get());
    if (opened.st_ino != status.st_ino || !S_ISREG(opened.st_mode)) {
      throw sys::Error("it was replaced while it was read");
    }
    const int content = data < 0 ? file.get() : data;
    const off_t size = data < 0 ? opened.st_size : sys::status_of(data).st_size;
    entry.size = static_cast<std::uint64_t>(size);
    add_attributes(file.get(), entry);
    writer_.add_header(entry);
    remember(status, entry);
    add_content(sink_, content, entry.size);
    writer_.pad(entry.size);
  }

  bool is_recorded() const { return job_.mapping.ownership == Ownership::kRecorded; }

  const PackJob& job_;
  Sink sink_;
  TarWriter writer_;
  std::vector<OwnerRecords> owners_;
  std::map<std::pair<dev_t, ino_t>, Entry> linked_;  // the first name of each
  sys::Fd directory_;
  std::uint32_t directory_source_ = 0;
  std::string directory_path_;
  std::uint64_t entries_ = 0;
};

}  // namespace

Packed pack(const PackJob& job) { return Packing(job).run(); }

void join(const JoinJob& job) {
  Sink sink({.output = job.output, .is_digested = false});
  TarWriter writer(sink);
  for (const JoinJob::Part& part : job.parts) {
    sys::in_context([&] { return config::quote_for_message(part.name); },
                    [&] {
                      Entry entry = {.path = clean_path(part.name, ~0ULL),
                                     .type = part.is_directory ? mode_t{S_IFDIR} : mode_t{S_IFREG},
                                     .mode = part.is_directory ? 0755U : 0644U,
                                     .time = {},
                                     .target = {},
                                     .attributes = {}};
                      if (part.file >= 0) {
                        const struct stat status = sys::status_of(part.file);
                        if (!S_ISREG(status.st_mode)) throw sys::Error("it is no file");
                        entry.size = static_cast<std::uint64_t>(status.st_size);
                      } else {
                        entry.size = part.text.size();
                      }
                      writer.add_header(entry);
                      if (part.file >= 0) {
                        add_content(sink, part.file, entry.size);
                      } else {
                        sink.add(part.text);
                      }
                      writer.pad(entry.size);
                    });
  }
  writer.finish();
  (void)sink.finish();
}

}  // namespace snapshotter
