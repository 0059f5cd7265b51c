// SPDX-License-Identifier: Apache-2.0
// The verbs of the command line, one file each. All return the exit code; an Error is a failure,
// which main prints.
#pragma once

#include "runtime/commands/context.h"

namespace runtime {

int perform(const Context& context, const CreateOptions& options);
int perform(const Context& context, const RunOptions& options);
int perform(const Context& context, const StartOptions& options);
int perform(const Context& context, const ExecOptions& options);
int perform(const Context& context, const PlanOptions& options);

/// Prints the container's state as JSON.
int perform(const Context& context, const StateOptions& options);
/// Sends a signal to the init, or with `all` to every process of the container.
/// Errors: `container not running`, `os: process already finished`: containerd reads these words.
int perform(const Context& context, const KillOptions& options);
/// Forgets a stopped container; with `force` ends whatever still runs, and an unknown id is fine.
int perform(const Context& context, const DeleteOptions& options);
/// Prints all containers; one that can't be read is a warning in the log.
int perform(const Context& context, const ListOptions& options);
/// Prints the container's processes: their numbers as JSON, or the rows of the host's ps(1).
int perform(const Context& context, const PsOptions& options);
/// Changes limits of a container that runs; what isn't asked for stays.
int perform(const Context& context, const UpdateOptions& options);
/// Prints statistics, and each end of a process for want of memory, until the container ends.
int perform(const Context& context, const EventsOptions& options);
/// Freezes all processes of the container. Errors: `container not running or created: ...`.
int perform(const Context& context, const PauseOptions& options);
/// Errors: `container not paused`.
int perform(const Context& context, const ResumeOptions& options);
/// Writes runc's default config.json. Errors: there is one already.
int perform(const Context& context, const SpecOptions& options);
int perform(const Context& context, const FeaturesOptions& options);
/// Errors: always, by name.
int perform(const Context& context, const UnsupportedOptions& options);

}  // namespace runtime
