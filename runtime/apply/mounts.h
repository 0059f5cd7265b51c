// SPDX-License-Identifier: Apache-2.0
// Mounts of the plan, by descriptor: made or cloned detached, then placed on an open target
// (INV-1). Runs in the child, in the container's own mount namespace, before the host's paths are
// gone.
#pragma once

#include <vector>

#include "runtime/plan/plan.h"
#include "sys/fd.h"

namespace runtime {

/// Clones the sources of all binds, in the order of the plan (empty descriptors for the others).
/// Done as the caller, who may see what the container's root may not.
std::vector<sys::Fd> clone_sources(const RootPlan& plan);

/// Clones the bundle's root and attaches it over itself, so that it is a mount of its own.
/// The root must be a directory and no symlink. Source: CVE-2026-48749 (Incus).
sys::Fd attach_root(const RootPlan& plan);

/// The mount of a step that is no bind, detached, to be made earlier than it is placed.
sys::Fd make_source(const MountStep& step);

/// Carries out one step below `root`. source: of clone_sources, for binds, or of make_source.
/// Errors: start with the step's label.
void apply_mount(int root, const MountStep& step, sys::Fd source);

}  // namespace runtime
