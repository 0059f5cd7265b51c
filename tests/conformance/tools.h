// SPDX-License-Identifier: Apache-2.0
// The validation programs of OCI runtime-tools (github.com/opencontainers/runtime-tools), which are
// built there by `make runtimetest validation-executables`.
#pragma once

#include <string>
#include <vector>

#include "tests/conformance/report.h"

namespace conformance {

/// The programs below `checkout`/validation, relative to it, sorted. Errors: there is none.
std::vector<std::string> tool_programs(const std::string& checkout);

/// Runs one in its checkout, with RUNTIME as ours is, and reads the TAP that it prints: passed if
/// there is a test, none says "not ok", and it exits with 0.
Outcome outcome_of_tool(const std::string& checkout, const std::string& program);

}  // namespace conformance
