// SPDX-License-Identifier: Apache-2.0
// What reads bytes that somebody else has written, one function each. libFuzzer looks for inputs on
// which one crashes, hangs or breaks a promise (`make fuzz`); all that were ever found, and the
// seeds, are read again by every `make test`.
#pragma once

#include <span>
#include <string_view>

namespace fuzz {

struct Target {
  const char* name;  // of its directory in tests/fuzz/corpus
  /// Errors: sys::Error alone, for an input that is refused. A broken promise aborts.
  void (*run)(std::string_view input);
};

std::span<const Target> targets();

/// Runs the target on the input. False: it was refused, which is fine.
bool run(const Target& target, std::string_view input);

}  // namespace fuzz
