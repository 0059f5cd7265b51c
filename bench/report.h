// SPDX-License-Identifier: Apache-2.0
// From numbers to text: the table, the budgets, the JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/contest.h"

namespace bench {

/// A promise of the design and what became of it.
struct Verdict {
  std::string text;                // "run: tilla <= 1.4 x floor"
  std::optional<double> measured;  // none: one side of it was not measured
  double limit = 0;
  bool is_met() const { return measured.has_value() && *measured <= limit; }
};

/// What the numbers were taken on.
struct Machine {
  std::string kernel;
  std::string cpu;
  std::vector<std::string> versions;  // one line per program
  std::vector<std::string> notes;     // what is missing, and why
};

/// Judges all budgets for every installation of tilla that was measured.
std::vector<Verdict> judge(const std::vector<Result>& results);

std::string describe(const Result& result);
std::string describe(const std::vector<Verdict>& verdicts);
std::string to_json(const Machine& machine, const std::vector<Result>& results,
                    const std::vector<Verdict>& verdicts);

}  // namespace bench
