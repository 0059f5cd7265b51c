// SPDX-License-Identifier: Apache-2.0
// The program behind `make conformance`: it tells a good runtime from a bad one, and what the
// programs of OCI runtime-tools say.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using namespace support;
using Catch::Matchers::Contains;

namespace {

// Calls the program with results and known reasons of the test's own.
struct Conformance {
  TempDirectory directory;
  std::string runtime = runtime_program();

  Conformance() { know(""); }
  void know(const std::string& reasons) const { write_text(directory / "reasons", reasons); }
  std::string results() const { return directory / "results"; }
  Result call(std::vector<std::string> words) const {
    words.insert(words.begin(), own_directory() + "/conformance");
    return support::run(words, {.env = {"RUNTIME=" + runtime, "RUNTIME_NAME=tested",
                                        "REASONS=" + directory / "reasons"}});
  }
  // A checkout of runtime-tools with one program.
  std::string checkout(const std::string& name, const std::string& script) const {
    const std::string folder = directory / "tools/validation/" + name;
    make_directory(folder);
    write_text(folder + "/" + name + ".t", "#!/bin/sh\n" + script, 0755);
    return directory / "tools";
  }
  std::string tool(const std::string& script) const {
    return call({"tools", results(), checkout("start", script)}).out;
  }
};

}  // namespace

TEST_CASE("conformance: a clause that the runtime keeps", "[integration][conformance]") {
  const Conformance conformance;
  CHECK_THAT(conformance.call({"run", conformance.results(), "root.readonly"}).out,
             Contains("ok root.readonly (config.md, Root; MUST)"));
  const Result sum = conformance.call({"sum", conformance.results()});
  CHECK(sum.out == "1 passed, 0 failed, 0 skipped\n");
  CHECK(sum.exit_code == 0);
}

TEST_CASE("conformance: a runtime that does nothing keeps none", "[integration][conformance]") {
  Conformance conformance;
  conformance.runtime = "/bin/true";
  CHECK_THAT(conformance.call({"run", conformance.results(), "root.readonly"}).out,
             Contains("FAILED root.readonly"));
  const Result sum = conformance.call({"sum", conformance.results()});
  CHECK(sum.out == "0 passed, 1 failed, 0 skipped\n");
  CHECK(sum.exit_code == 1);
}

TEST_CASE("conformance: a failure with a reason is none", "[integration][conformance]") {
  Conformance conformance;
  conformance.runtime = "/bin/true";
  conformance.know(
      "# others\nother root.* * why\ntested root.* root,nested,user it does nothing\n");
  CHECK_THAT(conformance.call({"run", conformance.results(), "root.readonly"}).out,
             Contains("known: it does nothing"));
  const Result sum = conformance.call({"sum", conformance.results()});
  CHECK_THAT(sum.out, Contains("0 passed, 0 failed, 1 skipped\n"));
  CHECK(sum.exit_code == 0);
}

TEST_CASE("conformance: the table has clauses, failures, and what is not tested",
          "[integration][conformance]") {
  Conformance conformance;
  conformance.runtime = "/bin/true";
  (void)conformance.call({"run", conformance.results(), "root."});
  const std::string table = conformance.call({"table", conformance.results()}).out;
  CHECK_THAT(table, Contains("| `root.readonly` | MUST |"));
  CHECK_THAT(table, Contains("- `root.readonly` (") && Contains("): reason not known"));
  CHECK_THAT(table, Contains("| `root.conventional` | SHOULD |"));
}

TEST_CASE("conformance: a program of runtime-tools is called in its checkout, with RUNTIME",
          "[integration][conformance]") {
  const Conformance conformance;
  CHECK_THAT(conformance.tool("echo 'TAP version 13'; [ -d validation ] && [ -x \"$RUNTIME\" ] && "
                              "echo 'ok 1 - it is'; echo 1..1"),
             Contains("ok runtime-tools/start"));
}

TEST_CASE("conformance: what such a program says", "[integration][conformance]") {
  const Conformance conformance;
  CHECK_THAT(conformance.tool("echo 'ok 1 - a'; echo 'not ok 2 - b'"),
             Contains("FAILED runtime-tools/start") && Contains("not ok 2 - b"));
  CHECK_THAT(conformance.tool("echo 'not ok 1 - a # todo later'; echo 'ok 2 - b'"),
             Contains("ok runtime-tools/start"));
  CHECK_THAT(conformance.tool("echo '1..0 # SKIP no cgroups'"),
             Contains("SKIPPED (what the program needs) runtime-tools/start"));
  CHECK_THAT(conformance.tool("echo 'ok 1 - a'; echo oops >&2; exit 3"),
             Contains("exits with 3: oops"));
}

TEST_CASE("conformance: a checkout that is not built is an error", "[integration][conformance]") {
  const Conformance conformance;
  make_directory(conformance.directory / "tools/validation");
  const Result result =
      conformance.call({"tools", conformance.results(), conformance.directory / "tools"});
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("no built program below"));
}
