// SPDX-License-Identifier: Apache-2.0
#include "bench/contest.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "sys/error.h"
#include "sys/format.h"

namespace bench {

namespace {

void take_turn(const Contestant& contestant, bool is_timed, Series& series) {
  if (!series.failure.empty()) return;
  try {
    const Duration spent = contestant.sample();
    if (is_timed) series.values.push_back(std::chrono::duration<double, std::milli>(spent).count());
  } catch (const sys::Error& error) {  // a peer that does not work here is a result, not the end
    series.values.clear();
    series.failure = error.what();
  }
}

}  // namespace

// The kernel takes a container's network namespace down after it has ended, in a worker that needs
// some 10 ms of another CPU. Nobody is to pay for whoever came before.
constexpr useconds_t kSettle = 30'000;

std::vector<Series> race(const std::vector<Contestant>& contestants, const Rounds& rounds) {
  std::vector<Series> all;
  for (const Contestant& contestant : contestants) all.push_back({contestant.name, {}, {}});
  for (int round = 0; round < rounds.warm_up + rounds.timed; ++round) {
    for (size_t i = 0; i < contestants.size(); ++i) {
      (void)::usleep(kSettle);
      take_turn(contestants[i], round >= rounds.warm_up, all[i]);
      if (interrupted()) throw sys::Error("interrupted");
    }
    reap_orphans();
  }
  return all;
}

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const size_t below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, values.size() - 1);
  const double part = place - static_cast<double>(below);
  return values[below] * (1 - part) + values[above] * part;
}

const Series* find_series(const Result& result, const std::string& name) {
  for (const Series& series : result.series) {
    if (series.name == name && !series.values.empty()) return &series;
  }
  return nullptr;
}

std::string pack(const std::vector<Series>& series) {
  std::string text;
  for (const Series& one : series) {
    std::string failure = one.failure;
    std::replace(failure.begin(), failure.end(), '\n', ' ');
    text += sys::format("{}\t{}\t", one.name, failure);
    for (const double value : one.values) text += sys::format("{} ", value);
    text += "\n";
  }
  return text;
}

std::vector<Series> unpack(const std::string& text) {
  std::vector<Series> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Series one;
    std::getline(fields, one.name, '\t');
    std::getline(fields, one.failure, '\t');
    for (double value = 0; fields >> value;) one.values.push_back(value);
    all.push_back(one);
  }
  return all;
}

}  // namespace bench
