// SPDX-License-Identifier: Apache-2.0
// Writes an image's documents, member by member in the order of the specification's Go types, which
// is the order in which docker, buildkit and podman write them.
#include "config/base64.h"
#include "config/image_spec.h"
#include "config/json.h"
#include "config/json_object.h"

namespace config {
namespace {

Json to_set(const std::vector<std::string>& names) {
  Json::Object members;
  for (const std::string& name : names) members.push_back({name, {Json::Object()}});
  return {std::move(members)};
}

void add_platform(JsonObject& object, const Platform& platform) {
  object.add("architecture", platform.architecture)
      .add("os", platform.os)
      .add_unless_empty("os.version", platform.os_version)
      .add_unless_empty("os.features", platform.os_features)
      .add_unless_empty("variant", platform.variant);
}

Json to_json(const Platform& platform) {
  JsonObject object;
  add_platform(object, platform);
  return object.take();
}

Json to_json(const Healthcheck& healthcheck) {
  return JsonObject()
      .add_unless_empty("Test", healthcheck.test)
      .add_unless_empty("Interval", healthcheck.interval)
      .add_unless_empty("Timeout", healthcheck.timeout)
      .add_unless_empty("StartPeriod", healthcheck.start_period)
      .add_unless_empty("StartInterval", healthcheck.start_interval)
      .add_unless_empty("Retries", healthcheck.retries)
      .take();
}

Json to_json(const History& history) {
  return JsonObject()
      .add_unless_empty("created", history.created)
      .add_unless_empty("created_by", history.created_by)
      .add_unless_empty("author", history.author)
      .add_unless_empty("comment", history.comment)
      .add_unless_empty("empty_layer", history.empty_layer)
      .take();
}

Json rootfs_to_json(const std::vector<Digest>& diff_ids) {
  std::vector<std::string> ids;
  ids.reserve(diff_ids.size());
  for (const Digest& id : diff_ids) ids.push_back(id.text());
  return JsonObject().add("type", std::string("layers")).add("diff_ids", ids).take();
}

Json descriptors_to_json(const std::vector<Descriptor>& descriptors) {
  Json::Array list;
  list.reserve(descriptors.size());
  for (const Descriptor& descriptor : descriptors) list.push_back(config::to_json(descriptor));
  return {std::move(list)};
}

}  // namespace

Json to_json(const ContainerConfig& config) {
  JsonObject object;
  object.add_unless_empty("User", config.user);
  if (!config.exposed_ports.empty()) {
    object.add_json("ExposedPorts", to_set(config.exposed_ports));
  }
  object.add_unless_empty("Env", config.env)
      .add_unless_empty("Entrypoint", config.entrypoint)
      .add_unless_empty("Cmd", config.cmd);
  if (!config.volumes.empty()) object.add_json("Volumes", to_set(config.volumes));
  object.add_unless_empty("WorkingDir", config.working_dir)
      .add_unless_empty("Labels", config.labels)
      .add_unless_empty("StopSignal", config.stop_signal)
      .add_unless_empty("ArgsEscaped", config.args_escaped);
  if (config.healthcheck) object.add_json("Healthcheck", to_json(*config.healthcheck));
  return object.add_unless_empty("OnBuild", config.on_build)
      .add_unless_empty("Shell", config.shell)
      .take();
}

Json to_json(const Descriptor& descriptor) {
  JsonObject object;
  object.add("mediaType", descriptor.media_type)
      .add("digest", descriptor.digest.text())
      .add("size", descriptor.size)
      .add_unless_empty("urls", descriptor.urls)
      .add_unless_empty("annotations", descriptor.annotations);
  if (descriptor.data) object.add("data", encode_base64(*descriptor.data));
  if (descriptor.platform) object.add_json("platform", to_json(*descriptor.platform));
  return object.add_unless_empty("artifactType", descriptor.artifact_type).take();
}

Json to_json(const ImageConfig& config) {
  JsonObject object;
  object.add_unless_empty("created", config.created).add_unless_empty("author", config.author);
  add_platform(object, config.platform);
  object.add_json("config", to_json(config.config))
      .add_json("rootfs", rootfs_to_json(config.diff_ids));
  if (!config.history.empty()) {
    Json::Array history;
    for (const History& entry : config.history) history.push_back(to_json(entry));
    object.add_json("history", {std::move(history)});
  }
  return object.take();
}

std::string write_manifest(const Manifest& manifest) {
  JsonObject object;
  object.add("schemaVersion", 2)
      .add_unless_empty("mediaType", manifest.media_type)
      .add_unless_empty("artifactType", manifest.artifact_type)
      .add_json("config", to_json(manifest.config))
      .add_json("layers", descriptors_to_json(manifest.layers));
  if (manifest.subject) object.add_json("subject", to_json(*manifest.subject));
  return write_json(object.add_unless_empty("annotations", manifest.annotations).take(), "");
}

std::string write_index(const Index& index) {
  JsonObject object;
  object.add("schemaVersion", 2)
      .add_unless_empty("mediaType", index.media_type)
      .add_unless_empty("artifactType", index.artifact_type)
      .add_json("manifests", descriptors_to_json(index.manifests));
  if (index.subject) object.add_json("subject", to_json(*index.subject));
  return write_json(object.add_unless_empty("annotations", index.annotations).take(), "");
}

std::string write_image_config(const ImageConfig& config) {
  return write_json(to_json(config), "");
}

}  // namespace config
