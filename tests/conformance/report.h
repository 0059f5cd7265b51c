// SPDX-License-Identifier: Apache-2.0
// What became of the clauses: lines for who waits, a file for the table, the table itself.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "tests/conformance/clause.h"

namespace conformance {

struct Outcome {
  std::string runtime = {}, version = {}, role = {}, clause = {};
  std::string result = {};  // "ok", "FAILED", "SKIPPED", "untested"
  std::string reason = {};  // why it failed, what it would need
};

/// tests/conformance/reasons.txt: what is known to fail, and why. Lines "RUNTIME CLAUSE ROLES
/// REASON", where CLAUSE may end in "*", ROLES is "*" or of "root,nested,user"; the first that fits
/// counts; "#" begins a comment.
struct Known {
  std::string runtime, clause, roles, reason;
  bool operator==(const Known&) const = default;
};
std::vector<Known> read_known(const std::string& path);
/// The reason why this failed, or "".
std::string reason_for(const std::vector<Known>& known, const Outcome& outcome);

/// One line for the person, two for a failure.
void print(std::ostream& out, const Outcome& outcome, const Section& section, const Clause& clause,
           const std::string& known_reason);

// A line of tab-separated fields each.
void write(std::ostream& out, const Outcome& outcome);
std::vector<Outcome> read_outcomes(const std::vector<std::string>& files);

/// The result of one program of OCI runtime-tools is an outcome whose clause is
/// "runtime-tools/NAME".
constexpr const char* kToolsPrefix = "runtime-tools/";

/// docs/conformance.md.
void write_table(std::ostream& out, const std::vector<Outcome>& outcomes,
                 const std::vector<Known>& known);

}  // namespace conformance
