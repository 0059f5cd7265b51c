// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/container_command_line.h"

#include <fcntl.h>

#include <cstdlib>

#include "config/environment.h"
#include "config/platform.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"

namespace engine {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

std::optional<std::string> variable_of_caller(const std::string& name) {
  const char* value = ::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void resolve_environment(config::ContainerFlags& flags) {
  std::vector<std::string> env;
  for (const std::string& path : flags.env_file) {
    const std::string text = sys::in_context([&] { return sys::format("env file \"{}\"", path); },
                                             [&] { return sys::read_file(path, kMaxFile); });
    for (std::string& entry : config::parse_env_file(text, path, variable_of_caller)) {
      env.push_back(std::move(entry));
    }
  }
  for (const std::string& word : flags.env) {
    env.push_back(config::resolve_variable(word, variable_of_caller));
  }
  flags.env = std::move(env);
  flags.env_file.clear();
}

void resolve_labels(config::ContainerFlags& flags) {
  std::vector<std::string> labels;
  for (const std::string& path : flags.label_file) {
    const std::string text = sys::in_context([&] { return sys::format("label file \"{}\"", path); },
                                             [&] { return sys::read_file(path, kMaxFile); });
    for (std::string& entry : config::parse_env_file(text, path, variable_of_caller)) {
      labels.push_back(std::move(entry));
    }
  }
  labels.insert(labels.end(), flags.label.begin(), flags.label.end());
  flags.label = std::move(labels);
  flags.label_file.clear();
}

// "./data:/data": of the caller's working directory, which is nobody's any more when it starts.
void resolve_paths(config::ContainerFlags& flags) {
  for (std::string& word : flags.volume) {
    const std::size_t colon = word.find(':');
    if (colon == std::string::npos || !word.starts_with('.')) continue;
    word = sys::absolute_path(word.substr(0, colon)) + word.substr(colon);
  }
  if (flags.rootfs.empty()) return;
  const bool is_overlay = flags.rootfs.ends_with(":O");
  std::string path = is_overlay ? flags.rootfs.substr(0, flags.rootfs.size() - 2) : flags.rootfs;
  path = sys::absolute_path(path);
  const auto directory = sys::open_path_if_exists(path, O_PATH | O_DIRECTORY);
  if (!directory) throw sys::Error(sys::format("--rootfs \"{}\": no such directory", path), ENOENT);
  flags.rootfs = sys::read_link(sys::fd_path(directory->get())) + (is_overlay ? ":O" : "");
}

void resolve_timezone(config::ContainerFlags& flags) {
  if (flags.timezone != "local") return;
  constexpr std::string_view kZones = "/zoneinfo/";
  const std::string link = sys::read_link("/etc/localtime");
  const std::size_t at = link.find(kZones);
  if (at == std::string::npos) throw sys::Error("--timezone local: /etc/localtime names no zone");
  flags.timezone = link.substr(at + kZones.size());
}

std::string_view first_name(std::string_view names) {
  return names.substr(names.find("--") == std::string_view::npos ? 0 : names.find("--"));
}

}  // namespace

std::vector<Flag> ContainerCommandLine::flags() {
  std::vector<Flag> all;
  for (const config::ContainerFlag& flag : config::container_flags()) {
    std::visit(
        [&](auto member) {
          all.push_back({flag.names, &(create.flags.*member), flag.text, flag.value});
        },
        flag.member);
  }
  all.push_back({"--cidfile", &cid_file, "Write the id into a file that isn't there yet", "file"});
  all.push_back({"--name", &create.name, "What to call it; made up by default"});
  all.push_back({"--platform", &platform, "Of an image for several: os/arch[/variant]"});
  all.push_back({"--pull", &pull, "always, missing or never: there is no registry yet"});
  for (const config::RefusedFlag& flag : config::refused_flags()) {
    if (flag.takes_value) {
      refused_values.push_back(std::make_unique<std::vector<std::string>>());
      all.push_back({flag.names, refused_values.back().get(), "", "", true});
    } else {
      refused_switches.push_back(std::make_unique<bool>(false));
      all.push_back({flag.names, refused_switches.back().get(), "", "", true});
    }
  }
  return all;
}

std::vector<Positional> ContainerCommandLine::positionals() { return {{"IMAGE", &words, true}}; }

void ContainerCommandLine::resolve() {
  std::size_t switches = 0, values = 0;
  for (const config::RefusedFlag& flag : config::refused_flags()) {
    const bool is_given =
        flag.takes_value ? !refused_values[values++]->empty() : *refused_switches[switches++];
    if (!is_given) continue;
    throw UsageError(sys::format("{}: {}", first_name(flag.names), flag.reason), 0,
                     "See 'tilla run --help'.");
  }
  if (create.flags.rootfs.empty()) {
    if (words.empty()) {
      throw UsageError("which image?", 0, "See 'tilla run --help'.");
    }
    create.image = words.front();
    create.command.assign(words.begin() + 1, words.end());
  } else {
    create.image = create.flags.rootfs;
    create.command = words;
  }
  if (!pull.empty() && pull != "missing" && pull != "never" && pull != "always") {
    throw UsageError(
        sys::format("invalid --pull \"{}\": always, missing or never", sys::terminal_safe(pull)), 0,
        "See 'tilla run --help'.");
  }
  if (pull == "always") throw sys::Error("--pull always: not yet: there is no registry client");
  if (!platform.empty()) {
    const config::Platform wanted = config::parse_platform(platform);
    if (!config::match_platform(wanted, config::native_platform())) {
      throw sys::Error(sys::format("--platform {}: this machine runs {} alone",
                                   config::to_text(wanted),
                                   config::to_text(config::native_platform())));
    }
  }
  resolve_environment(create.flags);
  resolve_labels(create.flags);
  resolve_paths(create.flags);
  resolve_timezone(create.flags);
  if (!cid_file.empty() && sys::open_path_if_exists(cid_file, O_PATH)) {
    throw sys::Error(
        sys::format("container ID file found, make sure the other container isn't "
                    "running or delete {}",
                    cid_file));
  }
  const char* driver = ::getenv("TILLA_DRIVER");
  create.driver = driver == nullptr ? "" : driver;
}

void write_cid_file(const std::string& path, const std::string& id) {
  if (path.empty()) return;
  sys::in_context("--cidfile", [&] {
    const sys::Fd file = sys::open_path(path, O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY, 0644);
    sys::write_all(file.get(), id);
  });
}

}  // namespace engine
