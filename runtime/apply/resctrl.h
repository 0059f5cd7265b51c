// SPDX-License-Identifier: Apache-2.0
// A container's class of service in the resctrl file system: made or looked at, filled, removed.
// Below the directory that is passed in nothing here needs the hardware.
// Source: runtime-spec config-linux.md, "IntelRdt"; the kernel's filesystems/resctrl.rst.
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/plan/plan.h"
#include "sys/fd.h"

namespace runtime {

/// The mounted resctrl. Errors: ENODEV with a hint, there is none.
/// who: asks for it, for the error.
sys::Fd open_resctrl(const char* who = "config.json: /linux/intelRdt");

/// What a container has there. What was made goes with the object: a class of the container's own
/// name, its monitoring group, and a class that the bundle names once nobody is in it; unless it is
/// kept.
class ResctrlGroup {
 public:
  /// Makes the class if it may be made and is not there, and writes its schemata; one that is there
  /// must have them already.
  ResctrlGroup(sys::Fd resctrl, const IntelRdtStep& step);
  ~ResctrlGroup();
  ResctrlGroup(const ResctrlGroup&) = delete;
  ResctrlGroup& operator=(const ResctrlGroup&) = delete;

  /// Puts a process, and what it will clone, into the class.
  void add(pid_t pid);
  void keep() { is_kept_ = true; }

 private:
  void enter_class();
  void remove() noexcept;

  sys::Fd resctrl_, class_, monitor_;
  IntelRdtStep step_;
  bool has_made_class_ = false, has_made_monitor_ = false, is_kept_ = false;
};

/// Puts this process into the class of a container that runs, for what it clones from now on.
void join_resctrl(int resctrl, const IntelRdtStep& step);

/// Writes the step's schemata into the class of a container that runs.
void update_resctrl(int resctrl, const IntelRdtStep& step);

/// What `delete` removes: a class of the container's own name, or its monitoring group.
void remove_resctrl(int resctrl, const IntelRdtStep& step);

/// Whether each line of `wanted` says what `present`, a schemata file, says too, as the kernel
/// prints it: "L3:0=f" is in "    L3:0=00f;1=0ff\n".
bool has_schemata(const std::string& present, const std::string& wanted);

}  // namespace runtime
