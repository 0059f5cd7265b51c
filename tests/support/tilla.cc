// SPDX-License-Identifier: Apache-2.0
#include "tests/support/tilla.h"

#include <cstring>

#include "config/platform.h"
#include "sys/error.h"
#include "sys/format.h"

namespace support {
namespace {

constexpr std::size_t kBlock = 512;

std::string octal(std::uint64_t value, std::size_t width) {
  return sys::format("{:0{}o}", value, width - 1);
}

void put(std::string& header, std::size_t at, std::string_view text, std::size_t width) {
  std::memcpy(header.data() + at, text.data(), std::min(text.size(), width));
}

}  // namespace

std::string tilla_program() {
  const std::string runtime = runtime_program();
  return runtime.substr(0, runtime.rfind('/')) + "/tilla";
}

// ---------------------------------------------------------------------------- the command

Tilla::Tilla(std::string identity) : identity_(std::move(identity)) {}

Result Tilla::call(const std::vector<std::string>& words, ProgramOptions options) const {
  std::vector<std::string> argv = {tilla_program(), "--root", root()};
  argv.insert(argv.end(), words.begin(), words.end());
  if (!identity_.empty()) options.env.push_back("TILLA_IDENTITY=" + identity_);
  return run(argv, options);
}

std::string Tilla::must(const std::vector<std::string>& words,
                        const ProgramOptions& options) const {
  const Result result = call(words, options);
  if (result.exit_code != 0) {
    throw sys::Error(
        sys::format("tilla {}: exit code {}: {}", words.at(0), result.exit_code, result.all()));
  }
  return result.out;
}

config::Index Tilla::index() const {
  return config::read_index(read_text(root() + "/index.json"), "index.json");
}

std::string Tilla::blob(const config::Digest& digest) const {
  return read_text(root() + "/blobs/" + digest.algorithm + "/" + digest.hex);
}

std::vector<std::string> Tilla::layers() const {
  std::vector<std::string> all;
  if (!exists(root() + "/layers")) return all;
  for (const std::string& key : names_in(root() + "/layers")) {
    for (const std::string& name : names_in(root() + "/layers/" + key)) {
      if (name.size() == 64) all.push_back(key + "/" + name);
    }
  }
  return all;
}

std::vector<std::string> Tilla::left() const {
  std::vector<std::string> all;
  for (const char* folder : {"staging", "trash"}) {
    if (!exists(root() + "/" + folder)) continue;
    for (const std::string& name : names_in(root() + "/" + folder)) {
      all.push_back(std::string(folder) + "/" + name);
    }
  }
  return all;
}

// ---------------------------------------------------------------------------- tar

TarBuilder& TarBuilder::add(const Entry& entry) {
  std::string header(kBlock, '\0');
  put(header, 0, entry.name, 100);
  put(header, 100, octal(entry.mode, 8), 8);
  put(header, 108, octal(entry.uid, 8), 8);
  put(header, 116, octal(entry.gid, 8), 8);
  put(header, 124, octal(entry.content.size(), 12), 12);
  put(header, 136, octal(entry.mtime, 12), 12);
  put(header, 148, "        ", 8);
  header[156] = entry.type;
  put(header, 157, entry.link, 100);
  put(header, 257, std::string_view("ustar\00000", 8), 8);
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, octal(sum, 7) + '\0' + ' ', 8);
  blocks_ += header + entry.content;
  blocks_.resize((blocks_.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return *this;
}

TarBuilder& TarBuilder::file(const std::string& name, std::string_view content) {
  return add({.name = name, .content = std::string(content)});
}
TarBuilder& TarBuilder::directory(const std::string& name, unsigned mode) {
  return add({.name = name, .type = '5', .mode = mode});
}
TarBuilder& TarBuilder::symlink(const std::string& name, const std::string& target) {
  return add({.name = name, .type = '2', .link = target, .mode = 0777});
}
TarBuilder& TarBuilder::link(const std::string& name, const std::string& target) {
  return add({.name = name, .type = '1', .link = target});
}
std::string TarBuilder::bytes() const { return blocks_ + std::string(2 * kBlock, '\0'); }

std::string small_root() {
  return TarBuilder()
      .directory("bin/")
      .file("bin/tool", "#!/bin/sh\n")
      .link("bin/other", "bin/tool")
      .directory("etc/", 0750)
      .add({.name = "etc/mail", .content = "postmaster\n", .mode = 0640, .uid = 8, .gid = 12})
      .add({.name = "etc/alias", .type = '2', .link = "mail", .mode = 0777, .uid = 8, .gid = 12})
      .bytes();
}

// ---------------------------------------------------------------------------- layouts

LayoutBuilder::LayoutBuilder(std::string path) : path_(std::move(path)) {
  make_directory(path_);
  make_directory(path_ + "/blobs");
  make_directory(path_ + "/blobs/sha256");
  write_text(path_ + "/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
}

config::Descriptor LayoutBuilder::blob(std::string_view bytes, std::string_view media_type) const {
  config::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = config::digest_of(bytes);
  descriptor.size = bytes.size();
  write_text(path_ + "/blobs/sha256/" + descriptor.digest.hex, bytes);
  return descriptor;
}

config::Manifest LayoutBuilder::manifest(const std::vector<std::string>& layers) const {
  config::ImageConfig image;
  image.platform = config::native_platform();
  config::Manifest manifest;
  manifest.media_type = config::media_type::kManifest;
  for (const std::string& layer : layers) {
    manifest.layers.push_back(blob(layer, config::media_type::kLayer));
    image.diff_ids.push_back(manifest.layers.back().digest);
  }
  manifest.config = blob(config::write_image_config(image), config::media_type::kConfig);
  return manifest;
}

config::Descriptor LayoutBuilder::image(const std::vector<std::string>& layers) const {
  return blob(config::write_manifest(manifest(layers)), config::media_type::kManifest);
}

config::Descriptor LayoutBuilder::named(config::Descriptor descriptor, const std::string& name) {
  descriptor.annotations[std::string(config::kRefNameAnnotation)] = name;
  return descriptor;
}

void LayoutBuilder::index(const std::vector<config::Descriptor>& manifests) const {
  config::Index index;
  index.media_type = config::media_type::kIndex;
  index.manifests = manifests;
  index_text(config::write_index(index));
}

void LayoutBuilder::index_text(std::string_view text) const {
  write_text(path_ + "/index.json", text);
}

}  // namespace support
