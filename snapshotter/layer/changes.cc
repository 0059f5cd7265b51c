// SPDX-License-Identifier: Apache-2.0
// A walk through the upper directory, or the copy, with what the layers have in the same place at
// hand. Three things are told apart in each directory: what lies above (`upper`), what shows
// through from below it (`merged`), and what the layers have under this name (`base`). The last two
// are the same, unless the directory is opaque, was renamed, or is a copy.
#include "snapshotter/layer/changes.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "snapshotter/layer/merged.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxAttributeBytes = std::size_t{1} << 20;
constexpr std::string_view kWhiteoutPrefix = ".wh.";
constexpr std::string_view kOpaqueName = ".wh..wh..opq", kOldOpaqueName = ".wh..opq";
// Of how the files are kept, not of the files.
constexpr std::array<std::string_view, 4> kInternalAttributes = {
    "user.overlay.", "trusted.overlay.", "user.fuseoverlayfs.", "security.selinux"};

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool is_same_time(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

sys::Attributes own_attributes(int directory, const std::string& name) {
  sys::Attributes attributes = sys::entry_attributes(directory, name, kMaxAttributeBytes);
  std::erase_if(attributes, [](const auto& attribute) {
    return std::ranges::any_of(kInternalAttributes, [&](std::string_view internal) {
      return attribute.first.starts_with(internal);
    });
  });
  return attributes;
}

// An entry where it is kept.
struct Place {
  std::uint32_t source = 0;
  int directory = -1;
  std::string path;  // in the source
  struct stat status = {};
};

struct Directory {
  std::string path;         // of the changes
  int upper = -1;           // none: all shows through
  std::string merged_path;  // in the layers, of what shows through
  MergedDirectory merged, base;
  bool is_plain = true;        // merged and base are the same
  bool has_new_names = false;  // something in it was made or removed, not just copied up
  std::size_t depth = 0;
};

std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "/" + name;
}

class Walk {
 public:
  Walk(const std::vector<int>& lowers, const Mapping& mapping, UpperFormat format)
      : prefix_(mapping.overlay_prefix),
        is_recorded_(mapping.ownership == Ownership::kRecorded),
        format_(format),
        lowers_(lowers) {}

  MergedDirectory layers() const { return {lowers_, prefix_}; }
  void set_copied_at(std::int64_t time) { copied_at_ = time; }
  /// Lists what is as it was, too, and nothing that is gone.
  void take_all() { takes_all_ = true; }
  void visit(Directory& directory);
  std::vector<Change> take() { return std::move(changes_); }

 private:
  struct Names {
    std::vector<sys::Entry> present;
    std::vector<std::string> gone;  // whiteouts
  };
  Names read_upper(int upper) const;
  std::vector<std::string> deleted(const Directory& directory, const Names& upper,
                                   const std::vector<sys::Entry>& view) const;
  void visit_entry(Directory& directory, const sys::Entry& entry, bool is_upper);
  void visit_directory(Directory& directory, const Place& place,
                       const std::optional<MergedDirectory::Found>& base, bool is_upper);
  void add(Change change);
  void add_entry(const std::string& path, const Place& place, bool is_new);
  bool is_copied_up(const Place& place, const std::string& name,
                    const std::optional<MergedDirectory::Found>& base) const;
  std::uint32_t owner_source(const Directory& directory, const Place& place,
                             const std::string& name) const;

  bool is_opaque(int directory) const;
  // Elsewhere such marks mean nothing, and the container may have set them.
  bool has_redirects() const { return format_ == UpperFormat::kOverlay && !copied_at_; }
  void follow_redirect(const Directory& parent, const std::string& name, Directory& child) const;
  void find_data(const Directory& directory, const std::string& name, Change& change) const;
  bool differs(const Place& place, const std::string& name,
               const MergedDirectory::Found& base) const;

  std::string prefix_;
  bool is_recorded_;
  bool takes_all_ = false;
  UpperFormat format_;
  const std::vector<int>& lowers_;
  std::optional<std::int64_t> copied_at_;
  std::vector<Change> changes_;
};

