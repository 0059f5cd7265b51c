// SPDX-License-Identifier: Apache-2.0
#include "engine/image/inspect_image.h"

#include <algorithm>
#include <set>

#include "config/image_spec.h"
#include "config/json_object.h"

namespace engine {
namespace {

using config::Json;
using config::JsonObject;

Json texts_or_null(const std::vector<std::string>& texts) {
  return texts.empty() ? Json{} : config::to_json(texts);
}

Json root_to_json(const config::ImageConfig& image) {
  std::vector<std::string> layers;
  for (const config::Digest& id : image.diff_ids) layers.push_back(id.text());
  return JsonObject().add("Type", std::string("layers")).add("Layers", layers).take();
}

}  // namespace

Json config_to_json(const config::ContainerConfig& container, const std::string& image) {
  JsonObject object;
  object.add("Hostname", std::string())
      .add("Domainname", std::string())
      .add("User", container.user)
      .add("AttachStdin", false)
      .add("AttachStdout", false)
      .add("AttachStderr", false);
  const Json written = config::to_json(container);
  const auto add_set = [&](std::string_view name) {
    if (const Json* set = written.find(name)) object.add_json(name, *set);
  };
  add_set("ExposedPorts");
  object.add("Tty", false)
      .add("OpenStdin", false)
      .add("StdinOnce", false)
      .add_json("Env", texts_or_null(container.env))
      .add_json("Cmd", texts_or_null(container.cmd));
  add_set("Healthcheck");
  if (container.args_escaped) object.add("ArgsEscaped", true);
  object.add("Image", image);
  const Json* volumes = written.find("Volumes");
  object.add_json("Volumes", volumes == nullptr ? Json{} : *volumes)
      .add("WorkingDir", container.working_dir)
      .add_json("Entrypoint", texts_or_null(container.entrypoint))
      .add_json("OnBuild", texts_or_null(container.on_build))
      .add_json("Labels", container.labels.empty() ? Json{} : config::to_json(container.labels))
      .add_unless_empty("StopSignal", container.stop_signal);
  if (!container.shell.empty()) object.add("Shell", container.shell);
  return object.take();
}

Json inspect_image(const ImageRecord& image) {
  const config::ImageConfig& document = image.documents.config;
  const config::Manifest& manifest = image.documents.manifest;
  std::vector<std::string> tags, digests;
  for (std::size_t i = 0; i < image.names.size(); ++i) {
    const config::Reference& name = image.names[i];
    if (!name.tag.empty()) tags.push_back(name.familiar_repository() + ":" + name.tag);
    std::string digest = name.familiar_repository() + "@" + image.entries[i].digest.text();
    if (std::ranges::find(digests, digest) == digests.end()) digests.push_back(std::move(digest));
  }
  JsonObject object;
  object.add("Id", image.id.text())
      .add("RepoTags", tags)
      .add("RepoDigests", digests)
      .add("Parent", std::string())
      .add("Comment", document.history.empty() ? std::string() : document.history.back().comment)
      .add("Created", document.created)
      .add("DockerVersion", std::string())
      .add("Author", document.author)
      .add_json("Config", config_to_json(document.config))
      .add("Architecture", document.platform.architecture)
      .add_unless_empty("Variant", document.platform.variant)
      .add("Os", document.platform.os)
      .add_unless_empty("OsVersion", document.platform.os_version)
      .add("Size", image.size)
      .add("VirtualSize", image.size)
      .add_json("GraphDriver",
                JsonObject().add_json("Data", {}).add("Name", std::string("tilla")).take())
      .add_json("RootFS", root_to_json(document))
      .add_json("Metadata",
                JsonObject().add("LastTagTime", std::string("0001-01-01T00:00:00Z")).take());
  if (!image.documents.descriptor.digest.empty()) {
    object.add_json("Descriptor", config::to_json(image.documents.descriptor))
        .add("Annotations", manifest.annotations)
        .add_unless_empty("ArtifactType", manifest.artifact_type);
    if (manifest.subject) object.add_json("Subject", config::to_json(*manifest.subject));
    std::vector<config::Json> layers;
    for (const config::Descriptor& layer : manifest.layers) {
      layers.push_back(config::to_json(layer));
    }
    object.add_json("Layers", {std::move(layers)});
  }
  object.add_unless_empty("Problem", image.problem);
  return object.take();
}

}  // namespace engine
