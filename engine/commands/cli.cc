// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/cli.h"

#include <algorithm>
#include <numeric>

#include "engine/commands/flags.h"
#include "sys/fd.h"
#include "sys/format.h"

namespace engine {
namespace {

constexpr std::string_view kGlobalUsage =
    "Usage:  tilla [OPTIONS] COMMAND\n\nContainers without root: images, layers and snapshots\n";

std::string see_help(std::string_view verb) {
  return sys::format("See 'tilla{}{} --help'.", verb.empty() ? "" : " ", verb);
}

[[noreturn]] void fail(std::string_view verb, std::string problem) {
  throw UsageError(std::move(problem), 0, see_help(verb));
}

// ---------------------------------------------------------------------------- help

std::string flag_help(const std::vector<Flag>& flags) {
  std::vector<std::pair<std::string, std::string_view>> lines;
  for (const Flag& flag : flags) {
    if (flag.is_hidden) continue;
    std::string left(flag.names);
    if (left.starts_with("--")) {
      left = "    " + left;
    } else if (const std::size_t comma = left.find(','); comma != std::string::npos) {
      left.insert(comma + 1, " ");
    }
    if (!std::holds_alternative<bool*>(flag.target)) left += sys::format(" {}", flag.value);
    lines.emplace_back(std::move(left), flag.text);
  }
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.first.size());
  std::string text;
  for (const auto& [left, right] : lines) {
    text += sys::format("  {:<{}}   {}\n", left, width, right);
  }
  return text;
}

std::string verb_help(std::string_view name, const Command& command, std::span<const Verb> verbs) {
  std::string text = sys::format("Usage:  tilla {}{}{}\n\n{}\n", name,
                                 command.usage.empty() ? "" : " ", command.usage, command.summary);
  if (!command.text.empty()) text += sys::format("\n{}\n", command.text);
  std::string aliases;
  int count = 0;
  const auto self =
      std::find_if(verbs.begin(), verbs.end(), [&](const Verb& verb) { return verb.name == name; });
  for (const Verb& verb : verbs) {
    if (self == verbs.end() || verb.make != self->make) continue;
    aliases += sys::format("{}tilla {}", count++ == 0 ? "  " : ", ", verb.name);
  }
  if (count > 1) text += sys::format("\nAliases:\n{}\n", aliases);
  const std::string flags = flag_help(command.flags);
  if (!flags.empty()) text += sys::format("\nOptions:\n{}", flags);
  return text;
}

/// The verbs below `group` (empty: all), with their summaries.
std::string verb_list(std::string_view group, std::span<const Verb> verbs) {
  std::size_t width = 0;
  for (const Verb& verb : verbs) width = std::max(width, verb.name.size());
  std::string text;
  for (const Verb& verb : verbs) {
    const bool is_below = verb.name.size() > group.size() && verb.name.starts_with(group) &&
                          verb.name[group.size()] == ' ';
    if (group.empty() ? verb.is_internal || !verb.alias_of.empty() : !is_below) continue;
    text += sys::format("  {:<{}}   {}\n", verb.name, width, verb.make().summary);
  }
  return text;
}

// ---------------------------------------------------------------------------- unknown words

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j + 1] + 1, row[j] + 1, replaced});
    }
  }
  return row.back();
}

[[noreturn]] void fail_unknown_verb(std::string_view name, std::span<const Verb> verbs) {
  const Verb* nearest = nullptr;
  std::size_t least = std::min<std::size_t>(4, name.size());  // further is no likeness
  for (const Verb& verb : verbs) {
    const std::size_t far = distance(name.substr(0, 64), verb.name);
    if (far < least) {
      least = far;
      nearest = &verb;
    }
  }
  const std::string text = sys::format("\"{}\" is no command of tilla", name);
  fail("",
       nearest == nullptr ? text : sys::format("{}; did you mean \"{}\"?", text, nearest->name));
}

/// Takes the flags out of `words`; gives what isn't one.
std::vector<std::string> take_flags(std::string_view verb, const std::vector<Flag>& flags,
                                    bool ends_at_positional,
                                    const std::vector<std::string>& words) {
  try {
    return parse_flags(flags, ends_at_positional, words);
  } catch (const UsageError& problem) {  // gets where to look
    fail(verb, problem.what());
  }
}

