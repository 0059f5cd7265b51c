// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/report.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include "sys/error.h"
#include "sys/format.h"

namespace conformance {
namespace {

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  }
  return trim(text);
}

}  // namespace

// ---------------------------------------------------------------------------- what is known

std::vector<Known> read_known(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw sys::Error("no " + path);
  std::vector<Known> all;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    Known known;
    words >> known.runtime >> known.clause >> known.roles;
    std::getline(words >> std::ws, known.reason);
    if (known.reason.empty()) throw sys::Error(path + ": no reason: " + line);
    all.push_back(known);
  }
  return all;
}

namespace {

bool is_about(const Known& known, const std::string& clause) {
  if (!known.clause.ends_with('*')) return known.clause == clause;
  return clause.starts_with(known.clause.substr(0, known.clause.size() - 1));
}

}  // namespace

std::string reason_for(const std::vector<Known>& known, const Outcome& outcome) {
  for (const Known& one : known) {
    if (one.runtime != outcome.runtime || !is_about(one, outcome.clause)) continue;
    if (one.roles == "*" || has("," + one.roles + ",", "," + outcome.role + ",")) return one.reason;
  }
  return {};
}

// ---------------------------------------------------------------------------- lines

void print(std::ostream& out, const Outcome& outcome, const Section& section, const Clause& clause,
           const std::string& known_reason) {
  const std::string place = sys::format("{} ({}, {}; {}): {}", clause.id, section.document,
                                        section.title, name_of(clause.level), clause.text);
  if (outcome.result == "ok") {
    out << "ok " << place << '\n';
  } else if (outcome.result == "FAILED") {
    out << "FAILED " << place << "\n    " << one_line(outcome.reason) << '\n';
    if (!known_reason.empty()) out << "    known: " << known_reason << '\n';
  } else if (outcome.result == "SKIPPED") {
    out << "SKIPPED (" << outcome.reason << ") " << place << '\n';
  }
  out.flush();
}

void write(std::ostream& out, const Outcome& outcome) {
  out << outcome.runtime << '\t' << outcome.version << '\t' << outcome.role << '\t'
      << outcome.clause << '\t' << outcome.result << '\t' << one_line(outcome.reason) << std::endl;
}

std::vector<Outcome> read_outcomes(const std::vector<std::string>& files) {
  std::vector<Outcome> outcomes;
  for (const std::string& path : files) {
    std::ifstream file(path);
    if (!file) throw sys::Error("no " + path);
    for (std::string line; std::getline(file, line);) {
      std::istringstream fields(line);
      Outcome outcome;
      for (std::string* field : {&outcome.runtime, &outcome.version, &outcome.role, &outcome.clause,
                                 &outcome.result, &outcome.reason}) {
        std::getline(fields, *field, '\t');
      }
      outcomes.push_back(outcome);
    }
  }
  return outcomes;
}

// ---------------------------------------------------------------------------- the table

namespace {

const std::vector<std::string> kRoles = {"root", "nested", "user"};

struct Runtime {
  std::string name, version;
};

class Table {
 public:
  Table(std::ostream& out, const std::vector<Outcome>& outcomes, const std::vector<Known>& known)
      : out_(out), known_(known) {
    for (const Outcome& outcome : outcomes) {
      const bool is_new = std::ranges::none_of(
          runtimes_, [&](const Runtime& one) { return one.name == outcome.runtime; });
      if (is_new) runtimes_.push_back({outcome.runtime, outcome.version});
      by_place_[{outcome.runtime, outcome.clause, outcome.role}] = outcome;
    }
  }

  void write_all();

 private:
  const Outcome* find(const Runtime& runtime, const std::string& clause,
                      const std::string& role) const {
    const auto found = by_place_.find({runtime.name, clause, role});
    return found == by_place_.end() ? nullptr : &found->second;
  }
  void write_counts();
  void write_section(const Section& section);
  void write_failures(const Runtime& runtime);
  void write_skipped();
  void write_untested();
  void write_tools();

