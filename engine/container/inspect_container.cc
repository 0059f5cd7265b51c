// SPDX-License-Identifier: Apache-2.0
#include "engine/container/inspect_container.h"

#include "config/json_object.h"
#include "engine/image/inspect_image.h"

namespace engine {
namespace {

using config::Json;
using config::JsonObject;

constexpr const char* kNever = "0001-01-01T00:00:00Z";  // Go's time without a value

config::ContainerConfig config_of(const ContainerRecord& record,
                                  const std::optional<ImageDocuments>& image) {
  config::ContainerConfig config;
  if (image) config = image->config.config;
  if (!record.command.empty()) config.cmd = record.command;
  return config;
}

// Nothing has run yet.
Json state_to_json() {
  return JsonObject()
      .add("Status", std::string("created"))
      .add("Running", false)
      .add("Paused", false)
      .add("Restarting", false)
      .add("OOMKilled", false)
      .add("Dead", false)
      .add("Pid", 0)
      .add("ExitCode", 0)
      .add("Error", std::string())
      .add("StartedAt", std::string(kNever))
      .add("FinishedAt", std::string(kNever))
      .take();
}

Json driver_to_json(const ContainerRecord& record) {
  std::vector<std::string> layers;
  for (const config::Digest& id : record.chain_ids) layers.push_back(id.text());
  return JsonObject()
      .add_json("Data", JsonObject().add("Layers", layers).add("Mapping", record.mapping).take())
      .add("Name", std::string(name_of(record.driver)))
      .take();
}

}  // namespace

Json inspect_container(const ContainerRecord& record, const std::optional<ImageDocuments>& image) {
  const config::ContainerConfig config = config_of(record, image);
  std::vector<std::string> words = config.entrypoint;
  words.insert(words.end(), config.cmd.begin(), config.cmd.end());
  const std::string path = words.empty() ? "" : words.front();
  if (!words.empty()) words.erase(words.begin());
  return JsonObject()
      .add("Id", record.id)
      .add("Created", record.created)
      .add("Path", path)
      .add("Args", words)
      .add_json("State", state_to_json())
      .add("Image", record.image_id.empty() ? "" : record.image_id.text())
      .add("Name", "/" + record.name)
      .add("RestartCount", 0)
      .add("Driver", std::string(name_of(record.driver)))
      .add("Platform", image ? image->config.platform.os : "linux")
      .add_json("HostConfig", JsonObject().add("ReadonlyRootfs", record.is_read_only).take())
      .add_json("GraphDriver", driver_to_json(record))
      .add_json("Mounts", {Json::Array()})
      .add_json("Config", config_to_json(config, record.image))
      .take();
}

}  // namespace engine