void bind_positionals(std::string_view verb, const Command& command,
                      std::vector<std::string> words) {
  const auto fail_count = [&](std::string_view how, std::size_t count) {
    fail(verb, sys::format("\"tilla {}\" requires {} {} argument{}", verb, how, count,
                           count == 1 ? "" : "s"));
  };
  std::size_t least = 0;
  bool is_list = false;
  for (const Positional& each : command.positionals) {
    least += each.is_optional ? 0 : 1;
    is_list = is_list || std::holds_alternative<std::vector<std::string>*>(each.target);
  }
  const std::size_t most = command.positionals.size();
  if (words.size() < least) fail_count(is_list || least < most ? "at least" : "exactly", least);
  if (!is_list && words.size() > most) {
    if (most == 0) fail(verb, sys::format("\"tilla {}\" accepts no arguments", verb));
    fail_count(least < most ? "at most" : "exactly", most);
  }
  std::size_t next = 0;
  for (const Positional& each : command.positionals) {
    if (next == words.size()) break;
    if (auto* const* list = std::get_if<std::vector<std::string>*>(&each.target)) {
      for (; next < words.size(); ++next) (*list)->push_back(std::move(words[next]));
    } else {
      *std::get<std::string*>(each.target) = std::move(words[next++]);
    }
  }
}

// ---------------------------------------------------------------------------- the whole line

struct Found {
  const Verb* verb = nullptr;
  std::size_t words = 0;  // of its name
  bool is_group = false;
};

Found find_verb(const std::vector<std::string>& words, std::span<const Verb> verbs) {
  Found found;
  const std::string two = words.size() > 1 ? words[0] + " " + words[1] : "";
  for (const Verb& verb : verbs) {
    if (verb.name == two) return {&verb, 2, false};
    if (verb.name == words[0]) found = {&verb, 1, false};
    if (verb.name.starts_with(words[0] + " ")) found.is_group = true;
  }
  return found;
}

bool is_help(const std::string& word) { return word == "--help" || word == "-h"; }

/// --help counts wherever flags do.
bool asks_for_help(const Command& command, std::span<const std::string> words) {
  const bool has_own_h =
      std::any_of(command.flags.begin(), command.flags.end(),
                  [](const Flag& flag) { return flag.names.starts_with("-h,"); });
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "--help" || (word == "-h" && !has_own_h)) return true;
    if (command.flags_end_at_positional && !word.starts_with('-')) return false;
  }
  return false;
}

std::string global_help(const std::vector<Flag>& flags, std::span<const Verb> verbs) {
  return sys::format(
      "{}\nCommands:\n{}\nOptions:\n{}\nRun 'tilla COMMAND --help' for more on a command.\n",
      kGlobalUsage, verb_list("", verbs), flag_help(flags));
}

}  // namespace

Parsed parse_command_line(const std::vector<std::string>& all, std::span<const Verb> verbs) {
  Parsed parsed;
  bool version = false, help = false;
  const std::vector<Flag> global = {
      {"--root", &parsed.global.root, "Where the store is", "directory"},
      {"-D,--debug", &parsed.global.debug, "Say what is done"},
      {"--log-level", &parsed.global.log_level, "debug, info, warn, error or fatal", "level"},
      {"-v,--version", &version, "Show the version"},
      {"-h,--help", &help, "Show this"},
  };
  std::vector<std::string> words = take_flags("", global, true, all);
  if (version) {
    parsed.text = "tilla version " TILLA_VERSION "\n";
    return parsed;
  }
  if (!words.empty() && words[0] == "help") {  // `tilla help VERB`
    words.erase(words.begin());
    help = true;
  }
  if (words.empty()) {
    parsed.text = global_help(global, verbs);
    return parsed;
  }
  const Found found = find_verb(words, verbs);
  if (found.verb == nullptr) {
    const bool wants_group = found.is_group && (words.size() == 1 || is_help(words[1]));
    if (!wants_group) {
      fail_unknown_verb(found.is_group ? words[0] + " " + words[1] : words[0], verbs);
    }
    parsed.text = sys::format("Usage:  tilla {} COMMAND\n\nCommands:\n{}", words[0],
                              verb_list(words[0], verbs));
    return parsed;
  }
  parsed.verb = found.verb->name;
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(found.words));
  Command command = found.verb->make();
  if (help || asks_for_help(command, words)) {
    parsed.text = verb_help(parsed.verb, command, verbs);
    return parsed;
  }
  bind_positionals(parsed.verb, command,
                   take_flags(parsed.verb, command.flags, command.flags_end_at_positional, words));
  parsed.command = std::move(command);
  return parsed;
}

void print(std::string_view text) {
  sys::in_context("standard output", [&] { sys::write_all(1, text); });
}

}  // namespace engine
