// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/tools.h"

#include <algorithm>
#include <filesystem>

#include "sys/error.h"
#include "sys/format.h"
#include "tests/conformance/scene.h"

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

// What a line of diagnostics says went wrong: `"error": "..."`, or nothing. Some programs tell of a
// failure in no other way: hooks, prestart, poststart and poststop, and their namesakes in _fail.
std::string diagnosed_error(const std::string& line) {
  const std::string key = R"("error": ")";
  const std::size_t start = line.find(key);
  return start == std::string::npos ? "" : line.substr(start + key.size());
}

Outcome read_tap(const Result& result) {
  int tests = 0, skipped = 0;
  std::string diagnosed;
  for (const std::string& line : lines_of(result.out)) {
    if (line.starts_with("not ok") && !has_directive(line, "todo")) {
      return {.result = "FAILED", .reason = line};
    }
    const bool is_skipped = has_directive(line, "skip");
    if (line.starts_with("ok")) ++(is_skipped ? skipped : tests);
    if (line.starts_with("1..0") && is_skipped) ++skipped;
    if (diagnosed.empty()) diagnosed = diagnosed_error(line);
  }
  if (result.exit_code != 0) {
    return {.result = "FAILED",
            .reason = "exits with " + std::to_string(result.exit_code) + ": " + trim(result.err)};
  }
  if (tests > 0) return {.result = "ok", .reason = ""};
  if (skipped > 0) return {.result = "SKIPPED", .reason = "what the program needs"};
  if (!diagnosed.empty()) return {.result = "FAILED", .reason = diagnosed};
  return {.result = "ok", .reason = ""};  // it says nothing when all is well
}

// The runtime as the programs call it, with a state of its own: they know no flags.
std::string write_runtime(const support::TempDirectory& directory) {
  const std::string path = directory / "runtime";
  support::write_text(path,
                      sys::format("#!/bin/sh\nexec {} {} --root {} \"$@\"\n", variable("RUNTIME"),
                                  variable("RUNTIME_FLAGS"), directory / "state"),
                      0755);
  return path;
}

// Some programs end without having deleted their containers, when these disappoint them.
void delete_containers(const std::string& runtime) {
  for (const std::string& id : lines_of(support::run({runtime, "list", "--quiet"}).out)) {
    (void)support::run({runtime, "delete", "--force", id});
  }
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
  const support::TempDirectory directory;
  // For the root of a user namespace, on its way to the bundle.
  std::filesystem::permissions(directory.path(), std::filesystem::perms{0711});
  const std::string runtime = write_runtime(directory);
  try {
    // What a runtime mounts in its own namespace, for linux_ns_itype, goes with the program.
    std::vector<std::string> argv = {checkout + "/" + program};
    if (support::is_root()) argv.insert(argv.begin(), {"unshare", "--mount", "--"});
    outcome =
        read_tap(support::run(argv, {.env = {"TMPDIR=" + directory.path(), "RUNTIME=" + runtime},
                                     .cwd = checkout,
                                     .timeout = std::chrono::seconds(60)}));
  } catch (const sys::Error& error) {  // it takes too long
    outcome = {.result = "FAILED", .reason = error.what()};
  }
  delete_containers(runtime);
  outcome.clause = kToolsPrefix + std::filesystem::path(program).stem().string();
  return outcome;
}

}  // namespace conformance
