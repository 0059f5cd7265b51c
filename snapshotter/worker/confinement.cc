// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/worker/confinement.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cstdint>

#include "snapshotter/worker/system_calls.h"
#include "sys/capability.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/landlock.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/seccomp.h"

namespace snapshotter {
namespace {

constexpr std::uint64_t kMaxData = std::uint64_t{1} << 30;
constexpr std::uint64_t kMaxDescriptors = 4096;

constexpr sys::CapabilitySet bit(int capability) { return sys::CapabilitySet{1} << capability; }
// To give files their owners, modes, capabilities and whiteouts; in a user namespace, over its own
// ids alone.
constexpr sys::CapabilitySet kKept = bit(CAP_CHOWN) | bit(CAP_DAC_OVERRIDE) | bit(CAP_FOWNER) |
                                     bit(CAP_FSETID) | bit(CAP_MKNOD) | bit(CAP_SETFCAP);

void shrink_root(int staging) {
  // The working directory is taken along into the new mount namespace; a descriptor would still be
  // of the old one, where nothing can be cloned from.
  if (!sys::change_directory(staging)) throw sys::Error("the staging directory can't be entered");
  sys::unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
  sys::set_root_propagation(MS_PRIVATE, true);
  const sys::Fd root = sys::clone_mount(AT_FDCWD, ".", false);
  sys::set_mount_attributes(root.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0,
                            false);
  const sys::Fd here = sys::open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
  sys::attach_mount(root.get(), here.get());
  sys::pivot_into(root.get());
}

// Numbers 0 to 2 stay taken, by what can be neither read, written nor changed: or a job's
// descriptor would get one of them, and a library's complaint.
void drop_descriptors(int channel) {
  const sys::Fd root = sys::open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
  for (int number = 0; number <= 2; ++number) {
    sys::duplicate_onto(root.get(), number);
    sys::set_cloexec(number, true);
  }
  sys::close_all_but(3, {channel});
}

void limit_resources() {
  sys::set_rlimit(0, RLIMIT_CORE, 0, 0);
  sys::set_rlimit(0, RLIMIT_DATA, kMaxData, kMaxData);
  sys::raise_hard_rlimit(RLIMIT_NOFILE, 0);  // as it is, if it is lower than what comes
  try {
    sys::set_rlimit(0, RLIMIT_NOFILE, kMaxDescriptors, kMaxDescriptors);
  } catch (const sys::Error&) {  // a lower hard limit is the stricter one
  }
}

}  // namespace

void confine(int staging, int channel) {
  sys::in_context("confinement", [&] {
    shrink_root(staging);
    // From here on no path leads to anything but the staging directory.
    drop_descriptors(channel);
    limit_resources();
    sys::set_umask(0);
    sys::set_dumpable(false);
    sys::set_no_new_privileges();
    sys::limit_bounding_set(kKept);
    // What of these a caller doesn't have he can't pass on.
    const sys::CapabilitySet have = sys::own_capabilities().permitted & kKept;
    sys::set_capabilities({.effective = have, .permitted = have});
    {
      const sys::Fd root = sys::open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY);
      (void)sys::restrict_writes_to({root.get()});  // on top of the rest, where there is Landlock
    }
    const std::string filter = system_call_filter();
    sys::install_seccomp_filter(filter, 0);
  });
}

}  // namespace snapshotter
