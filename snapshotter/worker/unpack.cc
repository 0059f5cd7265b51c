// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/unpack.h"

#include "config/json.h"
#include "snapshotter/worker/names.h"
#include "snapshotter/worker/tar_reader.h"
#include "snapshotter/worker/tree.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "sys/place.h"
#include "sys/storage.h"

namespace snapshotter {
namespace {

std::string place_in_archive(const Entry& entry) {
  if (entry.number == 0) return "archive";
  return sys::format("entry {} {} at byte {}", entry.number, config::quote_for_message(entry.path),
                     entry.offset);
}

config::Algorithm algorithm_of(const config::Digest& digest) {
  return digest.algorithm == "sha512" ? config::Algorithm::kSha512 : config::Algorithm::kSha256;
}

class Unpacking {
 public:
  Unpacking(const UnpackJob& job, Unpacked& result)
      : job_(job), result_(result), tree_(job.directory, job.mapping, result.warnings) {}

  void take(TarReader& reader, Entry& entry) {
    if (++result_.entries > job_.limits.entries) {
      throw sys::Error(
          sys::format("limit \"entries\": there are more than {}", job_.limits.entries));
    }
    const LayerName name = read_layer_name(entry.path, job_.limits.depth);
    switch (name.meaning) {
      case Meaning::kIgnored:
        return;
      case Meaning::kWhiteout:
        return tree_.place_whiteout(name.path);
      case Meaning::kOpaque:
        return tree_.mark_opaque(name.path);
      case Meaning::kEntry:
        break;
    }
    if (name.path.empty() && entry.type != S_IFDIR) {
      throw sys::Error("the layer's root can be nothing but a directory");  // CVE-2021-29136
    }
    place(reader, entry, name.path);
  }

  void finish(protocol::UnpackAnswer& answer) {
    tree_.finish();
    result_.implied = tree_.implied();
    answer.opaque = tree_.unmarked();
    if (tree_.owners().empty()) return;
    if (job_.owners < 0) throw sys::Error("there is no sidecar for owners that need one");
    sys::write_all(job_.owners, to_text(tree_.owners()));
    result_.recorded = tree_.owners().size();
  }

 private:
  void place(TarReader& reader, const Entry& entry, const std::string& path) {
    switch (entry.type) {
      case S_IFDIR:
        return tree_.place_directory(path, entry);
      case S_IFREG:
        return place_file(reader, entry, path);
      case S_IFLNK:
        return tree_.place_symlink(path, entry);
      case S_IFCHR:
      case S_IFBLK:
      case S_IFIFO:
        return tree_.place_special(path, entry);
      case 0:
        return place_link(entry, path);
      default:
        throw sys::Error("it is of a type that no layer has");
    }
  }

  void place_link(const Entry& entry, const std::string& path) {
    const std::string target = clean_path(entry.target, job_.limits.depth);
    if (target.empty()) throw sys::Error("it is a hard link to the root");
    if (!tree_.place_link(path, target)) result_.links_below.emplace_back(path, target);
  }

  void place_file(TarReader& reader, const Entry& entry, const std::string& path) {
    result_.file_bytes += entry.size;
    if (entry.size > job_.limits.bytes || result_.file_bytes > job_.limits.bytes) {
      throw sys::Error(
          sys::format("limit \"bytes\": its files are larger than {} together", job_.limits.bytes));
    }
    const sys::Fd file = tree_.place_file(path, entry);
    std::uint64_t position = 0;
    std::string_view piece;
    std::uint64_t offset = 0;
    while (entry.size > 0 && reader.data(piece, offset)) {
      if (offset < position || piece.size() > entry.size || offset > entry.size - piece.size()) {
        throw sys::Error("its content is larger than its size");
      }
      if (offset != position) sys::seek_to(file.get(), offset);  // over a hole
      sys::write_all(file.get(), piece);
      position = offset + piece.size();
    }
    if (position < entry.size) sys::set_size(file.get(), entry.size);  // it ends with a hole
    tree_.finish_file(file.get(), path, entry);
  }

  const UnpackJob& job_;
  Unpacked& result_;
  Tree tree_;
};

void expect_digest(const char* what, const config::Digest& expected, const config::Digest& found) {
  if (expected.empty() || expected == found) return;
  throw sys::Error(
      sys::format("its {} is {}, and {} was expected", what, found.text(), expected.text()),
      EBADMSG);
}

}  // namespace

protocol::UnpackAnswer unpack(const UnpackJob& job, std::atomic<std::uint64_t>& progress) {
  protocol::UnpackAnswer answer;
  Unpacked& result = answer.unpacked;
  Stream stream({.input = {.fd = job.archive,
                           .keep = job.keep,
                           .algorithm = algorithm_of(job.expected_digest),
                           .expected_size = job.expected_size,
                           .progress = &progress},
                 .max_ratio = job.limits.ratio,
                 .may_be_xz_or_bzip2 = job.may_be_xz_or_bzip2,
                 .algorithm = algorithm_of(job.expected_diff_id)});
  Unpacking unpacking(job, result);
  Entry entry;
  sys::in_context([&] { return place_in_archive(entry); },
                  [&] {
                    TarReader reader(stream, job.limits.xattr_bytes);
                    while (reader.next(entry)) unpacking.take(reader, entry);
                  });
  stream.drain();
  const Stream::Facts& facts = stream.facts();
  result.digest = facts.digest;
  result.diff_id = facts.diff_id;
  result.size = facts.size;
  result.diff_size = facts.diff_size;
  result.compression = facts.compression;
  if (job.expected_size && facts.size != *job.expected_size) {
    throw sys::Error(
        sys::format("it has {} bytes, and {} were expected", facts.size, *job.expected_size));
  }
  expect_digest("digest", job.expected_digest, facts.digest);
  expect_digest("diff id", job.expected_diff_id, facts.diff_id);
  unpacking.finish(answer);
  return answer;
}

}  // namespace snapshotter
