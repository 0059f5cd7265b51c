// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "sys/format.h"

namespace engine {
namespace {

// As docker prints them: "C /etc", sorted by path.
std::string describe(std::vector<snapshotter::Change> changes) {
  std::ranges::sort(changes, {}, &snapshotter::Change::path);
  std::string text;
  for (const snapshotter::Change& change : changes) {
    text += "CAD"[static_cast<int>(change.kind)];
    text += " /" + change.path + "\n";
  }
  return text;
}

}  // namespace

Command diff_command() {
  const auto name = std::make_shared<std::string>();
  return {
      .summary = "Show what a container has added (A), changed (C) and deleted (D)",
      .usage = "CONTAINER",
      .positionals = {{"CONTAINER", name.get()}},
      .run =
          [name](Context& context) {
            const snapshotter::Mapping& mapping = context.identity().mapping;
            print_text(context.explaining(
                [&] { return sys::format("diff \"{}\"", *name); },
                [&] {
                  const ContainerRecord record = find_container(context.store(), *name);
                  return describe(open_container(context.store(), mapping, record).changes());
                }));
            return 0;
          },
  };
}

}  // namespace engine
