// SPDX-License-Identifier: Apache-2.0
// Reads the configuration of an image. Source: image-spec, "config.md"; docker's additions:
// moby's "image spec v1.3" and dockerfile "HEALTHCHECK", "ONBUILD", "SHELL".
#include <algorithm>

#include "config/image_spec.h"
#include "config/image_spec_json.h"
#include "config/json.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kMaxListed = 100'000;

// {"80/tcp": {}, "443/tcp": {}}: a set, as Go writes one.
void get_set(const Reader& parent, std::string_view key, std::vector<std::string>& target) {
  parent.with(key, [&](const Reader& set) {
    target.clear();
    set.each_member([&](const std::string& name, const Reader&) {
      if (target.size() == kMaxListed) set.fail(sys::format("more than {} members", kMaxListed));
      target.push_back(name);
    });
    std::ranges::sort(target);
    target.erase(std::unique(target.begin(), target.end()), target.end());
  });
}

void read_healthcheck(const Reader& place, Healthcheck& target) {
  get_texts(place, "Test", kMaxListed, target.test);
  place.get("Interval", target.interval);
  place.get("Timeout", target.timeout);
  place.get("StartPeriod", target.start_period);
  place.get("StartInterval", target.start_interval);
  place.get("Retries", target.retries);
}

void read_container_config(const Reader& place, ContainerConfig& target) {
  place.get("User", target.user);
  get_set(place, "ExposedPorts", target.exposed_ports);
  get_texts(place, "Env", kMaxListed, target.env);
  get_texts(place, "Entrypoint", kMaxListed, target.entrypoint);
  get_texts(place, "Cmd", kMaxListed, target.cmd);
  get_set(place, "Volumes", target.volumes);
  place.get("WorkingDir", target.working_dir);
  get_text_map(place, "Labels", kMaxListed, target.labels);
  place.get("StopSignal", target.stop_signal);
  place.get("ArgsEscaped", target.args_escaped);
  place.with("Healthcheck", [&](const Reader& healthcheck) {
    read_healthcheck(healthcheck, target.healthcheck.emplace());
  });
  get_texts(place, "OnBuild", kMaxListed, target.on_build);
  get_texts(place, "Shell", kMaxListed, target.shell);
}

void read_history(const Reader& place, History& target) {
  if (place.is_absent()) return;
  place.get("created", target.created);
  place.get("author", target.author);
  place.get("created_by", target.created_by);
  place.get("comment", target.comment);
  place.get("empty_layer", target.empty_layer);
}

void read_rootfs(const Reader& place, std::vector<Digest>& diff_ids) {
  std::string type;
  place.get_required("type", type);
  if (type != "layers") {
    const Reader where = place.member("type");
    where.fail(sys::format("{}, where \"layers\" is known", quote_for_message(type)));
  }
  place.with("diff_ids", [&](const Reader& list) {
    list.each_element([&](const Reader& element) {
      if (diff_ids.size() == kMaxImageLayers) {
        list.fail(sys::format("more than {} elements", kMaxImageLayers));
      }
      read_digest(element, diff_ids.emplace_back());
    });
  });
}

}  // namespace

ImageConfig read_image_config(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  const Reader document(json, name);
  ImageConfig config;
  document.get("created", config.created);
  document.get("author", config.author);
  read_platform(document, config.platform);
  document.with("config",
                [&](const Reader& place) { read_container_config(place, config.config); });
  const Reader rootfs = document.required("rootfs");
  read_rootfs(rootfs, config.diff_ids);
  document.with("history", [&](const Reader& list) {
    list.each_element([&](const Reader& element) {
      if (config.history.size() == kMaxHistory) {
        list.fail(sys::format("more than {} elements", kMaxHistory));
      }
      read_history(element, config.history.emplace_back());
    });
  });
  return config;
}

}  // namespace config