  std::ostream& out_;
  const std::vector<Known>& known_;
  std::vector<Runtime> runtimes_;
  std::map<std::tuple<std::string, std::string, std::string>, Outcome> by_place_;
};

std::string mark(const Outcome* outcome) {
  if (outcome == nullptr) return "?";
  if (outcome->result == "ok") return "+";
  return outcome->result == "FAILED" ? "**-**" : "o";
}

void Table::write_counts() {
  out_ << "\n| runtime | caller | passed | failed | skipped |\n|---|---|---|---|---|\n";
  for (const Runtime& runtime : runtimes_) {
    for (const std::string& role : kRoles) {
      std::map<std::string, int> counts;
      for (const auto& [place, outcome] : by_place_) {
        if (std::get<0>(place) == runtime.name && std::get<2>(place) == role) {
          ++counts[outcome.result];
        }
      }
      if (counts.empty()) continue;
      out_ << sys::format("| {} | {} | {} | {} | {} |\n", runtime.version, role, counts["ok"],
                          counts["FAILED"], counts["SKIPPED"]);
    }
  }
}

void Table::write_section(const Section& section) {
  const bool has_tests = std::ranges::any_of(
      section.clauses, [](const Clause& clause) { return static_cast<bool>(clause.test); });
  if (!has_tests) return;
  out_ << "\n### " << section.document << ", " << section.title << "\n\n| clause | | |";
  for (const Runtime& runtime : runtimes_) out_ << ' ' << runtime.name << " |";
  out_ << "\n|---|---|---|";
  for (std::size_t i = 0; i < runtimes_.size(); ++i) out_ << "---|";
  out_ << '\n';
  for (const Clause& clause : section.clauses) {
    if (!clause.test) continue;
    out_ << sys::format("| `{}` | {} | {} |", clause.id, name_of(clause.level), clause.text);
    for (const Runtime& runtime : runtimes_) {
      for (const std::string& role : kRoles) out_ << ' ' << mark(find(runtime, clause.id, role));
      out_ << " |";
    }
    out_ << '\n';
  }
}

void Table::write_failures(const Runtime& runtime) {
  out_ << "\n### " << runtime.version << "\n\n";
  bool has_some = false;
  for (const Section& section : all_sections()) {
    for (const Clause& clause : section.clauses) {
      std::map<std::string, std::string> roles_by_reason;
      for (const std::string& role : kRoles) {
        const Outcome* outcome = find(runtime, clause.id, role);
        if (outcome == nullptr || outcome->result != "FAILED") continue;
        const std::string reason = reason_for(known_, *outcome);
        std::string& roles = roles_by_reason[reason.empty() ? "reason not known" : reason];
        roles += (roles.empty() ? "" : ", ") + role;
      }
      for (const auto& [reason, roles] : roles_by_reason) {
        out_ << sys::format("- `{}` ({}): {}\n", clause.id, roles, reason);
        has_some = true;
      }
    }
  }
  if (!has_some) out_ << "None.\n";
}

void Table::write_skipped() {
  std::map<std::string, std::set<std::string>> clauses_by_need;
  for (const auto& [place, outcome] : by_place_) {
    if (outcome.result != "SKIPPED" || outcome.clause.starts_with(kToolsPrefix)) continue;
    clauses_by_need[outcome.reason].insert(sys::format("`{}` ({})", outcome.clause, outcome.role));
  }
  out_ << "\n## Skipped\n\nWhat a test needed and did not find, in at least one of the runs "
          "above.\n\n";
  for (const auto& [need, clauses] : clauses_by_need) {
    std::string list;
    for (const std::string& clause : clauses) list += (list.empty() ? "" : ", ") + clause;
    out_ << "- " << need << ": " << list << '\n';
  }
}

void Table::write_untested() {
  out_ << "\n## Clauses without a test\n\n| clause | | | why |\n|---|---|---|---|\n";
  for (const Section& section : all_sections()) {
    for (const Clause& clause : section.clauses) {
      if (clause.test) continue;
      out_ << sys::format("| `{}` | {} | {} | {} |\n", clause.id, name_of(clause.level),
                          clause.text, clause.untested);
    }
  }
}

void Table::write_tools() {
  std::set<std::string> programs;
  for (const auto& [place, outcome] : by_place_) {
    if (outcome.clause.starts_with(kToolsPrefix)) programs.insert(outcome.clause);
  }
  out_ << "\n## OCI runtime-tools\n\n";
  if (programs.empty()) {
    out_
        << "Its validation programs were not run for this table: no package brings them (Debian's\n"
           "`golang-github-opencontainers-runtime-tools-dev` has the libraries alone). Whoever has "
           "a\n"
           "built checkout runs them with `make conformance RUNTIME_TOOLS=DIR`.\n";
    return;
  }
  out_ << "| program |";
  for (const Runtime& runtime : runtimes_) out_ << ' ' << runtime.name << " |";
  out_ << "\n|---|";
  for (std::size_t i = 0; i < runtimes_.size(); ++i) out_ << "---|";
  out_ << '\n';
  for (const std::string& program : programs) {
    out_ << "| " << program.substr(std::string(kToolsPrefix).size()) << " |";
    for (const Runtime& runtime : runtimes_) {
      out_ << ' ' << mark(find(runtime, program, "root")) << " |";
    }
    out_ << '\n';
  }
}

void Table::write_all() {
  out_ << R"(# Conformance to the OCI runtime specification

Made by `make conformance-docs`; not to be edited by hand.

Each clause of the specification (1.0 to 1.3) that a runtime can break, in our words, with a test that calls the runtime by
its command line alone: `make conformance`, or `make conformance RUNTIME=crun`. MUST and SHOULD are the specification's; "says" is a fact
that it states, which a runtime can break just as well.

Callers: **root**; **nested**, the root of a user namespace that an ordinary user made; and an ordinary **user** with a range of subordinate ids.
The signs stand for these three, in this order: `+` passed, **-** failed (the reason is below), `o` skipped (what was needed is below). All of it runs
in a mount namespace with cgroup version 2 alone, in a cgroup of the caller's own.
)";
  write_counts();
  out_ << "\n## Clauses\n";
  for (const Section& section : all_sections()) write_section(section);
  out_ << "\n## Failures\n";
  for (const Runtime& runtime : runtimes_) write_failures(runtime);
  write_skipped();
  write_untested();
  write_tools();
}

}  // namespace

void write_table(std::ostream& out, const std::vector<Outcome>& outcomes,
                 const std::vector<Known>& known) {
  Table(out, outcomes, known).write_all();
}

}  // namespace conformance
