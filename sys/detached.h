// SPDX-License-Identifier: Apache-2.0
// Helper programs that outlive us and are nobody's child, such as the server of a FUSE mount.
// Source: daemon(7), clone(2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys {

/// Where `name` is found in PATH. Empty: nowhere.
std::optional<std::string> find_program(const std::string& name);

/// Neither we nor any program that we start from here on has this variable.
void forget_variable(const char* name);

struct DetachedProgram {
  std::vector<std::string> argv;  // the first is a path
  std::vector<int> fds = {};      // that it gets, under the same numbers
  int error_output = -1;          // its standard output and error; -1: /dev/null
  std::uint64_t namespaces = 0;   // CLONE_NEW* for it alone
};
/// Starts it in a session of its own, in "/", with signals as they come from the kernel. It is
/// init's child (or that of a subreaper of ours). Errors: no process can be made. That the program
/// itself can't be started is for `error_output` to tell.
void start_detached(const DetachedProgram& program);

}  // namespace sys
