// SPDX-License-Identifier: Apache-2.0
// update: other limits for a container that runs.
#include <unistd.h>

#include "runtime/apply/parent.h"
#include "runtime/apply/resctrl.h"
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

// The schemata of the class that the container has, of its own name or the bundle's.
void update_class(const ContainerDirectory& directory, const UpdateOptions& options) {
  const bool has_cache = !options.l3_cache_schema.empty();
  if (!has_cache && options.mem_bw_schema.empty()) return;
  const char* const option = has_cache ? "--l3-cache-schema" : "--mem-bw-schema";
  const sys::Fd resctrl = open_resctrl(option);
  config::RuntimeSpec spec = config::parse_runtime_spec(directory.read_config(), "config.json");
  if (!spec.linux_.intel_rdt) {
    throw sys::Error(
        sys::format("{}: the container has no class of service: no linux.intelRdt", option),
        ENOTSUP);
  }
  config::IntelRdt& rdt = *spec.linux_.intel_rdt;
  rdt.schemata.clear();
  rdt.l3_cache_schema = options.l3_cache_schema;
  rdt.mem_bw_schema = options.mem_bw_schema;
  sys::in_context(
      option, [&] { update_resctrl(resctrl.get(), *plan_intel_rdt(spec.linux_, directory.id())); });
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
    update_class(directory, options);
    if (resources == config::Resources{}) return 0;
    const auto cgroup = cgroup_of(directory);
    if (!cgroup) throw sys::Error("the container has no cgroup of its own", ENOTSUP);
    complete(resources, cgroup->current_limits());
    cgroup->set_limits(plan_update(context, resources), context.log);
    return 0;
  });
}

}  // namespace runtime
