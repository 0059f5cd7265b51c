// SPDX-License-Identifier: Apache-2.0
// --security-opt, --cap-add, --cap-drop.
#include <algorithm>

#include "config/container_options.h"
#include "sys/capability.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

[[noreturn]] void fail(const std::string& word, std::string_view why) {
  throw sys::Error(sys::format("invalid --security-opt \"{}\": {}",
                               sys::terminal_safe(word.substr(0, 100)), why));
}

void add_paths(const std::string& word, std::string_view text, std::vector<std::string>& paths) {
  while (!text.empty()) {
    const std::string_view path = text.substr(0, text.find(':'));
    text.remove_prefix(std::min(text.size(), path.size() + 1));
    if (path != "ALL" && !path.starts_with('/')) fail(word, "its paths must be absolute");
    paths.emplace_back(path);
  }
}

}  // namespace

std::string parse_capability(const std::string& word) {
  std::string name = word;
  std::ranges::transform(name, name.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  if (name == "ALL") return name;
  if (!name.starts_with("CAP_")) name = "CAP_" + name;
  if (!sys::capability_number(name)) {
    throw sys::Error(sys::format("unknown capability \"{}\"", sys::terminal_safe(word)));
  }
  return name;
}

void read_security(const std::vector<std::string>& words, SecurityRequest& security) {
  for (const std::string& word : words) {
    // docker takes ":" as well, for the sake of its first years.
    const std::size_t end = std::min(word.find_first_of("=:"), word.size());
    const std::string key = word.substr(0, end);
    const std::string value = end < word.size() ? word.substr(end + 1) : "";
    if (key == "no-new-privileges") {
      if (!value.empty() && value != "true" && value != "false") fail(word, "true or false");
      security.no_new_privileges = value != "false";
    } else if (key == "seccomp") {
      if (value.empty()) fail(word, "a file, or unconfined");
      security.seccomp = value;
    } else if (key == "apparmor") {
      security.apparmor = value;
    } else if (key == "label") {
      if (value != "disable") fail(word, "only label=disable, which is so anyway");
    } else if (key == "mask") {
      add_paths(word, value, security.masked);
    } else if (key == "unmask") {
      add_paths(word, value, security.unmasked);
    } else if (key == "systempaths" && value == "unconfined") {
      security.unmasked.emplace_back("ALL");
    } else {
      fail(word, "there is none of that name");
    }
  }
}

}  // namespace config
