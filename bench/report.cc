// SPDX-License-Identifier: Apache-2.0
#include "bench/report.h"

#include "sys/format.h"

namespace bench {

namespace {

/// One promise: `left` at most `limit` times `right`, or more than it by at most `limit`.
struct Budget {
  const char* work;
  const char* right;
  double limit;
  bool is_difference = false;
  bool is_own = false;  // `right` is the same installation otherwise, "tilla without"
};

constexpr Budget kBudgets[] = {
    {"run", "floor", 1.4},           {"run", "crun", 0.5},
    {"run-seccomp", "floor", 1.4},   {"run-seccomp", "crun", 0.5},
    {"range", "floor", 1.6},         {"range", "crun", 0.5},
    {"lifecycle", "crun", 0.5},      {"exec", "crun", 0.5},
    {"memory", "crun", 1.0},         {"memory-seccomp", "crun", 1.0},
    {"start", "nothing", 0.4, true}, {"cgroup", "without", 0.3, true, true},
};

std::optional<double> median_of(const Result& result, const std::string& name) {
  const Series* series = find_series(result, name);
  if (series == nullptr) return std::nullopt;
  return quantile(series->values, 0.5);
}

std::optional<double> ratio(const Result& result, const std::string& left,
                            const std::string& right) {
  const std::optional<double> above = median_of(result, left);
  const std::optional<double> below = median_of(result, right);
  if (!above || !below || *below <= 0) return std::nullopt;
  return *above / *below;
}

std::optional<double> measure(const Budget& budget, const Result& result, const std::string& name) {
  if (!budget.is_difference) return ratio(result, name, budget.right);
  const std::optional<double> more = median_of(result, name);
  const std::optional<double> less = median_of(result, budget.right);
  if (!more || !less) return std::nullopt;
  return *more - *less;
}

Verdict judge_one(const Budget& general, const Result& result, const std::string& name) {
  const std::string own = sys::format("{} {}", name, general.right);
  Budget budget = general;
  if (budget.is_own) budget.right = own.c_str();
  const std::string text =
      budget.is_difference
          ? sys::format("{}: {} - {} <= {} {}", budget.work, name, budget.right, budget.limit,
                        result.unit)
          : sys::format("{}: {} <= {} x {}", budget.work, name, budget.limit, budget.right);
  return {text, measure(budget, result, name), budget.limit};
}

std::string cell(std::optional<double> value) {
  return value ? sys::format("{:>9.2f}", *value) : sys::format("{:>9}", "");
}

std::string quote(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      quoted += sys::format("\\u{:04x}", static_cast<int>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string number(std::optional<double> value) {
  return value ? sys::format("{:.4f}", *value) : "null";
}

std::string list(const std::vector<std::string>& items, const std::string& separator) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : separator) + item;
  return "[" + text + "]";
}

std::string quoted_list(const std::vector<std::string>& items) {
  std::vector<std::string> quoted;
  for (const std::string& item : items) quoted.push_back(quote(item));
  return list(quoted, ", ");
}

std::string series_json(const Result& result, const Series& series) {
  if (series.values.empty()) {
    return sys::format(R"({{"name": {}, "failure": {}}})", quote(series.name),
                       quote(series.failure));
  }
  return sys::format(
      R"({{"name": {}, "median": {}, "p10": {}, "p90": {}, "samples": {}, "vs_floor": {}, "vs_crun": {}}})",
      quote(series.name), number(quantile(series.values, 0.5)),
      number(quantile(series.values, 0.1)), number(quantile(series.values, 0.9)),
      series.values.size(), number(ratio(result, series.name, "floor")),
      number(ratio(result, series.name, "crun")));
}

std::string result_json(const Result& result) {
  std::vector<std::string> series;
  for (const Series& one : result.series) series.push_back(series_json(result, one));
  return sys::format("{{\"id\": {}, \"title\": {}, \"unit\": {}, \"results\": {}}}",
                     quote(result.id), quote(result.title), quote(result.unit),
                     list(series, ",\n      "));
}

std::string verdict_json(const Verdict& verdict) {
  return sys::format(R"({{"budget": {}, "measured": {}, "limit": {}, "met": {}}})",
                     quote(verdict.text), number(verdict.measured), number(verdict.limit),
                     verdict.measured ? (verdict.is_met() ? "true" : "false") : "null");
}

}  // namespace

std::vector<Verdict> judge(const std::vector<Result>& results) {
  std::vector<Verdict> verdicts;
  for (const Budget& budget : kBudgets) {
    for (const Result& result : results) {
      if (result.id != budget.work) continue;
      verdicts.push_back(judge_one(budget, result, "tilla"));
      verdicts.push_back(judge_one(budget, result, "tilla-home"));
    }
  }
  return verdicts;
}

std::string describe(const Result& result) {
  std::string text =
      sys::format("\n{} ({}: {})\n  {:<20}{:>9}{:>9}{:>9}{:>9}{:>9}\n", result.title, result.id,
                  result.unit, "", "median", "p10", "p90", "x floor", "x crun");
  for (const Series& series : result.series) {
    if (series.values.empty()) {
      text += sys::format("  {:<20}  DOES NOT WORK HERE: {}\n", series.name, series.failure);
      continue;
    }
    text += sys::format("  {:<20}{}{}{}{}{}\n", series.name, cell(quantile(series.values, 0.5)),
                        cell(quantile(series.values, 0.1)), cell(quantile(series.values, 0.9)),
                        cell(ratio(result, series.name, "floor")),
                        cell(ratio(result, series.name, "crun")));
  }
  return text;
}

std::string describe(const std::vector<Verdict>& verdicts) {
  std::string text = "\nbudgets\n";
  for (const Verdict& verdict : verdicts) {
    if (verdict.measured) {
      text += sys::format("  {:<5}{:>7.2f}  {}\n", verdict.is_met() ? "pass" : "MISS",
                          *verdict.measured, verdict.text);
    } else {
      text += sys::format("  {:<5}{:>7}  {}\n", "--", "", verdict.text + ": not measured");
    }
  }
  return text;
}

std::string to_json(const Machine& machine, const std::vector<Result>& results,
                    const std::vector<Verdict>& verdicts) {
  std::vector<std::string> works;
  for (const Result& result : results) works.push_back(result_json(result));
  std::vector<std::string> budgets;
  for (const Verdict& verdict : verdicts) budgets.push_back(verdict_json(verdict));
  return sys::format(
      "{{\n  \"kernel\": {},\n  \"cpu\": {},\n  \"versions\": {},\n  \"notes\": {},\n"
      "  \"works\": {},\n  \"budgets\": {}\n}}\n",
      quote(machine.kernel), quote(machine.cpu), quoted_list(machine.versions),
      quoted_list(machine.notes), list(works, ",\n    "), list(budgets, ",\n    "));
}

}  // namespace bench
