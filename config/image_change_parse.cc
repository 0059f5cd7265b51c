// SPDX-License-Identifier: Apache-2.0
#include "config/image_change_parse.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "config/caret.h"
#include "config/go_duration.h"
#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kBlanks);
  if (start == text.npos) return text.substr(text.size());
  return text.substr(start, text.find_last_not_of(kBlanks) + 1 - start);
}

template <typename T>
bool parse_number(std::string_view text, T& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, number);
  return !text.empty() && code == std::errc() && stop == end;
}

}  // namespace

void Instruction::fail(std::string_view problem, std::string_view part) const {
  const auto at = static_cast<std::size_t>(part.data() - line.data());
  throw sys::Error(sys::format("{}: {}{}", keyword, problem, point_at(line, at)), EINVAL);
}

Instruction parse_instruction(std::string_view line) {
  Instruction instruction;
  instruction.line = line;
  const std::string_view text = trim(line);
  const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
  for (const char c : text.substr(0, end)) {
    instruction.keyword += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  instruction.rest = trim(text.substr(end));
  return instruction;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view part = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (trim(part).starts_with('#')) continue;
    const std::size_t last = part.find_last_not_of(" \t\r");
    if (last != part.npos && part[last] == '\\' && !text.empty()) {
      line += part.substr(0, last);
      continue;
    }
    line += part;
    if (!trim(line).empty()) lines.push_back(line);
    line.clear();
  }
  if (!trim(line).empty()) lines.push_back(line);
  return lines;
}

std::vector<std::pair<std::string, std::string>> parse_pairs(const Instruction& instruction,
                                                             const Variables& variables) {
  const std::string_view rest = instruction.rest;
  const std::string_view line = instruction.line;
  const std::vector<std::string_view> words = split_words(rest);
  if (words.empty()) instruction.fail("at least one NAME=VALUE is needed", rest);
  std::vector<std::pair<std::string, std::string>> pairs;
  if (words[0].find('=') == std::string_view::npos) {
    const std::size_t end = std::min(rest.find_first_of(kBlanks), rest.size());
    const std::string_view value = trim(rest.substr(end));
    if (value.empty()) instruction.fail("a value is missing (NAME=VALUE)", value);
    pairs.emplace_back(expand_word(line, rest.substr(0, end), variables),
                       expand_word(line, value, variables));
  }
  for (const std::string_view word : words) {
    if (words[0].find('=') == std::string_view::npos) break;
    const std::size_t equals = word.find('=');
    if (equals == word.npos) {
      instruction.fail("no \"=\" in this word (NAME=VALUE, with quotes around blanks)", word);
    }
    pairs.emplace_back(expand_word(line, word.substr(0, equals), variables),
                       expand_word(line, word.substr(equals + 1), variables));
    if (pairs.back().first.empty()) instruction.fail("a name is missing before \"=\"", word);
  }
  return pairs;
}

std::string parse_one(const Instruction& instruction, const Variables& variables) {
  if (instruction.rest.empty()) instruction.fail("needs an argument", instruction.rest);
  std::string word = expand_word(instruction.line, instruction.rest, variables);
  if (word.empty()) instruction.fail("the argument is empty", instruction.rest);
  return word;
}

namespace {

void add_ports(const Instruction& instruction, std::string_view word, std::string_view spec,
               std::vector<std::string>& ports) {
  const std::size_t slash = spec.find('/');
  std::string protocol = slash == spec.npos ? "tcp" : std::string(spec.substr(slash + 1));
  for (char& c : protocol) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") {
    instruction.fail("a port is PORT[-PORT][/tcp|/udp|/sctp]", word);
  }
  const std::string_view range = spec.substr(0, slash);
  const std::size_t hyphen = range.find('-');
  std::uint16_t first = 0;
  bool is_range = parse_number(range.substr(0, hyphen), first);
  std::uint16_t last = first;
  if (hyphen != range.npos) is_range = parse_number(range.substr(hyphen + 1), last) && is_range;
  if (!is_range || last < first) {
    instruction.fail("a port is PORT[-PORT][/tcp|/udp|/sctp], each at most 65535", word);
  }
  for (unsigned port = first; port <= last; ++port) {
    ports.push_back(sys::format("{}/{}", port, protocol));
  }
}

}  // namespace

