// SPDX-License-Identifier: Apache-2.0
// `run` and `exec` without --detach: pass signals and the terminal through until the program ends.
#pragma once

#include "sys/fd.h"
#include "sys/process.h"

namespace runtime {

/// Waits for `program` and returns its exit code.
/// signals: of sys::divert_signals, made before the program was. console: the pty's master, or
/// empty.
int stay_in_foreground(const sys::Process& program, const sys::Fd& signals, sys::Fd console);

}  // namespace runtime
