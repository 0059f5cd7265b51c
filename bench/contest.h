// SPDX-License-Identifier: Apache-2.0
// Contestants take turns: A B C A B C. Whatever disturbs the machine disturbs all of them alike, so
// that the ratios of one run mean something even where the times do not.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/process.h"

namespace bench {

/// Does the work once and returns the time it took. An Error takes the contestant out of the race.
using Sample = std::function<Duration()>;

struct Contestant {
  std::string name;
  Sample sample;
};

struct Rounds {
  int warm_up = 5;
  int timed = 60;
};

/// The values of one contestant in one unit; a contestant that failed has none, and a reason.
struct Series {
  std::string name;
  std::vector<double> values;  // in the order they were taken
  std::string failure;
};

/// One line of work, as it will be shown.
struct Result {
  std::string id;     // stable name in the JSON
  std::string title;  // what was done
  std::string unit;   // "ms", "KiB", "calls"
  std::vector<Series> series;
};

/// Runs all rounds and returns milliseconds. Errors: only when the user interrupts.
std::vector<Series> race(const std::vector<Contestant>& contestants, const Rounds& rounds);

/// The value below which `share` (0..1) of `values` lie, interpolated. values: not empty.
double quantile(std::vector<double> values, double share);

/// The series called `name` if it has values, else nullptr.
const Series* find_series(const Result& result, const std::string& name);

/// Series to text and back, one per line, to carry them out of a child.
std::string pack(const std::vector<Series>& series);
std::vector<Series> unpack(const std::string& text);

}  // namespace bench