// ------------------------------------------------------------------------------- names

Walk::Names Walk::read_upper(int upper) const {
  Names names;
  if (upper < 0) return names;
  for (sys::Entry& entry : sys::list_entries(upper, kMaxTreeEntries)) {
    if (entry.name.starts_with(kWhiteoutPrefix)) {
      const bool is_mark = format_ == UpperFormat::kFuseOverlayfs && entry.name != kOpaqueName &&
                           entry.name != kOldOpaqueName;
      if (is_mark) names.gone.push_back(entry.name.substr(kWhiteoutPrefix.size()));
      continue;
    }
    if (entry.type == DT_CHR) {
      const std::optional<struct stat> status = sys::entry_status(upper, entry.name);
      if (!status) continue;
      if (is_whiteout(*status)) {
        names.gone.push_back(std::move(entry.name));
        continue;
      }
    }
    names.present.push_back(std::move(entry));
  }
  std::ranges::sort(names.gone);
  return names;
}

bool has(const std::vector<sys::Entry>& entries, const std::string& name) {
  return std::ranges::binary_search(
      entries, name, {}, [](const sys::Entry& entry) -> const std::string& { return entry.name; });
}

// What the layers have and the view has not.
std::vector<std::string> Walk::deleted(const Directory& directory, const Names& upper,
                                       const std::vector<sys::Entry>& view) const {
  std::vector<std::string> names;
  if (takes_all_ && format_ != UpperFormat::kFuseOverlayfs) return names;  // nobody asks
  if (directory.is_plain) {
    std::ranges::copy_if(upper.gone, std::back_inserter(names), [&](const std::string& name) {
      return directory.base.find(name).has_value();
    });
    return names;
  }
  for (sys::Entry& entry : directory.base.list()) {
    if (!has(view, entry.name)) names.push_back(std::move(entry.name));
  }
  return names;
}

// ------------------------------------------------------------------------------- the walk

void Walk::add(Change change) {
  if (changes_.size() >= kMaxTreeEntries) {
    throw sys::Error(sys::format("more than {} changes", kMaxTreeEntries), EFBIG);
  }
  changes_.push_back(std::move(change));
}

void Walk::add_entry(const std::string& path, const Place& place, bool is_new) {
  add({.path = path,
       .kind = is_new ? ChangeKind::kAdded : ChangeKind::kModified,
       .source = place.source,
       .source_path = place.path == path ? "" : place.path});
}

void Walk::visit(Directory& directory) {
  if (directory.depth > kMaxTreeDepth) {
    throw sys::Error(sys::format("directories nested over {} deep", kMaxTreeDepth), ELOOP);
  }
  const Names upper = read_upper(directory.upper);
  std::vector<sys::Entry> view = upper.present;
  if (!directory.is_plain) {
    for (sys::Entry& entry : directory.merged.list()) {
      if (has(upper.present, entry.name)) continue;
      if (!std::ranges::binary_search(upper.gone, entry.name)) view.push_back(std::move(entry));
    }
    std::ranges::sort(view, {}, [](const sys::Entry& entry) { return entry.name; });
  }
  directory.base.expect_finds(view.size() + upper.gone.size());
  for (const std::string& name : deleted(directory, upper, view)) {
    directory.has_new_names = true;
    if (takes_all_) continue;
    add({.path = below(directory.path, name), .kind = ChangeKind::kDeleted});
  }
  for (const sys::Entry& entry : view) {
    visit_entry(directory, entry, directory.is_plain || has(upper.present, entry.name));
  }
}

