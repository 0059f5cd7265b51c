// SPDX-License-Identifier: Apache-2.0
#include "config/environment.h"

#include <algorithm>

#include "config/image_change.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

constexpr const char* kPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::string_view kBlanks = " \t\r\f\v";

void unset_variable(std::vector<std::string>& env, const std::string& name) {
  std::erase_if(env, [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

void put(std::vector<std::string>& env, const std::string& entry) {
  const std::size_t equals = entry.find('=');
  if (equals == std::string::npos) {
    unset_variable(env, entry);
  } else {
    set_variable(env, entry.substr(0, equals), entry.substr(equals + 1));
  }
}

}  // namespace

std::string resolve_variable(const std::string& word, const CallerVariable& caller) {
  const std::string name = word.substr(0, word.find('='));
  if (name.empty()) {
    throw sys::Error(sys::format("invalid environment variable: \"{}\"", sys::terminal_safe(word)));
  }
  if (name.size() < word.size()) return word;
  const std::optional<std::string> value = caller(name);
  return value ? name + "=" + *value : name;
}

std::vector<std::string> parse_env_file(std::string_view text, const std::string& name,
                                        const CallerVariable& caller) {
  std::vector<std::string> variables;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto fail = [&](std::string_view reason) {
      throw sys::Error(sys::format("{}: line {}: {}", name, number, reason));
    };
    if (line.find('\0') != std::string_view::npos) fail("it has a NUL byte");
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    const std::string_view variable = line.substr(0, line.find('='));
    if (variable.empty()) fail("no variable name on this line");
    if (variable.find_first_of(kBlanks) != std::string_view::npos) {
      fail(sys::format("variable \"{}\" contains whitespaces", sys::terminal_safe(variable)));
    }
    const std::string entry = resolve_variable(std::string(line), caller);
    if (entry.find('=') != std::string::npos) variables.push_back(entry);
  }
  return variables;
}

std::vector<std::string> merge_environment(const EnvironmentRequest& request,
                                           std::vector<std::string>& warnings) {
  std::vector<std::string> env = {sys::format("PATH={}", kPath),
                                  sys::format("HOSTNAME={}", request.hostname)};
  if (request.has_terminal) env.emplace_back("TERM=xterm");
  for (const std::string& entry : request.image) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      warnings.push_back(
          sys::format("the image's environment has \"{}\", which sets nothing, ignoring",
                      sys::terminal_safe(entry)));
      continue;
    }
    put(env, entry);
  }
  for (const std::string& entry : request.given) put(env, entry);
  return env;
}

}  // namespace config
