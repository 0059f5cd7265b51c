// SPDX-License-Identifier: Apache-2.0
// Labels of AppArmor and SELinux: whether they can be had, which is asked before `create` returns.
// INV-7: one that can't is an error, never left out.
#pragma once

#include <string>

#include "sys/label.h"
#include "sys/procfs.h"

namespace runtime {

/// Errors: a label of a security module that this machine has not, or has switched off.
void check_labels(const sys::ExecLabels& labels, const std::string& mount_label,
                  const sys::Procfs& proc);

/// Whether this process could execute a program with these labels. A child of ours tries them on,
/// for AppArmor's can't be taken off again, and no other program may have them: neither a hook's
/// nor the sealed stub's.
/// Errors: as sys::set_exec_labels.
void try_labels(const sys::ExecLabels& labels, const sys::Procfs& proc);

}  // namespace runtime
