// SPDX-License-Identifier: Apache-2.0
// Compiled seccomp filters on disk: compiling Docker's profile takes 13 ms, reading the result some
// microseconds. An entry counts only if it is ours, whole, and made from exactly this profile;
// otherwise it is made anew (INV-7). Format: docs/filter-cache.md.
#pragma once

#include <string>

#include "config/seccomp_filter.h"
#include "sys/log.h"

namespace runtime {

/// The filter of `profile`, from the cache where possible. A cache that does not work is no error.
/// cache_directory: made with mode 0700 when missing; empty for none.
/// log: what was skipped or compiled, at debug level.
/// Errors: those of config::compile_seccomp.
config::CompiledFilter load_or_compile(const config::Seccomp& profile,
                                       const std::string& cache_directory, const sys::Log& log);

}  // namespace runtime