std::vector<std::string> parse_ports(const Instruction& instruction, const Variables& variables) {
  constexpr std::size_t kMost = 65'536 * 3;
  const std::vector<std::string_view> words = split_words(instruction.rest);
  if (words.empty()) instruction.fail("needs a port", instruction.rest);
  std::vector<std::string> ports;
  for (const std::string_view word : words) {
    const std::string expanded = expand_word(instruction.line, word, variables);
    // A variable may hold several.
    for (const std::string_view spec : split_words(expanded)) {
      add_ports(instruction, word, spec, ports);
      if (ports.size() > kMost) instruction.fail("more ports than there are", word);
    }
  }
  return ports;
}

namespace {

std::int64_t parse_span(const Instruction& instruction, std::string_view word,
                        std::string_view value) {
  const auto span = parse_duration(value);
  if (!span) instruction.fail("no duration (30s, 1m30s, 500ms)", word);
  if (span->count() == 0) return 0;
  if (*span < std::chrono::milliseconds(1)) {
    instruction.fail("cannot be less than 1ms", word);
  }
  return span->count();
}

void read_flag(const Instruction& instruction, std::string_view word, Healthcheck& target) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = equals == word.npos ? "" : word.substr(equals + 1);
  if (name == "--interval") {
    target.interval = parse_span(instruction, word, value);
  } else if (name == "--timeout") {
    target.timeout = parse_span(instruction, word, value);
  } else if (name == "--start-period") {
    target.start_period = parse_span(instruction, word, value);
  } else if (name == "--start-interval") {
    target.start_interval = parse_span(instruction, word, value);
  } else if (name == "--retries") {
    std::int32_t retries = 0;
    if (!parse_number(value, retries) || retries < 0) {
      instruction.fail("--retries needs a number that is not negative", word);
    }
    target.retries = retries;
  } else {
    instruction.fail(
        "unknown flag; there are --interval, --timeout, --start-period, --start-interval and "
        "--retries",
        word);
  }
}

}  // namespace

Healthcheck parse_healthcheck(const Instruction& instruction) {
  Healthcheck healthcheck;
  std::string_view rest = instruction.rest;
  bool has_flags = false;
  while (rest.starts_with("--")) {
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    read_flag(instruction, word, healthcheck);
    has_flags = true;
    rest = trim(rest.substr(word.size()));
  }
  const Instruction inner = parse_instruction(rest);
  if (inner.keyword == "NONE") {
    if (has_flags || !inner.rest.empty()) {
      instruction.fail("NONE stands alone", rest);
    }
    healthcheck.test = {"NONE"};
    return healthcheck;
  }
  if (inner.keyword != "CMD") instruction.fail("needs NONE, or CMD and a command", rest);
  if (inner.rest.empty()) instruction.fail("a command is missing after CMD", inner.rest);
  if (auto words = parse_exec_form(inner.rest)) {
    if (words->empty()) instruction.fail("the command is empty", inner.rest);
    healthcheck.test = std::move(*words);
    healthcheck.test.insert(healthcheck.test.begin(), "CMD");
  } else {
    healthcheck.test = {"CMD-SHELL", std::string(inner.rest)};
  }
  return healthcheck;
}

bool is_signal(std::string_view text) {
  constexpr int kLast = 64;
  int number = 0;
  if (parse_number(text, number)) return number >= 1 && number <= kLast;
  if (text.starts_with("SIG")) text.remove_prefix(3);
  for (int i = 1; i < 32; ++i) {
    const char* const name = sigabbrev_np(i);
    if (name != nullptr && text == name) return true;
  }
  if (text == "RTMIN" || text == "RTMAX" || text == "IOT" || text == "CLD") return true;
  const bool is_above = text.starts_with("RTMIN+");
  if (!is_above && !text.starts_with("RTMAX-")) return false;
  return parse_number(text.substr(6), number) && number >= 0 && number <= (is_above ? 15 : 14);
}

}  // namespace config
