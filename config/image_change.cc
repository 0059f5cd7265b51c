// SPDX-License-Identifier: Apache-2.0
#include "config/image_change.h"

#include <algorithm>

#include "config/image_change_parse.h"
#include "config/json.h"
#include "config/shell_words.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::string_view kOnlyInBuilds[] = {"ADD", "ARG",        "COPY", "FROM",
                                              "RUN", "MAINTAINER", "SHELL"};

std::optional<std::string> variable_in(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string& entry : env) {
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
      return entry.substr(name.size() + 1);
    }
  }
  return std::nullopt;
}

std::vector<std::string> parse_command(const Instruction& instruction,
                                       const ContainerConfig& config) {
  if (auto words = parse_exec_form(instruction.rest)) return *words;
  if (instruction.rest.empty()) return {};
  std::vector<std::string> words = config.shell;
  if (words.empty()) words = {"/bin/sh", "-c"};
  words.emplace_back(instruction.rest);
  return words;
}

void merge_sorted(std::vector<std::string>& into, const std::vector<std::string>& more) {
  into.insert(into.end(), more.begin(), more.end());
  std::ranges::sort(into);
  into.erase(std::unique(into.begin(), into.end()), into.end());
}

void add_volumes(const Instruction& instruction, const Variables& variables,
                 ContainerConfig& config) {
  std::vector<std::string> volumes;
  if (const auto words = parse_exec_form(instruction.rest)) {
    for (const std::string& word : *words) volumes.push_back(expand_word(word, word, variables));
  } else {
    for (const std::string_view word : split_words(instruction.rest)) {
      volumes.push_back(expand_word(instruction.line, word, variables));
    }
  }
  if (volumes.empty()) instruction.fail("needs a path", instruction.rest);
  if (std::ranges::find(volumes, "") != volumes.end()) {
    instruction.fail("a path is empty", instruction.rest);
  }
  merge_sorted(config.volumes, volumes);
}

// As text alone: what is there is the container's business.
std::string clean_path(std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start < path.size();) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view part = path.substr(start, end - start);
    start = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  std::string clean;
  for (const std::string_view part : parts) clean.append("/").append(part);
  return clean.empty() ? "/" : clean;
}

void add_on_build(const Instruction& instruction, ContainerConfig& config) {
  const Instruction inner = parse_instruction(instruction.rest);
  if (inner.keyword.empty()) instruction.fail("needs an instruction", instruction.rest);
  if (inner.keyword == "ONBUILD") {
    instruction.fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", instruction.rest);
  }
  if (inner.keyword == "FROM" || inner.keyword == "MAINTAINER") {
    instruction.fail(sys::format("{} isn't allowed as an ONBUILD trigger", inner.keyword),
                     instruction.rest);
  }
  config.on_build.emplace_back(instruction.rest);
}

struct Applier {
  ContainerConfig& config;
  bool has_command = false;

  void apply(const std::string& line) {
    const Instruction instruction = parse_instruction(line);
    const std::vector<std::string> env = config.env;
    const Variables variables = [&env](std::string_view name) { return variable_in(env, name); };
    const std::string& keyword = instruction.keyword;
    if (keyword == "CMD") {
      config.cmd = parse_command(instruction, config);
      has_command = true;
    } else if (keyword == "ENTRYPOINT") {
      config.entrypoint = parse_command(instruction, config);
      if (!has_command) config.cmd.clear();
    } else if (keyword == "ENV") {
      for (const auto& [name, value] : parse_pairs(instruction, variables)) {
        set_variable(config.env, name, value);
      }
    } else if (keyword == "LABEL") {
      for (const auto& [name, value] : parse_pairs(instruction, variables)) {
        config.labels[name] = value;
      }
    } else if (keyword == "EXPOSE") {
      merge_sorted(config.exposed_ports, parse_ports(instruction, variables));
    } else if (keyword == "VOLUME") {
      add_volumes(instruction, variables, config);
    } else if (keyword == "USER") {
      config.user = parse_one(instruction, variables);
    } else if (keyword == "WORKDIR") {
      const std::string path = parse_one(instruction, variables);
      config.working_dir =
          clean_path(path.starts_with('/') ? path : config.working_dir + "/" + path);
    } else if (keyword == "STOPSIGNAL") {
      std::string signal = parse_one(instruction, variables);
      if (!is_signal(signal)) {
        instruction.fail("no signal (SIGTERM, SIGRTMIN+3, 9)", instruction.rest);
      }
      config.stop_signal = std::move(signal);
    } else if (keyword == "HEALTHCHECK") {
      config.healthcheck = parse_healthcheck(instruction);
    } else if (keyword == "ONBUILD") {
      add_on_build(instruction, config);
    } else if (std::ranges::find(kOnlyInBuilds, keyword) != std::end(kOnlyInBuilds)) {
      instruction.fail("is not a valid change command: it needs a build", instruction.line);
    } else {
      Instruction unknown = instruction;
      unknown.keyword = "unknown instruction";
      unknown.fail(quote_for_message(keyword), instruction.line);
    }
  }
};

}  // namespace

void apply_changes(const std::vector<std::string>& changes, ContainerConfig& config) {
  ContainerConfig changed = config;
  Applier applier{changed};
  for (const std::string& change : changes) {
    for (const std::string& line : split_lines(change)) applier.apply(line);
  }
  config = std::move(changed);
}

void set_variable(std::vector<std::string>& env, const std::string& name,
                  const std::string& value) {
  std::string entry = name + "=" + value;
  for (std::string& present : env) {
    if (present.size() <= name.size() || !present.starts_with(name + "=")) continue;
    present = std::move(entry);
    return;
  }
  env.push_back(std::move(entry));
}

}  // namespace config
