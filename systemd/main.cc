// SPDX-License-Identifier: Apache-2.0
// tilla-systemd: asks systemd for a container's scope. tilla-runtime runs it when the cgroup
// manager is systemd, and only then, so that everybody else pays for neither D-Bus nor its library.
//
//   tilla-systemd [--user] start UNIT PID [NAME=TYPE:VALUE...]
//   tilla-systemd [--user] set UNIT [NAME=TYPE:VALUE...]
//   tilla-systemd [--user] add UNIT PID
//   tilla-systemd [--user] stop INVOCATION
//
// What it has to say goes to standard error, which is what the runtime reads: with exit code 0 an
// answer ("start": the unit's invocation, a blank and its cgroup), else the reason.
#include <unistd.h>

#include <charconv>
#include <exception>
#include <span>
#include <string>
#include <vector>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "systemd/bus.h"

namespace systemd {
namespace {

using Words = std::span<const std::string>;

[[noreturn]] void refuse() {
  throw sys::Error(
      "usage: tilla-systemd [--user] {start UNIT PID | set UNIT | add UNIT PID | stop INVOCATION} "
      "[NAME=TYPE:VALUE...]");
}

pid_t pid_of(const std::string& word) {
  pid_t pid = 0;
  const auto [end, code] = std::from_chars(word.data(), word.data() + word.size(), pid);
  if (code != std::errc() || end != word.data() + word.size() || pid <= 0) refuse();
  return pid;
}

std::vector<Property> properties_of(Words words) {
  std::vector<Property> properties;
  for (const std::string& word : words) properties.push_back(parse_property(word));
  return properties;
}

std::string perform(Words words) {
  const bool of_user = !words.empty() && words.front() == "--user";
  if (of_user) words = words.subspan(1);
  if (words.size() < 2) refuse();
  const std::string &verb = words[0], &unit = words[1];  // or its invocation
  if (verb == "start" && words.size() >= 3) {
    const std::vector<Property> properties = properties_of(words.subspan(3));
    const Scope scope = Manager(of_user).start_scope(unit, pid_of(words[2]), properties);
    return scope.invocation + " " + scope.cgroup;
  }
  if (verb == "set") {
    Manager(of_user).set_properties(unit, properties_of(words.subspan(2)));
  } else if (verb == "add" && words.size() == 3) {
    Manager(of_user).add_process(unit, pid_of(words[2]));
  } else if (verb == "stop" && words.size() == 2) {
    Manager(of_user).stop(unit);
  } else {
    refuse();
  }
  return {};
}

}  // namespace
}  // namespace systemd

int main(int argc, char** argv) {
  std::string text;
  int code = 0;
  try {
    const std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    text = systemd::perform(words);
  } catch (const std::exception& error) {
    text = error.what();
    code = 1;
  }
  try {
    sys::write_all(STDERR_FILENO, text);
  } catch (const sys::Error&) {  // nobody listens
    code = 1;
  }
  return code;
}
