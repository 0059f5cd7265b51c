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

/// Runs one in its checkout and reads the TAP that it prints: passed if no test says "not ok", it
/// exits with 0 and, where it has no test, tells of no error.
Outcome outcome_of_tool(const std::string& checkout, const std::string& program);

}  // namespace conformance
