// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/command_line.h"

#include <optional>
#include <string_view>

#include "runtime/commands/grammar.h"
#include "runtime/commands/verbs.h"
#include "sys/format.h"

#ifndef TILLA_COMMIT
#define TILLA_COMMIT ""
#endif

namespace runtime {
namespace {

constexpr int kUnknownVerbExitCode = 3;  // runc's

std::string version_text() {
  return "tilla-runtime version " TILLA_VERSION "\ncommit: " TILLA_COMMIT
         "\nspec: 1.3.0\n+SECCOMP +CAP\n";
}

std::string global_help(const Grammar& grammar) {
  std::string text = grammar.help();
  text += "\nCommands:\n";
  text += list_verbs();
  text += "  help        show this help, or that of a command\n";
  return text;
}

void add_global_options(Grammar& grammar, GlobalOptions& options, bool& wants_version) {
  grammar.text("--root", options.root, "Directory for the containers' state");
  grammar.text("--log", options.log, "File for the log (default: standard error)");
  grammar.text("--log-format", options.log_format, "text or json (default: text)");
  grammar.flag("--debug", options.debug, "Log more");
  grammar.flag("--systemd-cgroup", options.systemd_cgroup, "Let systemd make the cgroups");
  grammar.text("--rootless", options.rootless,
               "Ignore cgroup permission errors: true, false or auto (default: auto)");
  grammar.text("--cgroup-manager", options.cgroup_manager, "cgroupfs, systemd or disabled");
  grammar.text("--cgroups", options.cgroups,
               "Limits that can't be enforced: strict, best-effort or disabled");
  grammar.ignored_texts({"--criu"});
  grammar.flag("-v,--version", wants_version, "Print the version");
}

/// Puts the words of `options` into one form. Returns the complaint about the first wrong one.
std::optional<std::string> normalise(GlobalOptions& options) {
  if (options.log_format != "text" && options.log_format != "json") {
    std::string complaint = invalid_value(options.log_format, "--log-format");
    options.log_format = "text";  // so that the complaint itself can be logged
    return complaint;
  }
  // The words of Go's strconv.ParseBool.
  for (const char* word : {"1", "t", "T", "TRUE", "True"}) {
    if (options.rootless == word) options.rootless = "true";
  }
  for (const char* word : {"0", "f", "F", "FALSE", "False"}) {
    if (options.rootless == word) options.rootless = "false";
  }
  if (options.rootless.empty()) options.rootless = "auto";
  if (options.rootless != "auto" && options.rootless != "true" && options.rootless != "false") {
    return invalid_value(options.rootless, "--rootless");
  }
  const std::string& manager = options.cgroup_manager;
  if (!manager.empty() && manager != "cgroupfs" && manager != "systemd" && manager != "disabled") {
    return invalid_value(manager, "--cgroup-manager");
  }
  const std::string& cgroups = options.cgroups;
  if (!cgroups.empty() && cgroups != "strict" && cgroups != "best-effort" &&
      cgroups != "disabled") {
    return invalid_value(cgroups, "--cgroups");
  }
  return std::nullopt;
}

Command parse_command(Words words, const Grammar& global) {
  if (words.empty()) return Finished{.text = global_help(global)};
  std::vector<std::string> rest(words.begin() + 1, words.end());
  std::string_view name = words.front();
  if (name == "help" || name == "h") {
    if (rest.empty()) return Finished{.text = global_help(global)};
    name = words[1];
    rest = {"--help"};
  }
  if (auto command = parse_verb(name, rest)) return std::move(*command);
  return Finished{.text = sys::format("No help topic for '{}'", name),
                  .exit_code = kUnknownVerbExitCode};
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& words) {
  CommandLine line;
  bool wants_version = false;
  Grammar grammar("", "OCI runtime that needs no root");
  add_global_options(grammar, line.global, wants_version);
  const auto rest = grammar.read(words, {}, OptionPlace::kBeforeWords);
  if (!rest) {
    line.command = grammar.finished();
    Finished& finished = std::get<Finished>(line.command);
    if (!finished.is_error()) finished.text = global_help(grammar);
    return line;
  }
  if (const auto complaint = normalise(line.global)) {
    line.command = grammar.refuse(*complaint);
  } else if (wants_version) {
    line.command = Finished{.text = version_text()};
  } else {
    line.command = parse_command(*rest, grammar);
  }
  return line;
}

}  // namespace runtime
