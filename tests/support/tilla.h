// SPDX-License-Identifier: Apache-2.0
// The tilla command with a store of its own, and archives made by hand, hostile ones above all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/image_spec.h"
#include "tests/support/harness.h"

namespace support {

/// The program under test: beside the runtime.
std::string tilla_program();

class Tilla {
 public:
  /// identity: TILLA_IDENTITY; empty: the best.
  explicit Tilla(std::string identity = {});

  std::string root() const { return directory_ / "store"; }
  std::string operator/(std::string_view name) const { return directory_ / name; }
  /// Calls it, whatever comes of it.
  Result call(const std::vector<std::string>& words, ProgramOptions options = {}) const;
  /// Calls it and returns standard output. Errors: any exit code but 0.
  std::string must(const std::vector<std::string>& words, const ProgramOptions& options = {}) const;

  /// The store as a directory.
  config::Index index() const;
  std::string blob(const config::Digest& digest) const;
  /// Names in layers/KEY, for all keys: "KEY/CHAIN".
  std::vector<std::string> layers() const;
  /// Names in staging/ and trash/, where nothing may be left.
  std::vector<std::string> left() const;

 private:
  TempDirectory directory_;
  std::string identity_;
};

/// Writes ustar entries as they are asked for, sense or none.
class TarBuilder {
 public:
  struct Entry {
    std::string name;
    char type = '0';  // '0' file, '1' hard link, '2' symlink, '5' directory
    std::string content = {}, link = {};
    unsigned mode = 0644, uid = 0, gid = 0;
    std::uint64_t mtime = 1'700'000'000;
  };
  TarBuilder& add(const Entry& entry);
  TarBuilder& file(const std::string& name, std::string_view content);
  TarBuilder& directory(const std::string& name, unsigned mode = 0755);
  TarBuilder& symlink(const std::string& name, const std::string& target);
  TarBuilder& link(const std::string& name, const std::string& target);
  /// With the two empty blocks.
  std::string bytes() const;

 private:
  std::string blocks_;
};

/// An OCI layout, blob by blob.
class LayoutBuilder {
 public:
  explicit LayoutBuilder(std::string path);
  const std::string& path() const { return path_; }
  config::Descriptor blob(std::string_view bytes, std::string_view media_type) const;
  /// An image of these layers (uncompressed tars) for this machine.
  config::Descriptor image(const std::vector<std::string>& layers) const;
  /// The manifest of the same, unwritten.
  config::Manifest manifest(const std::vector<std::string>& layers) const;
  void index(const std::vector<config::Descriptor>& manifests) const;
  void index_text(std::string_view text) const;
  /// A descriptor with a name for index.json.
  static config::Descriptor named(config::Descriptor descriptor, const std::string& name);

 private:
  std::string path_;
};

/// A small root file system: two directories, some files, a symlink, a hard link.
std::string small_root();

}  // namespace support
