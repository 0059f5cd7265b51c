// SPDX-License-Identifier: Apache-2.0
// pause and resume: the freezer of the container's cgroup.
#include "runtime/commands/commands.h"
#include "runtime/commands/status.h"
#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

Status status_now(const ContainerDirectory& directory, const Context& context) {
  return status_of(directory, directory.read_record(), context.proc);
}

void freeze(const ContainerDirectory& directory, bool frozen) {
  const auto cgroup = cgroup_of(directory);
  if (!cgroup) {
    throw sys::Error("the container has no cgroup of its own, and only cgroups can be frozen",
                     ENOTSUP);
  }
  cgroup->set_frozen(frozen);
}

}  // namespace

int perform(const Context& context, const PauseOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  return sys::in_context(sys::format("pause \"{}\"", options.id), [&] {
    const Status status = status_now(directory, context);
    if (status != Status::kRunning && status != Status::kCreated) {
      throw sys::Error(sys::format("container not running or created: {}", name_of(status)),
                       EINVAL);
    }
    freeze(directory, true);
    return 0;
  });
}

int perform(const Context& context, const ResumeOptions& options) {
  const ContainerDirectory directory = StateStore::open(context.state_root).get(options.id);
  return sys::in_context(sys::format("resume \"{}\"", options.id), [&] {
    if (status_now(directory, context) != Status::kPaused) {
      throw sys::Error("container not paused", EINVAL);
    }
    freeze(directory, false);
    return 0;
  });
}

}  // namespace runtime
