// SPDX-License-Identifier: Apache-2.0
// Runs every clause's test against one runtime, as whoever calls. tests/conformance/run calls it.
//
//   conformance run RESULTS [PATTERN]   tests all clauses, or those whose id has PATTERN in it; a
//                                       line of each goes to the end of the file
//   conformance tools RESULTS DIR       runs the validation programs of OCI runtime-tools, of which
//                                       DIR is a built checkout
//   conformance sum RESULTS...          counts; status 1 if there is a failure without known reason
//   conformance table RESULTS...        writes docs/conformance.md
//
// RUNTIME is the program under test, RUNTIME_NAME what reasons.txt (REASONS) calls it.
#include <fstream>
#include <iostream>

#include "sys/error.h"
#include "sys/format.h"
#include "tests/conformance/clause.h"
#include "tests/conformance/report.h"
#include "tests/conformance/tools.h"
#include "tests/support/surroundings.h"

namespace conformance {
namespace {

Outcome outcome_of(const Clause& clause) {
  if (!clause.test) return {.result = "untested", .reason = clause.untested};
  try {
    Scene scene;
    clause.test(scene);
    return {.result = "ok", .reason = ""};
  } catch (const Skipped& skipped) {
    return {.result = "SKIPPED", .reason = skipped.what};
  } catch (const Failed& failed) {
    return {.result = "FAILED", .reason = failed.why};
  } catch (const std::exception& error) {
    return {.result = "FAILED", .reason = error.what()};
  }
}

Outcome of_runtime(Outcome outcome) {
  outcome.runtime = variable("RUNTIME_NAME");
  const Result version = support::run({variable("RUNTIME"), "--version"});
  outcome.version = lines_of(version.out + "\n").at(0);
  outcome.role = name_of(own_role());
  return outcome;
}

int run_clauses(const std::string& results, const std::string& pattern) {
  const support::Orphanage orphanage;
  const std::vector<Known> known = read_known(variable("REASONS"));
  const Outcome plain = of_runtime({});
  std::ofstream file(results, std::ios::app);
  for (const Section& section : all_sections()) {
    for (const Clause& clause : section.clauses) {
      if (!has(clause.id, pattern)) continue;
      const Outcome seen = outcome_of(clause);
      Outcome outcome = plain;
      outcome.clause = clause.id;
      outcome.result = seen.result;
      outcome.reason = seen.reason;
      print(std::cout, outcome, section, clause, reason_for(known, outcome));
      write(file, outcome);
    }
  }
  return 0;
}

int run_tools(const std::string& results, const std::string& checkout) {
  const std::vector<Known> known = read_known(variable("REASONS"));
  std::ofstream file(results, std::ios::app);
  for (const std::string& program : tool_programs(checkout)) {
    Outcome outcome = of_runtime({});
    const Outcome seen = outcome_of_tool(checkout, program);
    outcome.clause = seen.clause;
    outcome.result = seen.result;
    outcome.reason = seen.reason;
    print(std::cout, outcome, {"runtime-tools", "validation", {}},
          {.id = outcome.clause, .text = "what the program checks", .test = {}},
          reason_for(known, outcome));
    write(file, outcome);
  }
  return 0;
}

// A failure whose reason is known counts as skipped.
int sum(const std::vector<Outcome>& outcomes) {
  const std::vector<Known> known = read_known(variable("REASONS"));
  int passed = 0, failed = 0, skipped = 0, explained = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.result == "ok") ++passed;
    if (outcome.result == "SKIPPED") ++skipped;
    if (outcome.result != "FAILED") continue;
    ++(reason_for(known, outcome).empty() ? failed : explained);
  }
  if (explained > 0) {
    std::cout << explained << " of those skipped failed for a reason that is known\n";
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped + explained
            << " skipped\n";
  return failed == 0 ? 0 : 1;
}

int call(const std::vector<std::string>& words) {
  const std::string verb = words.empty() ? "" : words[0];
  if (verb == "run" && words.size() >= 2) {
    return run_clauses(words[1], words.size() > 2 ? words[2] : "");
  }
  if (verb == "tools" && words.size() == 3) return run_tools(words[1], words[2]);
  if (verb == "sum") return sum(read_outcomes({words.begin() + 1, words.end()}));
  if (verb == "table") {
    write_table(std::cout, read_outcomes({words.begin() + 1, words.end()}),
                read_known(variable("REASONS")));
    return 0;
  }
  std::cerr << "conformance run|tools|sum|table RESULTS...\n";
  return 2;
}

}  // namespace
}  // namespace conformance

int main(int argc, char** argv) {
  try {
    return conformance::call({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "conformance: " << error.what() << '\n';
    return 1;
  }
}
