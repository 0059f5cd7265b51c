// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/each.h"

#include "engine/container/monitored.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {

int for_each_container(Context& context, std::string_view verb,
                       const std::vector<std::string>& names,
                       const std::function<void(const ContainerRecord&)>& act) {
  std::optional<sys::Error> problem;
  for (const std::string& name : names) {
    try {
      context.explaining([&] { return sys::format("{} \"{}\"", verb, name); },
                         [&] { act(find_container(context.store(), name)); });
      print(name + "\n");
    } catch (const sys::Error& error) {
      if (problem) context.log().error(problem->what());
      problem = error;
    }
  }
  if (problem) throw sys::Error(std::move(*problem));
  return 0;
}

void check_running(Context& context, const ContainerRecord& record) {
  const auto status = status_of(context.store(), record);
  if (status && status->state == shim::RunState::kRunning) return;
  throw sys::Error(sys::format("container {} is not running", record.name));
}

}  // namespace engine