void Walk::visit_entry(Directory& directory, const sys::Entry& entry, bool is_upper) {
  const std::string path = below(directory.path, entry.name);
  const bool is_directory = entry.type == DT_DIR;
  if (is_upper && !is_directory && directory.base.empty() && directory.merged.empty()) {
    add({.path = path, .kind = ChangeKind::kAdded});  // new in what is new: nothing to look at
    return;
  }
  Place place = {.directory = directory.upper, .path = path};
  if (is_upper) {
    const std::optional<struct stat> status = sys::entry_status(directory.upper, entry.name);
    if (!status) return;  // a container at work has taken it away
    place.status = *status;
  } else {
    const std::optional<MergedDirectory::Found> found = directory.merged.find(entry.name);
    if (!found) return;
    place = {.source = found->layer + 1,
             .directory = found->directory,
             .path = below(directory.merged_path, entry.name),
             .status = found->status};
  }
  const std::optional<MergedDirectory::Found> base = directory.base.find(entry.name);
  if (is_upper && !is_copied_up(place, entry.name, base)) directory.has_new_names = true;
  if (S_ISDIR(place.status.st_mode)) {
    visit_directory(directory, place, base, is_upper);
  } else if (!base || takes_all_ || differs(place, entry.name, *base)) {
    add_entry(path, place, !base);
    if (!is_upper) return;
    find_data(directory, entry.name, changes_.back());
    changes_.back().owner_source = owner_source(directory, place, entry.name);
  }
}

// The same symlink or FIFO in the same place is taken for a copy of the one below. So one that was
// removed and made again keeps its owner, too: with a single id there is no telling them apart.
std::uint32_t Walk::owner_source(const Directory& directory, const Place& place,
                                 const std::string& name) const {
  const mode_t type = place.status.st_mode & S_IFMT;
  if (!is_recorded_ || type == S_IFREG) return 0;
  const std::optional<MergedDirectory::Found> lower =
      copied_at_ ? directory.base.find(name) : directory.merged.find(name);
  if (!lower || (lower->status.st_mode & S_IFMT) != type) return 0;
  const bool is_same = type != S_IFLNK || sys::read_link_at(place.directory, name) ==
                                              sys::read_link_at(lower->directory, name);
  return is_same ? lower->layer + 1 : 0;
}

// Asked of fuse-overlayfs alone, which says so of files.
bool Walk::is_copied_up(const Place& place, const std::string& name,
                        const std::optional<MergedDirectory::Found>& base) const {
  if (format_ != UpperFormat::kFuseOverlayfs) return true;
  if (!base || (base->status.st_mode & S_IFMT) != (place.status.st_mode & S_IFMT)) return false;
  if (!S_ISREG(place.status.st_mode)) return true;
  return sys::entry_attribute(place.directory, name, "user.fuseoverlayfs.origin").has_value() ||
         sys::entry_attribute(place.directory, name, "trusted.overlay.origin").has_value();
}

void Walk::visit_directory(Directory& directory, const Place& place,
                           const std::optional<MergedDirectory::Found>& base, bool is_upper) {
  const std::string name = place.path.substr(place.path.rfind('/') + 1);
  Directory child = {.path = below(directory.path, name),
                     .merged_path = below(directory.merged_path, name),
                     .merged = {},
                     .base = {},
                     .is_plain = directory.is_plain,
                     .depth = directory.depth + 1};
  std::optional<sys::Fd> upper;
  if (is_upper) {
    upper = sys::open_directory(directory.upper, name);
    if (!upper) return;
    child.upper = upper->get();
  }
  const bool base_is_directory = base && S_ISDIR(base->status.st_mode);
  if (base_is_directory) child.base = directory.base.enter(name);
  if (is_upper && !copied_at_ && is_opaque(child.upper)) {
    child.is_plain = child.base.empty();
    child.has_new_names = directory.has_new_names = true;
  } else if (!child.is_plain || !directory.merged.empty()) {
    child.merged = directory.merged.enter(name);
    if (is_upper && has_redirects()) follow_redirect(directory, name, child);
  }
  const std::size_t mark = changes_.size();
  add_entry(child.path, place, !base);
  visit(child);
  const bool is_change =
      !base || takes_all_ || changes_.size() > mark + 1 || differs(place, name, *base);
  if (!is_change) {
    changes_.pop_back();
  } else if (format_ == UpperFormat::kFuseOverlayfs && is_upper && base_is_directory &&
             !child.has_new_names) {
    changes_[mark].time_source = base->layer + 1;
  }
}

