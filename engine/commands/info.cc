// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <memory>

#include "config/json_object.h"
#include "config/platform.h"
#include "config/template.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/image/image_users.h"
#include "snapshotter/snapshot/driver.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Json;
using config::JsonObject;

struct Options {
  std::string format;
};

struct Facts {
  std::string identity, identity_text, driver, store, mapping, platform;
  std::vector<std::pair<std::string, std::string>> other_identities, other_drivers;  // and why not
  std::uint64_t images = 0, containers = 0;
};

// Where the store is, or will be: what can be done there is that of its file system.
sys::Fd nearest_directory(std::string path) {
  for (;;) {
    if (auto directory = sys::open_path_if_exists(path, O_RDONLY | O_DIRECTORY)) {
      return std::move(*directory);
    }
    path.erase(std::max<std::size_t>(path.rfind('/'), 1));  // an absolute path: it ends at "/"
  }
}

void probe_drivers_for(Facts& facts, const snapshotter::Mapping& mapping, int directory) {
  for (const snapshotter::DriverProbe& probe : snapshotter::probe_drivers(directory, mapping)) {
    if (probe.works) {
      facts.driver = snapshotter::name_of(probe.kind);
      break;
    }
    facts.other_drivers.emplace_back(snapshotter::name_of(probe.kind), probe.reason);
  }
}

// Makes no store: who only looks should leave nothing behind.
Facts gather(Context& context) {
  Facts facts;
  const Identity& identity = context.identity_with_mounts();
  facts.identity = engine::name_of(identity.mode);
  facts.identity_text = describe(identity.mode);
  facts.mapping = identity.mapping.key();
  for (const PassedOver& other : identity.passed_over) {
    facts.other_identities.emplace_back(engine::name_of(other.mode), other.reason);
  }
  facts.store = context.store_path();
  facts.platform = config::to_text(config::native_platform());
  if (const snapshotter::Store* store = context.store_if_exists()) {
    facts.images = list_images(*store, config::native_platform()).size();
    facts.containers = list_users(*store).size();
  }
  const sys::Fd directory = nearest_directory(facts.store);
  probe_drivers_for(facts, identity.mapping, directory.get());
  return facts;
}

Json reasons_to_json(const std::vector<std::pair<std::string, std::string>>& reasons) {
  Json::Array list;
  for (const auto& [name, reason] : reasons) {
    list.push_back(JsonObject().add("Name", name).add("Reason", reason).take());
  }
  return {std::move(list)};
}

Json to_json(const Facts& facts) {
  return JsonObject()
      .add("ServerVersion", std::string(TILLA_VERSION))
      .add("Images", facts.images)
      .add("Containers", facts.containers)
      .add("Driver", facts.driver)
      .add_json("DriversPassedOver", reasons_to_json(facts.other_drivers))
      .add("Identity", facts.identity)
      .add_json("IdentitiesPassedOver", reasons_to_json(facts.other_identities))
      .add("Mapping", facts.mapping)
      .add("DockerRootDir", facts.store)
      .add("Platform", facts.platform)
      .take();
}

std::string describe(const Facts& facts) {
  std::string text = sys::format(
      "Version:    {}\nStore:      {}\nImages:     {}\nContainers: {}\nPlatform:   {}\n"
      "Identity:   {} ({})\n",
      TILLA_VERSION, facts.store, facts.images, facts.containers, facts.platform, facts.identity,
      facts.identity_text);
  for (const auto& [name, reason] : facts.other_identities) {
    text += sys::format("            not {}: {}\n", name, reason);
  }
  text += sys::format("Driver:     {}\n", facts.driver.empty() ? "none works" : facts.driver);
  for (const auto& [name, reason] : facts.other_drivers) {
    text += sys::format("            not {}: {}\n", name, reason);
  }
  return text + sys::format("Layers for: {}\n", facts.mapping);
}

int run(Context& context, const Options& options) {
  std::optional<config::Template> pattern;
  const bool is_json = options.format == "json";
  if (!options.format.empty() && !is_json) pattern = config::Template::parse(options.format);
  const Facts facts = gather(context);
  if (pattern) {
    print_text(pattern->execute(to_json(facts)) + "\n");
  } else if (is_json) {
    print_text(config::write_json(to_json(facts), "") + "\n");
  } else {
    print_text(describe(facts));
  }
  return 0;
}

}  // namespace

Command info_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Say where the store is, and what this host lets us do, and why not more",
      .usage = "[OPTIONS]",
      .flags = {{"-f,--format", &options->format, "json, or a Go template"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
