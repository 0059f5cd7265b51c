// SPDX-License-Identifier: Apache-2.0
// A full copy of the layers, for where nothing else works: reflinks where the file system has them.
// A snapshot is "root" in its directory, and "copied", which says when the copy was whole.
#include <dirent.h>
#include <fcntl.h>

#include <charconv>
#include <map>
#include <utility>

#include "snapshotter/layer/merged.h"
#include "snapshotter/snapshot/drivers.h"
#include "sys/entry.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace snapshotter {
namespace {

constexpr std::size_t kMaxNumber = 32;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class Copy {
 public:
  explicit Copy(int root) : root_(root) {}

  void copy_directory(const MergedDirectory& from, int to, const std::string& path,
                      std::size_t depth) {
    if (depth > kMaxTreeDepth) {
      throw sys::Error(sys::format("directories nested over {} deep", kMaxTreeDepth), ELOOP);
    }
    for (const sys::Entry& entry : from.list()) {
      const std::optional<MergedDirectory::Found> found = from.find(entry.name);
      if (!found) continue;
      const std::string below = path.empty() ? entry.name : path + "/" + entry.name;
      if (S_ISDIR(found->status.st_mode)) {
        sys::make_directory_at(to, entry.name, 0700);
        const sys::Fd child = sys::open_at(to, entry.name, O_RDONLY | O_DIRECTORY);
        copy_directory(from.enter(entry.name), child.get(), below, depth + 1);
      } else if (!copy_file(*found, to, entry.name, below)) {
        continue;  // another name of what is there already
      }
      copy_attributes(found->directory, entry.name, to, entry.name);
      sys::set_entry_status(to, entry.name,
                            found->status);  // after its content: times of directories
    }
  }

 private:
  // False: made as a hard link.
  bool copy_file(const MergedDirectory::Found& found, int to, const std::string& name,
                 const std::string& path) {
    const struct stat& status = found.status;
    if (status.st_nlink > 1) {
      const auto [first, is_first] = links_.try_emplace({status.st_dev, status.st_ino}, path);
      if (!is_first) {
        const std::size_t slash = first->second.rfind('/');
        const sys::RelPath parent = sys::RelPath::parse(
            slash == std::string::npos ? "" : std::string_view(first->second).substr(0, slash));
        const sys::Fd directory = sys::open_beneath(root_, parent, O_PATH | O_DIRECTORY);
        sys::link_entry(directory.get(), first->second.substr(slash + 1), to, name);
        return false;
      }
    }
    if (S_ISREG(status.st_mode)) {
      const sys::Fd source = sys::open_at(found.directory, name, O_RDONLY | O_NOCTTY);
      const sys::Fd target = sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
      if (status.st_size > 0) sys::clone_content(source.get(), target.get());
    } else if (S_ISLNK(status.st_mode)) {
      sys::make_symlink_at(sys::read_link_at(found.directory, name), to, name);
    } else {
      sys::make_node_at(to, name, status.st_mode, status.st_rdev, status.st_uid, status.st_gid);
    }
    return true;
  }

  int root_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;  // the first name of each file
};

class CopyDriver : public Driver {
 public:
  explicit CopyDriver(Mapping mapping) : mapping_(std::move(mapping)) {}

  std::string_view name() const override { return "copy"; }

  void prepare(int directory, const LayerStack& layers) override {
    check_layer_count(layers);
    sys::raise_descriptor_limit();
    sys::make_directory_at(directory, "root", 0755);
    const sys::Fd root = sys::open_at(directory, "root", O_RDONLY | O_DIRECTORY);
    copy_tree(layers, mapping_, root.get());
    dress_root(root.get(), layers);
    // By the file system's clock. As text: a restored backup has other times.
    const sys::Fd copied = sys::open_at(directory, "copied", O_WRONLY | O_CREAT | O_EXCL, 0600);
    sys::write_all(copied.get(), std::to_string(nanoseconds(sys::status_of(copied.get()).st_ctim)));
  }

  sys::Fd root(int directory, const LayerStack& /*layers*/, bool read_only) override {
    if (directory >= 0) {
      const sys::Fd root = sys::open_at(directory, "root", O_RDONLY | O_DIRECTORY);
      return clone_directory(root.get(), read_only);
    }
    sys::Error error("the copy driver shows no image");
    error.set_hint("make a container of it, and mount that");
    throw error;
  }

  std::vector<Change> changes(int directory, const LayerStack& layers) override {
    const sys::Fd root = sys::open_at(directory, "root", O_RDONLY | O_DIRECTORY);
    return copy_changes(root.get(), layers, mapping_, copied_at(directory));
  }

  std::vector<Change> entries(int directory, const LayerStack& layers) override {
    const sys::Fd root = sys::open_at(directory, "root", O_RDONLY | O_DIRECTORY);
    return copy_entries(root.get(), layers, mapping_);
  }

  std::vector<sys::Fd> sources(int directory, const LayerStack& /*layers*/) override {
    std::vector<sys::Fd> sources;
    sources.push_back(sys::open_at(directory, "root", O_RDONLY | O_DIRECTORY));
    return sources;
  }

 private:
  // When it can't be read, all content is compared.
  static std::int64_t copied_at(int directory) {
    const auto text = sys::read_file_at_if_exists(directory, "copied", kMaxNumber).value_or("");
    std::int64_t time = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), time);
    return time;
  }

  Mapping mapping_;
};

}  // namespace

void copy_tree(const LayerStack& layers, const Mapping& mapping, int to) {
  Copy(to).copy_directory(MergedDirectory(layers, mapping.overlay_prefix), to, {}, 0);
}

std::unique_ptr<Driver> make_copy_driver(const Mapping& mapping) {
  return std::make_unique<CopyDriver>(mapping);
}

}  // namespace snapshotter
