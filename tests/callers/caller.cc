// SPDX-License-Identifier: Apache-2.0
#include "tests/callers/caller.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "sys/error.h"
#include "sys/format.h"

namespace callers {

using support::ProgramOptions;
using support::Result;

Caller::Caller(Words words, Words env) : words_(std::move(words)), env_(std::move(env)) {}

Words Caller::argv(const Words& words) const {
  Words all = words_;
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

ProgramOptions Caller::with_env(ProgramOptions options) const {
  options.env.insert(options.env.end(), env_.begin(), env_.end());
  options.timeout = std::max(options.timeout, std::chrono::seconds(60));
  return options;
}

Result Caller::call(const Words& words, const ProgramOptions& options) const {
  return support::run(argv(words), with_env(options));
}

std::string Caller::must(const Words& words, const ProgramOptions& options) const {
  Result result = call(words, options);
  if (result.exit_code != 0) {
    throw sys::Error(sys::format("{} {} exits with {}: {}", words_.at(0), words.at(0),
                                 result.exit_code, result.all()));
  }
  if (result.out.ends_with('\n')) result.out.pop_back();
  return std::move(result.out);
}

void write_image_archive(const std::string& path) {
  const support::Bundle bundle;
  support::write_text(bundle.rootfs() + "/bin/notprogram", "#!/bin/sh\n", 0644);
  const support::TempDirectory image;
  const auto must = [](const Words& words) { return Caller({words}).must({}); };
  (void)must({"tar", "--owner=0", "--group=0", "--numeric-owner", "-C", bundle.rootfs(), "-cf",
              image / "layer.tar", "."});
  const std::string digest = must({"sha256sum", image / "layer.tar"}).substr(0, 64);
  support::write_text(image / "config.json",
                      sys::format(R"({{"architecture": "amd64", "os": "linux",
  "config": {{"Env": ["PATH=/bin"], "Cmd": ["probe", "pause"]}},
  "rootfs": {{"type": "layers", "diff_ids": ["sha256:{}"]}}}})",
                                  digest));
  support::write_text(image / "manifest.json",
                      sys::format(R"([{{"Config": "config.json", "RepoTags": ["{}"],
  "Layers": ["layer.tar"]}}])",
                                  kImage));
  (void)must({"tar", "-C", image.path(), "-cf", path, "manifest.json", "config.json", "layer.tar"});
}

std::string find_program(const std::string& name) {
  const char* path = ::getenv("PATH");
  std::istringstream directories(path != nullptr ? path : "");
  for (std::string directory; std::getline(directories, directory, ':');) {
    directory.append("/").append(name);
    if (::access(directory.c_str(), X_OK) == 0) return directory;
  }
  return {};
}

bool has_programs(const Words& names) {
  return std::ranges::none_of(names,
                              [](const std::string& name) { return find_program(name).empty(); });
}

}  // namespace callers
