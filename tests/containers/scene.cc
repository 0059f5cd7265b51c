// SPDX-License-Identifier: Apache-2.0
#include "tests/containers/scene.h"

#include "config/platform.h"
#include "sys/format.h"

namespace containers {
namespace {

constexpr const char* kCommands[] = {
    "cat",   "chmod", "echo",     "env", "grep", "hostname", "id",   "kill",  "ls",   "mkdir",
    "mount", "ping",  "pwd",      "rm",  "sh",   "sleep",    "stat", "touch", "true", "false",
    "umask", "wc",    "readlink", "ip",  "seq",  "stty",     "tty",  "test",  "ps",   "dd"};

}  // namespace

TarBuilder busybox_root() {
  TarBuilder root;
  root.directory("bin/").directory("etc/").directory("tmp/", 01777);
  root.add({.name = "bin/busybox", .content = support::read_text("/bin/busybox"), .mode = 0755});
  for (const char* name : kCommands) root.symlink(sys::format("bin/{}", name), "busybox");
  root.add({.name = "bin/probe",
            .content = support::read_text(support::own_directory() + "/probe"),
            .mode = 0755});
  root.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/srv/app:/bin/sh\n");
  root.file("etc/group", "root:x:0:\napp:x:1000:\nextra:x:77:app\n");
  return root;
}

Scene::Scene(std::string identity) : tilla_(std::move(identity)) {
  add_image("box", busybox_root(), [](config::ContainerConfig& image) { image.cmd = {"sh"}; });
}

void Scene::add_image(const std::string& name, const TarBuilder& root,
                      const std::function<void(config::ContainerConfig&)>& change) const {
  const std::string path = tilla_ / ("layout-" + name);
  const support::LayoutBuilder layout(path);
  config::ImageConfig image;
  image.platform = config::native_platform();
  if (change) change(image.config);
  config::Manifest manifest;
  manifest.media_type = config::media_type::kManifest;
  manifest.layers.push_back(layout.blob(root.bytes(), config::media_type::kLayer));
  image.diff_ids.push_back(manifest.layers.back().digest);
  manifest.config = layout.blob(config::write_image_config(image), config::media_type::kConfig);
  const config::Descriptor descriptor =
      layout.blob(config::write_manifest(manifest), config::media_type::kManifest);
  layout.index({support::LayoutBuilder::named(descriptor, name)});
  (void)tilla_.must({"load", "-q", "-i", path});
}

Result Scene::shell(const std::string& line, const std::vector<std::string>& flags) const {
  std::vector<std::string> words = {"--network", "none"};
  words.insert(words.end(), flags.begin(), flags.end());
  for (const char* word : {"box", "sh", "-c"}) words.emplace_back(word);
  words.push_back(line);
  return run(words);
}

Result Scene::run(const std::vector<std::string>& words,
                  const support::ProgramOptions& options) const {
  std::vector<std::string> all = {"run", "--rm"};
  all.insert(all.end(), words.begin(), words.end());
  return tilla_.call(all, options);
}

std::vector<std::string> Scene::containers() const {
  return support::names_in(tilla_.root() + "/containers");
}

std::vector<std::string> Scene::volumes() const {
  const std::string path = tilla_.root() + "/volumes";
  return support::exists(path) ? support::names_in(path) : std::vector<std::string>();
}

}  // namespace containers
