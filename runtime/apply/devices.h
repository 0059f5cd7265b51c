// SPDX-License-Identifier: Apache-2.0
// What the container finds below /dev, and what is hidden from it. All sources are opened on the
// host and checked before they are placed (INV-5). Runs in the child before the host is gone.
#pragma once

#include <span>

#include "runtime/plan/plan.h"
#include "sys/fd.h"
#include "sys/terminal.h"

namespace runtime {

/// Makes the plan's devices (nodes, or binds of the host's) and /dev's standard links.
/// Errors: a /dev of the image's that is a symlink; a device of the host's that is another one.
void apply_devices(int root, const RootPlan& plan);

/// What hides a directory and what hides a file, made when first needed.
struct MaskSources {
  std::string label;  // SELinux's
  sys::Fd empty = {}, null = {};
};
/// Hides each path or makes it read-only; paths that are not there are fine.
void apply_masks(int root, std::span<const MaskStep> masks, MaskSources& sources);

/// A pty of the container's own devpts.
/// Errors: no /dev/pts, or one that is no devpts. Source: CVE-2025-52565.
sys::Pty open_pty(int root);
/// Places the pty's slave on /dev/console.
void bind_console(int root, const sys::Pty& pty);

}  // namespace runtime
