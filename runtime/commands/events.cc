// SPDX-License-Identifier: Apache-2.0
// events: what a container uses, and when it is out of memory, in runc's JSON.
#include <unistd.h>

#include <chrono>

#include "config/json_object.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/status.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

void print_event(const std::string& type, const std::string& id, std::optional<config::Json> data) {
  config::JsonObject event;
  event.add("type", type).add("id", id);
  if (data) event.add_json("data", std::move(*data));
  sys::write_all(STDOUT_FILENO, config::write_json(event.take(), "") + "\n");
}

// Until the container ends.
void follow(const EventsOptions& options, const Cgroup& cgroup, int init) {
  const auto events = cgroup.watch_oom();
  const std::chrono::milliseconds interval = std::chrono::seconds(options.interval_seconds);
  for (;;) {
    const sys::CgroupWait woken = events->wait(init, interval);
    if (events->have_come()) print_event("oom", options.id, std::nullopt);
    if (woken == sys::CgroupWait::kEnded) return;
    if (woken == sys::CgroupWait::kTimeout) print_event("stats", options.id, cgroup.stats());
  }
}

}  // namespace

int perform(const Context& context, const EventsOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  return sys::in_context(sys::format("events of \"{}\"", options.id), [&] {
    const auto record = directory.read_record();
    const auto init = record ? open_init(*record, context.proc) : std::nullopt;
    if (!init) throw sys::Error("container is not running", ESRCH);
    const auto cgroup = cgroup_of(directory);
    if (!cgroup) throw sys::Error("the container has no cgroup of its own", ENOTSUP);
    if (options.stats) {
      print_event("stats", options.id, cgroup->stats());
    } else {
      follow(options, *cgroup, init->get());
    }
    return 0;
  });
}

}  // namespace runtime
