// SPDX-License-Identifier: Apache-2.0
#include "tests/support/moments.h"

#include <map>
#include <sstream>

#include "sys/error.h"
#include "sys/format.h"

namespace support {
namespace {

std::vector<std::string> traced(const std::vector<std::string>& argv, const std::string& log,
                                const std::string& what) {
  std::vector<std::string> words = {"strace", "-o", log, "-e", what};
  words.insert(words.end(), argv.begin(), argv.end());
  return words;
}

}  // namespace

std::vector<Moment> moments_of(const Runtime& runtime, const std::vector<std::string>& words,
                               const MomentCount& count, int exit_code) {
  const std::string log = runtime.directory() / "trace";
  const Result result = support::run(traced(runtime.argv(words), log, "trace=all"),
                                     {.output_file = runtime.output_file("traced")});
  if (result.exit_code != exit_code) {
    throw sys::Error(sys::format("{} under strace: exit code {}", words.at(0), result.exit_code));
  }
  std::istringstream lines(read_text(log));
  std::map<std::string, int> counts;
  std::vector<Moment> all;
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find('('));
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
      continue;  // a signal, the end
    }
    all.push_back({.syscall = name, .number = ++counts[name]});
  }
  if (all.size() <= count.spread + count.last) return all;
  const std::size_t last = all.size() - count.last;
  std::vector<Moment> some(all.begin() + static_cast<std::ptrdiff_t>(last), all.end());
  for (std::size_t i = 0; i < count.spread; ++i) some.push_back(all[i * last / count.spread]);
  return some;
}

void call_and_kill(const Runtime& runtime, const std::vector<std::string>& words,
                   const Moment& moment) {
  const std::string tamper =
      sys::format("inject={}:signal=KILL:when={}", moment.syscall, moment.number);
  (void)support::run(traced(runtime.argv(words), runtime.directory() / "trace", tamper),
                     {.output_file = runtime.output_file("traced")});
}

}  // namespace support