// ------------------------------------------------------------------------------- overlay's marks

bool Walk::is_opaque(int directory) const {
  const auto has_mark = [&](const std::string& name) {
    return sys::entry_attribute(directory, "", name.c_str()) == "y";
  };
  if (has_mark(prefix_ + "opaque")) return true;
  if (format_ != UpperFormat::kFuseOverlayfs) return false;
  // It believes each of them, and lets whoever is in its root set the second.
  return has_mark("trusted.overlay.opaque") || has_mark("user.overlay.opaque") ||
         has_mark("user.fuseoverlayfs.opaque") ||
         sys::entry_status(directory, std::string(kOpaqueName)).has_value() ||
         sys::entry_status(directory, std::string(kOldOpaqueName)).has_value();
}

// INV-1: through the layers, name by name, and nowhere else.
void Walk::follow_redirect(const Directory& parent, const std::string& name,
                           Directory& child) const {
  const std::optional<std::string> target =
      sys::entry_attribute(parent.upper, name, (prefix_ + "redirect").c_str());
  if (!target) return;
  const auto complain = [&](std::string_view why) {
    return sys::Error(sys::format("\"{}\": redirected to \"{}\": {}",
                                  sys::terminal_safe(child.path), sys::terminal_safe(*target), why),
                      EINVAL);
  };
  if (target->empty() || target->find('\0') != std::string::npos) throw complain("no path");
  const bool is_absolute = target->front() == '/';
  if (!is_absolute && target->find('/') != std::string::npos) {
    throw complain("neither a name nor a path from the root");
  }
  child.merged = MergedDirectory();
  child.is_plain = false;
  if (!is_absolute) {
    if (*target == "." || *target == "..") throw complain("leads out");
    child.merged = parent.merged.enter(*target);
    child.merged_path = below(parent.merged_path, *target);
  } else {
    child.merged = layers();
    child.merged_path.clear();
    std::size_t steps = 0;
    for (std::size_t start = 1; start < target->size();) {
      const std::size_t end = std::min(target->find('/', start), target->size());
      const std::string step = target->substr(start, end - start);
      if (step.empty() || step == "." || step == "..") throw complain("leads out");
      if (++steps > kMaxTreeDepth) throw complain("too deep");
      child.merged = child.merged.enter(step);
      child.merged_path = below(child.merged_path, step);
      start = end + 1;
    }
  }
  if (child.merged.empty()) throw complain("there is no such directory in the layers");
}

// A file of which only the metadata was copied up.
void Walk::find_data(const Directory& directory, const std::string& name, Change& change) const {
  if (!has_redirects() || directory.merged.empty()) return;
  if (!sys::entry_attribute(directory.upper, name, (prefix_ + "metacopy").c_str())) return;
  const std::optional<std::string> target =
      sys::entry_attribute(directory.upper, name, (prefix_ + "redirect").c_str());
  std::string path = below(directory.merged_path, name);
  std::optional<MergedDirectory::Found> found;
  if (!target) {
    found = directory.merged.find(name);
  } else {
    const bool is_absolute = target->starts_with('/');
    path = is_absolute ? target->substr(1) : below(directory.merged_path, *target);
    MergedDirectory parent = layers();
    std::size_t start = 0;
    for (std::size_t slash = path.find('/'); slash != std::string::npos && !parent.empty();
         start = slash + 1, slash = path.find('/', start)) {
      const std::string step = path.substr(start, slash - start);
      if (step.empty() || step == "." || step == "..") break;
      parent = parent.enter(step);
    }
    const std::string last = path.substr(start);
    const bool is_name = !last.empty() && last != "." && last != ".." &&
                         last.find('/') == std::string::npos &&
                         last.find('\0') == std::string::npos;
    if (is_name) found = parent.find(last);
  }
  if (!found || !S_ISREG(found->status.st_mode)) {
    throw sys::Error(sys::format("\"{}\": only its metadata is there, and its content in no layer",
                                 sys::terminal_safe(change.path)),
                     EINVAL);
  }
  change.data_source = found->layer + 1;
  change.data_path = path;
}

