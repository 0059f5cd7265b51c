// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/tools.h"

#include <algorithm>
#include <filesystem>

#include "sys/error.h"

namespace conformance {
namespace {

// The directives behind "#", in any case. Source: the Test Anything Protocol, "Directives".
bool has_directive(std::string line, const char* name) {
  std::ranges::transform(line, line.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  const std::size_t hash = line.find('#');
  return hash != std::string::npos && has(line.substr(hash), name);
}

Outcome read_tap(const Result& result) {
  int tests = 0;
  for (const std::string& line : lines_of(result.out)) {
    if (line.starts_with("not ok") && !has_directive(line, "todo")) {
      return {.result = "FAILED", .reason = line};
    }
    if (line.starts_with("ok") && !has_directive(line, "skip")) ++tests;
  }
  if (result.exit_code != 0) {
    return {.result = "FAILED",
            .reason = "exits with " + std::to_string(result.exit_code) + ": " + trim(result.err)};
  }
  if (tests == 0) return {.result = "SKIPPED", .reason = "what the program needs"};
  return {.result = "ok", .reason = ""};
}

}  // namespace

std::vector<std::string> tool_programs(const std::string& checkout) {
  std::vector<std::string> programs;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(checkout + "/validation")) {
    if (!entry.is_regular_file() || entry.path().extension() != ".t") continue;
    programs.push_back(entry.path().lexically_relative(checkout));
  }
  if (programs.empty()) throw sys::Error("no built program below " + checkout + "/validation");
  std::ranges::sort(programs);
  return programs;
}

Outcome outcome_of_tool(const std::string& checkout, const std::string& program) {
  Outcome outcome;
  try {
    outcome = read_tap(support::run({checkout + "/" + program},
                                    {.cwd = checkout, .timeout = std::chrono::seconds(60)}));
  } catch (const sys::Error& error) {  // it takes too long
    outcome = {.result = "FAILED", .reason = error.what()};
  }
  outcome.clause = kToolsPrefix + std::filesystem::path(program).stem().string();
  return outcome;
}

}  // namespace conformance
