// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "tests/callers/caller.h"
#include "tests/support/needs.h"

namespace callers {

/// A dockerd of our own, whose default runtime is the one under test.
class Docker {
 public:
  static const support::Need kNeed;
  static Words removal() { return {"rm", "--force"}; }

  Docker();
  ~Docker();
  Docker(const Docker&) = delete;
  Docker& operator=(const Docker&) = delete;

  const Caller& caller() const { return caller_; }

 private:
  support::TempDirectory directory_;
  std::string cgroup_;  // of its containers, from the top
  std::optional<support::Program> daemon_;
  Caller caller_;
};

}  // namespace callers