// ------------------------------------------------------------------------------- comparison

bool Walk::differs(const Place& place, const std::string& name,
                   const MergedDirectory::Found& base) const {
  const struct stat& one = place.status;
  const struct stat& other = base.status;
  if (one.st_mode != other.st_mode || one.st_uid != other.st_uid || one.st_gid != other.st_gid) {
    return true;
  }
  // fuse-overlayfs gives a directory a new time whenever something in it is copied up.
  const bool has_time = format_ != UpperFormat::kFuseOverlayfs || !S_ISDIR(one.st_mode);
  if (has_time && !is_same_time(one.st_mtim, other.st_mtim)) return true;
  if (S_ISREG(one.st_mode) && one.st_size != other.st_size) return true;
  if ((S_ISCHR(one.st_mode) || S_ISBLK(one.st_mode)) && one.st_rdev != other.st_rdev) return true;
  if (one.st_dev == other.st_dev && one.st_ino == other.st_ino) return false;  // the layer's own
  if (S_ISLNK(one.st_mode) &&
      sys::read_link_at(place.directory, name) != sys::read_link_at(base.directory, name)) {
    return true;
  }
  if (copied_at_ && nanoseconds(one.st_ctim) < *copied_at_) return false;
  if (own_attributes(place.directory, name) != own_attributes(base.directory, name)) return true;
  if (!S_ISREG(one.st_mode)) return false;
  if (place.source == 0 && has_redirects() &&
      sys::entry_attribute(place.directory, name, (prefix_ + "metacopy").c_str())) {
    return false;  // it has no other content than the layers'
  }
  const std::optional<sys::Fd> upper =
      sys::open_at_if_exists(place.directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  const sys::Fd lower = sys::open_at(base.directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!upper || !S_ISREG(sys::status_of(upper->get()).st_mode)) return true;
  return !sys::have_same_content(upper->get(), lower.get());
}

std::vector<Change> walk_copy(Walk walk, int root, std::int64_t copied_at) {
  sys::raise_descriptor_limit();
  walk.set_copied_at(copied_at);
  Directory top = {.path = {},
                   .upper = root,
                   .merged_path = {},
                   .merged = {},
                   .base = walk.layers(),
                   .is_plain = false};
  walk.visit(top);
  return walk.take();
}

}  // namespace

std::vector<Change> overlay_changes(int upper, const std::vector<int>& lowers,
                                    const Mapping& mapping, UpperFormat format) {
  sys::raise_descriptor_limit();
  Walk walk(lowers, mapping, format);
  Directory root = {.path = {},
                    .upper = upper,
                    .merged_path = {},
                    .merged = walk.layers(),
                    .base = walk.layers()};
  walk.visit(root);
  return walk.take();
}

std::vector<Change> overlay_entries(int upper, const std::vector<int>& lowers,
                                    const Mapping& mapping, UpperFormat format) {
  sys::raise_descriptor_limit();
  Walk walk(lowers, mapping, format);
  walk.take_all();
  Directory root = {.path = {},
                    .upper = upper,
                    .merged_path = {},
                    .merged = walk.layers(),
                    .base = {},
                    .is_plain = false};
  if (format == UpperFormat::kFuseOverlayfs) root.base = walk.layers();  // for is_copied_up()
  walk.visit(root);
  return walk.take();
}

std::vector<Change> copy_changes(int root, const std::vector<int>& lowers, const Mapping& mapping,
                                 std::int64_t copied_at) {
  return walk_copy(Walk(lowers, mapping, UpperFormat::kOverlay), root, copied_at);
}

std::vector<Change> copy_entries(int root, const std::vector<int>& lowers, const Mapping& mapping) {
  Walk walk(lowers, mapping, UpperFormat::kOverlay);
  walk.take_all();
  return walk_copy(std::move(walk), root, 0);
}

}  // namespace snapshotter
