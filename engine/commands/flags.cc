// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/flags.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "sys/format.h"

namespace engine {
namespace {

[[noreturn]] void fail(std::string text) { throw UsageError(std::move(text)); }

std::string_view long_name(const Flag& flag) {
  const std::size_t dashes = flag.names.find("--");
  return dashes == flag.names.npos ? "" : flag.names.substr(dashes + 2);
}

/// 0: it has none.
char short_name(const Flag& flag) { return flag.names.starts_with("--") ? '\0' : flag.names[1]; }

/// "-f, --filter"
std::string both_names(const Flag& flag) {
  std::string names(flag.names);
  if (const std::size_t comma = names.find(','); comma != names.npos) names.insert(comma + 1, " ");
  return names;
}

bool is_bool(const Flag& flag) { return std::holds_alternative<bool*>(flag.target); }

bool parse_bool(const Flag& flag, const std::string& text) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == word) return false;
  }
  fail(sys::format("invalid argument \"{}\" for \"{}\" flag: neither true nor false", text,
                   both_names(flag)));
}

std::int64_t parse_integer(const Flag& flag, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  fail(sys::format("invalid argument \"{}\" for \"{}\" flag: no number", text, both_names(flag)));
}

void set(const Flag& flag, std::string value) {
  if (auto* const* target = std::get_if<bool*>(&flag.target)) {
    **target = parse_bool(flag, value);
  } else if (auto* const* text = std::get_if<std::string*>(&flag.target)) {
    **text = std::move(value);
  } else if (auto* const* optional = std::get_if<std::optional<std::string>*>(&flag.target)) {
    **optional = std::move(value);
  } else if (auto* const* number = std::get_if<std::int64_t*>(&flag.target)) {
    **number = parse_integer(flag, value);
  } else {
    std::get<std::vector<std::string>*>(flag.target)->push_back(std::move(value));
  }
}

class Words {
 public:
  Words(const std::vector<Flag>& flags, const std::vector<std::string>& words)
      : flags_(flags), words_(words) {}

  std::vector<std::string> parse(bool ends_at_positional) {
    std::vector<std::string> others;
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (word == "--") {
        ends_at_positional = true;
      } else if (word.size() > 1 && word[0] == '-') {
        word[1] == '-' ? take_long(word) : take_shorts(word);
        continue;
      } else {
        others.push_back(word);
      }
      if (ends_at_positional) break;
    }
    others.insert(others.end(), words_.begin() + static_cast<std::ptrdiff_t>(next_), words_.end());
    return others;
  }

 private:
  void take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = std::string_view(word).substr(2, equals - 2);
    if (name.empty() || name[0] == '-') fail("bad flag syntax: " + word);
    const auto flag = std::ranges::find(flags_, name, long_name);
    if (flag == flags_.end()) fail(sys::format("unknown flag: --{}", name));
    if (equals != word.npos) {
      set(*flag, word.substr(equals + 1));
    } else if (is_bool(*flag)) {
      set(*flag, "true");
    } else {
      set(*flag, take_value("flag needs an argument: --" + std::string(name)));
    }
  }

  void take_shorts(const std::string& word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const auto flag = std::ranges::find(flags_, word[i], short_name);
      const std::string rest = "-" + word.substr(i);  // which is all that pflag knows of it by now
      if (flag == flags_.end())
        fail(sys::format("unknown shorthand flag: '{}' in {}", word[i], rest));
      const bool has_equals = i + 1 < word.size() && word[i + 1] == '=';
      if (is_bool(*flag) && !has_equals) {
        set(*flag, "true");
        continue;
      }
      if (i + 1 == word.size()) {
        set(*flag, take_value(sys::format("flag needs an argument: '{}' in {}", word[i], rest)));
      } else {
        set(*flag, word.substr(i + (has_equals ? 2 : 1)));
      }
      return;
    }
  }

  /// The next word, whatever it looks like.
  std::string take_value(const std::string& otherwise) {
    if (next_ == words_.size()) fail(otherwise);
    return words_[next_++];
  }

  const std::vector<Flag>& flags_;
  const std::vector<std::string>& words_;
  std::size_t next_ = 0;
};

}  // namespace

std::vector<std::string> parse_flags(const std::vector<Flag>& flags, bool ends_at_positional,
                                     const std::vector<std::string>& words) {
  return Words(flags, words).parse(ends_at_positional);
}

}  // namespace engine
