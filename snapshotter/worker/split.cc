// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/split.h"

#include <map>
#include <optional>

#include "config/hash.h"
#include "config/json.h"
#include "snapshotter/worker/names.h"
#include "snapshotter/worker/tar_reader.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "sys/place.h"

namespace snapshotter {
namespace {

constexpr int kMaxLinks = 40;  // as many as the kernel follows

// One component, whatever the path: no two paths have the same.
std::string file_name_of(const std::string& path) {
  std::string name;
  for (const char c : path) {
    if (c == '/')
      name += "%2F";
    else if (c == '%')
      name += "%25";
    else
      name += c;
  }
  return name;
}

// Where a symlink at `path` leads, lexically: docker's archives have "../ID/layer.tar".
std::optional<std::string> resolve(const std::string& path, const std::string& target) {
  std::string whole = target.substr(0, 1) == "/" ? target : split_path(path).parent + "/" + target;
  std::vector<std::string> kept;
  for (std::size_t start = 0; start < whole.size();) {
    const std::size_t end = std::min(whole.find('/', start), whole.size());
    std::string part = whole.substr(start, end - start);
    start = end + 1;
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (kept.empty()) return std::nullopt;
      kept.pop_back();
    } else {
      kept.push_back(std::move(part));
    }
  }
  std::string result;
  for (const std::string& part : kept) result += (result.empty() ? "" : "/") + part;
  return result;
}

class Splitting {
 public:
  explicit Splitting(const SplitJob& job) : job_(job) {}

  void take(TarReader& reader, const Entry& entry) {
    if (entry.number > job_.max_members) {
      throw sys::Error(sys::format("limit \"members\": there are more than {}", job_.max_members));
    }
    const std::string path = clean_path(entry.path, job_.limits.depth);
    if (entry.type == S_IFREG) {
      add_file(reader, entry, path);
    } else if (entry.type == S_IFLNK) {
      if (const auto target = resolve(path, entry.target)) links_.emplace(path, *target);
    } else if (entry.type == 0) {
      links_.emplace(path, clean_path(entry.target, job_.limits.depth));
    }  // the rest means nothing in an image's archive
  }

  std::vector<Member> finish() {
    std::vector<Member> result;
    for (const auto& [path, target] : links_) {
      if (members_.contains(path)) continue;
      std::string end = target;
      for (int hops = 0; links_.contains(end) && hops < kMaxLinks; ++hops) end = links_[end];
      if (const auto found = members_.find(end); found != members_.end()) {
        Member member = found->second;
        member.name = path;
        result.push_back(std::move(member));
      }
    }
    for (auto& [path, member] : members_) result.push_back(std::move(member));
    return result;
  }

 private:
  void add_file(TarReader& reader, const Entry& entry, const std::string& path) {
    total_ += entry.size;
    if (entry.size > job_.limits.bytes || total_ > job_.limits.bytes) {
      throw sys::Error(
          sys::format("limit \"bytes\": its files are larger than {} together", job_.limits.bytes));
    }
    Member member = {.name = path, .file = file_name_of(path), .size = entry.size, .digest = {}};
    const std::optional<sys::Fd> file = sys::create_file(job_.directory, member.file, 0600);
    if (!file) throw sys::Error("its name is there twice");  // which of them would be meant?
    config::Hasher hasher;
    std::uint64_t position = 0;
    std::string_view piece;
    std::uint64_t offset = 0;
    while (entry.size > 0 && reader.data(piece, offset)) {
      if (offset != position) throw sys::Error("it is sparse, and an image's members are not");
      hasher.add(piece);
      sys::write_all(file->get(), piece);
      position += piece.size();
    }
    if (position != entry.size) throw sys::Error("it is sparse, and an image's members are not");
    member.digest = hasher.finish();
    members_.emplace(path, std::move(member));
  }

  const SplitJob& job_;
  std::map<std::string, Member> members_;
  std::map<std::string, std::string> links_;
  std::uint64_t total_ = 0;
};

}  // namespace

std::vector<Member> split(const SplitJob& job, std::atomic<std::uint64_t>& progress) {
  Stream stream({.input = {.fd = job.archive, .is_digested = false, .progress = &progress},
                 .max_ratio = job.limits.ratio,
                 .may_be_xz_or_bzip2 = true,
                 .is_digested = false});
  Splitting splitting(job);
  Entry entry;
  sys::in_context(
      [&] {
        return entry.number == 0 ? std::string("archive")
                                 : sys::format("member {} {} at byte {}", entry.number,
                                               config::quote_for_message(entry.path), entry.offset);
      },
      [&] {
        TarReader reader(stream, job.limits.xattr_bytes);
        while (reader.next(entry)) splitting.take(reader, entry);
      });
  stream.drain();
  return splitting.finish();
}

}  // namespace snapshotter
