// SPDX-License-Identifier: Apache-2.0
// What tilla asks of tilla-layers, the confined program that takes archives apart and puts them
// together. Everything that the worker says back is checked here like any other hostile input: it
// has read the archive. One Worker is one process; jobs of one worker run side by side.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/hash.h"
#include "snapshotter/layer/changes.h"
#include "snapshotter/layer/mapping.h"
#include "sys/fd.h"

namespace snapshotter {

enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };

/// What an archive may come to; each is named in the error when it is reached. INV-8, INV-12.
struct Limits {
  std::uint64_t entries = 10'000'000;
  std::uint64_t bytes = std::uint64_t{1} << 40;        // of all files, apparent
  std::uint64_t depth = 1024;                          // components of a path
  std::uint64_t xattr_bytes = std::uint64_t{1} << 20;  // of one entry
  std::uint64_t ratio = 2000;  // unpacked over packed, past the first 64 MiB
  bool operator==(const Limits&) const = default;
};

struct UnpackJob {
  int archive = -1;    // read from where it stands; a pipe will do
  int directory = -1;  // empty, below the worker's staging directory: becomes the layer
  int keep = -1;       // the bytes as they came go here, those in xz or bzip2 unpacked; -1: nowhere
  /// Ownership::kRecorded: an empty file for the owners of what takes no attributes
  /// (docs/layers.md); it stays empty when there is nothing to say. -1: such owners are an error.
  int owners = -1;
  Mapping mapping;
  Limits limits;
  /// What the archive must turn out to be; empty: anything. A mismatch is an error.
  config::Digest expected_digest;  // of the bytes as they came
  std::optional<std::uint64_t> expected_size;
  config::Digest expected_diff_id;
  bool may_be_xz_or_bzip2 = false;  // import and load only
};

struct Unpacked {
  config::Digest digest, diff_id;  // as it came; uncompressed
  std::uint64_t size = 0, diff_size = 0;
  Compression compression = Compression::kNone;
  std::uint64_t entries = 0, file_bytes = 0;
  std::uint64_t recorded = 0;  // lines of the sidecar; 0: it may go
  /// Directories that no entry describes, for their children alone: whoever stacks the layer gives
  /// them the attributes of those below. "" is the layer's root. Mode 0755, owner 0:0 until then.
  std::vector<std::string> implied;
  /// Hard links to what is in a layer below: name, target.
  std::vector<std::pair<std::string, std::string>> links_below;
  std::vector<std::string> warnings;
};

struct PackJob {
  /// What Change::source counts in: directories whose files are read. [0] is the top.
  std::vector<int> sources;
  /// Ownership::kRecorded: the sources' sidecars, as UnpackJob::owners; -1, or shorter: none.
  /// Longer: those that Change::owner_source may name beyond the sources.
  std::vector<int> owners;
  /// The entries, in order. Empty with `whole`: all below sources[0], sorted.
  std::vector<Change> changes;
  bool whole = false;
  int output = -1;                               // a file or a pipe, written from where it stands
  Compression compression = Compression::kNone;  // none, gzip or zstd
  Mapping mapping;
  std::optional<std::int64_t> clamp_time;  // SOURCE_DATE_EPOCH: later times become this one
  bool digest_only = false;
};

struct Packed {
  config::Digest digest, diff_id;
  std::uint64_t size = 0, diff_size = 0, entries = 0;
};

/// Takes the members of an outer archive (what `load` reads: an OCI layout or docker's) apart.
struct SplitJob {
  int archive = -1;
  /// Regular files become files in here, named by their path with '/' as "%2F"; links between
  /// members are resolved. Nothing else is made.
  int directory = -1;
  std::uint64_t max_members = 100'000;
  Limits limits;
};
struct Member {
  std::string name;  // as in the archive, cleaned
  std::string file;  // in the directory
  std::uint64_t size = 0;
  config::Digest digest;
};

/// Puts files together into a tar (`save`), in the order given; regular files and directories only.
struct JoinJob {
  struct Part {
    std::string name;
    int file = -1;  // -1: a directory, or `text`
    std::string text;
    bool is_directory = false;
  };
  std::vector<Part> parts;
  int output = -1;
};

class Worker {
 public:
  struct Options {
    std::string program;  // tilla-layers
    int staging = -1;     // the only directory that it sees
    /// bytes read from the archive so far, for all jobs; called some times a second.
    std::function<void(std::uint64_t)> progress;
  };
  /// To be made with CAP_SYS_ADMIN, in the user namespace whose ids the layers' files have, by a
  /// process without threads. It starts meanwhile: that the program isn't there, or the step at
  /// which its confinement failed, is an error of the first job.
  explicit Worker(const Options& options);
  ~Worker();  // ends it and waits for it

  /// Each runs all jobs side by side and gives the results in their order. The first error of any
  /// ends all and is thrown; it names the entry of the archive and its place.
  std::vector<Unpacked> unpack(const std::vector<UnpackJob>& jobs);
  std::vector<Packed> pack(const std::vector<PackJob>& jobs);
  std::vector<Member> split(const SplitJob& job);
  void join(const JoinJob& job);

  Worker(Worker&&) noexcept;
  Worker& operator=(Worker&&) = delete;

 private:
  struct Channel;
  std::unique_ptr<Channel> channel_;
};

}  // namespace snapshotter
