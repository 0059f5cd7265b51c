// SPDX-License-Identifier: Apache-2.0
// update: other limits for a container that runs.
#include <unistd.h>

#include "runtime/apply/parent.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/new_container.h"
#include "runtime/commands/status.h"
#include "runtime/commands/update_resources.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxDocument = std::size_t{1} << 20;

// From standard input for "-".
config::Resources read_document(const std::string& name) {
  const std::string text =
      name == "-" ? sys::read_all(STDIN_FILENO, kMaxDocument) : sys::read_file(name, kMaxDocument);
  return config::parse_resources(text, name == "-" ? "standard input" : name);
}

CgroupPlan plan_update(const Context& context, const config::Resources& resources) {
  const std::vector<std::string> problems = config::validate_resources(resources, "");
  if (!problems.empty()) throw sys::Error(problems.front(), EINVAL);
  const CgroupRequest request = cgroup_request(context.options);
  CgroupPlan plan;
  plan.is_rootless = request.is_rootless.value_or(!gather_facts(context.proc).is_host_root);
  plan.resources = resources;
  plan.place = "";
  plan.policy = request.policy;
  plan.writes = plan_limits(resources, "", request.policy, plan.is_rootless);
  plan.manager = CgroupManager::kCgroupfs;  // whoever has made it
  if (!resources.devices.empty()) plan_device_rules(resources.devices, request.policy, plan);
  plan.checks_memory = resources.memory && resources.memory->check_before_update.value_or(false);
  return plan;
}

}  // namespace

int perform(const Context& context, const UpdateOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  return sys::in_context(sys::format("update \"{}\"", options.id), [&] {
    const Status status = status_of(directory, directory.read_record(), context.proc);
    if (status == Status::kStopped || status == Status::kCreating) {
      throw sys::Error("container not running", ESRCH);
    }
    config::Resources resources =
        options.resources.empty() ? resources_of(options) : read_document(options.resources);
    const auto cgroup = cgroup_of(directory);
    if (!cgroup) throw sys::Error("the container has no cgroup of its own", ENOTSUP);
    complete(resources, cgroup->current_limits());
    cgroup->set_limits(plan_update(context, resources), context.log);
    return 0;
  });
}

}  // namespace runtime
