// SPDX-License-Identifier: Apache-2.0
// The one main of every test program, and what counts its test cases for tests/run.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/support/needs.h"

namespace {

// Catch2 2 knows no skipped test. With TILLA_TEST_COUNTS=FILE the numbers go there, as
// "passed failed skipped", and then a line for each check that failed.
class Counter : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  bool assertionEnded(const Catch::AssertionStats& stats) override {
    const Catch::AssertionResult& result = stats.assertionResult;
    if (result.isOk()) return true;
    std::string what = result.hasExpression() ? result.getExpandedExpression() : std::string();
    what += ' ' + static_cast<std::string>(result.getMessage());
    for (char& c : what)
      if (c == '\n') c = ' ';
    failures_ += currentTestCaseInfo->name + " (" + result.getSourceInfo().file + ':' +
                 std::to_string(result.getSourceInfo().line) + "): " + what + '\n';
    return true;
  }
  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    if (stats.totals.testCases.failed > 0) {
      ++failed_;
    } else if (support::take_skipped()) {
      ++skipped_;
    } else {
      ++passed_;
    }
  }
  void testRunEnded(const Catch::TestRunStats&) override {
    const char* path = std::getenv("TILLA_TEST_COUNTS");
    if (path != nullptr)
      std::ofstream(path) << passed_ << ' ' << failed_ << ' ' << skipped_ << '\n' << failures_;
  }

 private:
  int passed_ = 0, failed_ = 0, skipped_ = 0;
  std::string failures_;
};

CATCH_REGISTER_LISTENER(Counter)

}  // namespace
