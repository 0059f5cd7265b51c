// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Words {
  std::string container, port;
};

int run(Context& context, const Words& words) {
  const snapshotter::Store& store = context.store();
  const ContainerRecord record = find_container(store, words.container);
  std::vector<config::ExposedPort> wanted;
  if (!words.port.empty()) wanted = config::parse_exposed_ports(words.port);
  std::string text;
  for (const config::PortMapping& each : published_ports(store, record)) {
    const config::ExposedPort inside = {each.container_port, each.protocol};
    if (!wanted.empty() && inside != wanted.front()) continue;
    const std::string place =
        sys::format("{}/{} -> ", each.container_port, config::name_of(each.protocol));
    text += (wanted.empty() ? place : "") + config::host_side(each) + "\n";
  }
  if (text.empty() && !wanted.empty()) {
    throw sys::Error(sys::format("no public port '{}' published for {}", words.port, record.name));
  }
  print_text(text);
  return 0;
}

}  // namespace

Command port_command() {
  const auto words = std::make_shared<Words>();
  return {
      .summary = "List the ports of the host's that lead into a container",
      .usage = "CONTAINER [PORT[/PROTOCOL]]",
      .positionals = {{"CONTAINER", &words->container}, {"PORT", &words->port, true}},
      .run = [words](Context& context) { return run(context, *words); },
  };
}

}  // namespace engine
