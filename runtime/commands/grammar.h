// SPDX-License-Identifier: Apache-2.0
// The grammar of a verb's words: a table of its options, and Go's rules for telling an option from
// a word of the container's. Knows no verb.
#pragma once

#include <charconv>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/commands/command_line.h"

namespace runtime {

using Words = std::span<const std::string>;

/// Whether options may stand among the other words.
enum class OptionPlace { kAnywhere, kBeforeWords };

struct WordCount {
  size_t least = 0;
  size_t most = std::numeric_limits<size_t>::max();
};

/// Digits alone, in range.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The complaint about an option's value.
std::string invalid_value(std::string_view value, std::string_view option);

/// The options of one verb, or the global ones. A table of our own: a library for this costs every
/// start of a container 0.1 ms, and Go's rules would still have to be written beside it.
class Grammar {
 public:
  Grammar(const char* name, const char* summary) : name_(name), summary_(summary) {
    options_.reserve(20);
  }

  /// names: "-b,--bundle" or "--bundle". The last one given counts.
  void flag(const char* names, bool& target, const char* help) { add(names, &target, help); }
  void text(const char* names, std::string& target, const char* help) { add(names, &target, help); }
  /// May be given many times, with one value each.
  void texts(const char* names, std::vector<std::string>& target, const char* help) {
    add(names, &target, help);
  }
  /// Digits alone.
  void number(const char* names, unsigned& target, const char* help) { add(names, &target, help); }
  /// A word that help shows; read() returns those that were given.
  void word(const char* name, const char* help) { shown_words_.push_back({name, help}); }
  /// Accepted and forgotten.
  void ignored_flags(std::initializer_list<const char*> names) {
    for (const char* each : names) flag(each, ignored_flag_, "Not supported yet");
  }
  void ignored_texts(std::initializer_list<const char*> names) {
    for (const char* each : names) text(each, ignored_text_, "Not supported yet");
  }

  /// The words that are no options; empty when finished() says why there is nothing to do.
  std::optional<std::vector<std::string>> read(Words words, WordCount count,
                                               OptionPlace place = OptionPlace::kAnywhere);
  Finished finished() const { return finished_; }
  std::string help() const;
  /// Makes a value that read well a usage error after all.
  Finished refuse(std::string message) const {
    return {.text = std::move(message), .exit_code = 1};
  }

 private:
  using Target = std::variant<bool*, std::string*, std::vector<std::string>*, unsigned*>;
  struct Option {
    std::string_view short_name, long_name;  // without dashes
    Target target;
    const char* help;
  };
  struct ShownWord {
    const char* name;
    const char* help;
  };

  void add(std::string_view names, Target target, const char* help);
  const Option* find(std::string_view name) const;
  /// Reads `words`; false when finished_ is set.
  bool sort(Words words, OptionPlace place);
  bool read_option(Words words, size_t& index);
  bool read_flag(bool& target, const Option& option, std::optional<std::string_view> value);
  bool read_value(const Option& option, const std::string& value);
  bool check_count(WordCount count);
  bool fail(std::string message) {
    finished_ = refuse(std::move(message));
    return false;
  }

  const char* name_;
  const char* summary_;
  Finished finished_;
  std::vector<Option> options_;
  std::vector<ShownWord> shown_words_;
  std::vector<std::string> words_;
  std::string ignored_text_;
  bool ignored_flag_ = false;
};

}  // namespace runtime
