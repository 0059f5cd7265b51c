// SPDX-License-Identifier: Apache-2.0
// The grammar of flags, against what spf13/pflag does with the same words.
#include "engine/commands/flags.h"

#include <catch2/catch.hpp>

using Catch::Matchers::Message;
using Words = std::vector<std::string>;

namespace {

struct Flags {
  bool is_quiet = false, is_all = true;
  std::string format;
  std::optional<std::string> output;
  std::int64_t count = 0;
  Words filters;

  Words parse(const Words& words, bool ends_at_positional = false) {
    return engine::parse_flags({{"-q,--quiet", &is_quiet, "", ""},
                                {"--all", &is_all, "", ""},
                                {"-f,--filter", &filters, "", ""},
                                {"--format", &format, "", ""},
                                {"-o,--output", &output, "", ""},
                                {"-n,--count", &count, "", ""}},
                               ends_at_positional, words);
  }
};

TEST_CASE("flags: a short one takes its value behind it, behind =, or as the next word",
          "[engine][flags]") {
  Flags flags;
  CHECK(flags.parse({"-f=a=1", "-fb=2", "-f", "c=3", "-qf=d", "-qfe", "-qf", "-x"}).empty());
  CHECK(flags.filters == Words{"a=1", "b=2", "c=3", "d", "e", "-x"});
  CHECK(flags.is_quiet);
}

TEST_CASE("flags: a bool is true alone, and what its = says", "[engine][flags]") {
  Flags flags;
  flags.parse({"--all=false", "-q=true"});
  CHECK_FALSE(flags.is_all);
  CHECK(flags.is_quiet);
  flags.parse({"-q=0", "--all=T"});
  CHECK_FALSE(flags.is_quiet);
  CHECK(flags.is_all);
  CHECK(flags.parse({"--all", "false"}) == Words{"false"});  // no value of its own
  CHECK_THROWS_MATCHES(
      flags.parse({"-q=maybe"}), engine::UsageError,
      Message(R"(invalid argument "maybe" for "-q, --quiet" flag: neither true nor false)"));
}

TEST_CASE("flags: an empty value is one, the last of several counts", "[engine][flags]") {
  Flags flags;
  CHECK_FALSE(flags.output);
  flags.parse({"--output=", "--format", "x", "--format=", "--count=7", "-n-8"});
  CHECK(flags.output == "");
  CHECK(flags.format.empty());
  CHECK(flags.count == -8);
}

TEST_CASE("flags: words are words wherever they stand, whatever they look like",
          "[engine][flags]") {
  Flags flags;
  CHECK(flags.parse({"a", "-q", "-", "++", "--format", "--", "b", "--", "-q", "--"}) ==
        Words{"a", "-", "++", "b", "-q", "--"});
  CHECK(flags.format == "--");
}

TEST_CASE("flags: where they end at the first word, the rest is left alone", "[engine][flags]") {
  Flags flags;
  CHECK(flags.parse({"-q", "image", "--", "-f", "x"}, true) == Words{"image", "--", "-f", "x"});
  CHECK(flags.parse({"--", "-f"}, true) == Words{"-f"});
  CHECK(flags.filters.empty());
}

TEST_CASE("flags: what can't be is said as pflag says it", "[engine][flags]") {
  Flags flags;
  const auto fails = [&](const std::string& word, const std::string& message) {
    CHECK_THROWS_MATCHES(flags.parse({word}), engine::UsageError, Message(message));
  };
  fails("--nope=1", "unknown flag: --nope");
  fails("-qx", "unknown shorthand flag: 'x' in -x");
  fails("--format", "flag needs an argument: --format");
  fails("-qf", "flag needs an argument: 'f' in -f");
  fails("---q", "bad flag syntax: ---q");
  fails("--=q", "bad flag syntax: --=q");
  fails("-n=1x", R"(invalid argument "1x" for "-n, --count" flag: no number)");
}

}  // namespace
