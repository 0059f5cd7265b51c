// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

int wait_for(const snapshotter::Store& store, const ContainerRecord& record) {
  if (const auto monitor = connect_to(record)) {
    if (const auto code = shim::wait_for_exit(*monitor)) return *code;
  }
  const auto status = status_of(store, record);
  if (!status) throw sys::Error(sys::format("container {} was never started", record.name));
  if (is_running(status)) {
    throw sys::Error(sys::format(
        "container {} runs by `tilla run` alone, which gives its exit code", record.name));
  }
  return status->exit_code;
}

}  // namespace

Command wait_command() {
  const auto names = std::make_shared<std::vector<std::string>>();
  return {
      .summary = "Wait until containers have ended, and print their exit codes",
      .usage = "CONTAINER...",
      .positionals = {{"CONTAINER", names.get()}},
      .run =
          [names](Context& context) {
            for (const std::string& name : *names) {
              const int code = context.explaining(
                  [&] { return sys::format("wait \"{}\"", name); },
                  [&] { return wait_for(context.store(), find_container(context.store(), name)); });
              print(sys::format("{}\n", code));
            }
            return 0;
          },
  };
}

}  // namespace engine
