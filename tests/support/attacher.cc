// SPDX-License-Identifier: Apache-2.0
// shim::attach as a program, for tests: its streams are those of a client, descriptor 3 is the
// connection, and on 4 it says how it ended.
//
//   attacher LETTERS KEYS      LETTERS as tests/support/monitored.h has them
#include <cstdio>
#include <exception>
#include <string>

#include "shim/monitor/client.h"
#include "sys/fd.h"
#include "sys/format.h"

namespace {

constexpr int kConnection = 3, kResult = 4;

std::string describe(const shim::AttachEnd& end) {
  switch (end.kind) {
    case shim::AttachEnd::Kind::kExited:
      return sys::format("exited {}", end.exit_code);
    case shim::AttachEnd::Kind::kDetached:
      return "detached";
    case shim::AttachEnd::Kind::kSignal:
      return sys::format("signal {}", end.signal);
    case shim::AttachEnd::Kind::kDropped:
      return "dropped";
    case shim::AttachEnd::Kind::kLost:
      return "lost";
  }
  return "?";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string letters = argv[1];
  const auto has = [&](char letter) { return letters.find(letter) != std::string::npos; };
  try {
    const shim::AttachOptions options = {.input = has('i') ? 0 : -1,
                                         .has_terminal = has('t'),
                                         .detach_keys = config::parse_detach_keys(argv[2]).value(),
                                         .passes_signals = !has('s'),
                                         .is_waited_for = has('w')};
    sys::set_cloexec(kConnection, true);
    sys::write_all(kResult, describe(shim::attach(sys::Fd(kConnection), options)));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "attacher: %s\n", error.what());
    return 1;
  }
}
