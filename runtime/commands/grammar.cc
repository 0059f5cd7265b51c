// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/grammar.h"

#include <algorithm>
#include <array>

#include "sys/format.h"

namespace runtime {

std::string invalid_value(std::string_view value, std::string_view option) {
  return sys::format("invalid value \"{}\" for flag {}", value, option);
}

void Grammar::add(std::string_view names, Target target, const char* help) {
  const size_t comma = names.find(',');
  const std::string_view short_name =
      comma == std::string_view::npos ? "" : names.substr(1, comma - 1);
  const std::string_view long_name =
      comma == std::string_view::npos ? names : names.substr(comma + 1);
  options_.push_back({short_name, long_name.substr(2), target, help});
}

const Grammar::Option* Grammar::find(std::string_view name) const {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const Option& option) {
    return option.long_name == name || (!name.empty() && option.short_name == name);
  });
  return found == options_.end() ? nullptr : &*found;
}

std::string Grammar::help() const {
  std::string usage = sys::format("tilla-runtime{}{}", *name_ == '\0' ? "" : " ", name_);
  std::string text = sys::format("{}\n\nUsage: {} [OPTIONS]", summary_, usage);
  for (const ShownWord& word : shown_words_) text += sys::format(" {}", word.name);
  text += "\n";
  if (!shown_words_.empty()) text += "\nWords:\n";
  for (const ShownWord& word : shown_words_) {
    text += sys::format("  {:<28} {}\n", word.name, word.help);
  }
  text += "\nOptions:\n";
  text += sys::format("  {:<28} {}\n", "-h,--help", "Show this help");
  for (const Option& option : options_) {
    std::string names = option.short_name.empty() ? "" : sys::format("-{},", option.short_name);
    names += sys::format("--{}", option.long_name);
    if (!std::holds_alternative<bool*>(option.target)) names += " VALUE";
    text += sys::format("  {:<28} {}\n", names, option.help);
  }
  return text;
}

// Go's flags take "--flag=false"; the words are those of its strconv.ParseBool.
bool Grammar::read_flag(bool& target, const Option& option, std::optional<std::string_view> value) {
  constexpr std::array kTrue = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::array kFalse = {"0", "f", "F", "false", "FALSE", "False"};
  if (!value || std::find(kTrue.begin(), kTrue.end(), *value) != kTrue.end()) {
    target = true;
  } else if (std::find(kFalse.begin(), kFalse.end(), *value) != kFalse.end()) {
    target = false;
  } else {
    return fail(invalid_value(*value, sys::format("--{}", option.long_name)));
  }
  return true;
}

bool Grammar::read_value(const Option& option, const std::string& value) {
  if (auto* const* text = std::get_if<std::string*>(&option.target)) {
    **text = value;
  } else if (auto* const* texts = std::get_if<std::vector<std::string>*>(&option.target)) {
    (*texts)->push_back(value);
  } else {
    const auto number = parse_number<unsigned>(value);
    if (!number) return fail(invalid_value(value, sys::format("--{}", option.long_name)));
    *std::get<unsigned*>(option.target) = *number;
  }
  return true;
}

bool Grammar::read_option(Words words, size_t& index) {
  const std::string_view word = words[index];
  const size_t start = word.starts_with("--") ? 2 : 1;
  const size_t equals = std::min(word.find('='), word.size());
  const std::string_view name = word.substr(start, equals - start);
  std::optional<std::string_view> value;
  if (equals < word.size()) value = word.substr(equals + 1);
  if (name == "help" || name == "h") {
    finished_ = {.text = help()};
    return false;
  }
  const Option* option = find(name);
  if (option == nullptr) return fail(sys::format("flag provided but not defined: -{}", name));
  if (auto* const* flag = std::get_if<bool*>(&option->target)) {
    return read_flag(**flag, *option, value);
  }
  if (value) return read_value(*option, std::string(*value));
  if (index + 1 == words.size()) return fail(sys::format("flag needs an argument: -{}", name));
  return read_value(*option, words[++index]);
}

bool Grammar::sort(Words words, OptionPlace place) {
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool is_option = word.size() > 1 && word[0] == '-';
    if (word == "--" || (!is_option && place == OptionPlace::kBeforeWords)) {
      const size_t first = word == "--" ? i + 1 : i;
      words_.insert(words_.end(), words.begin() + static_cast<std::ptrdiff_t>(first), words.end());
      return true;
    }
    if (!is_option) {
      words_.push_back(word);
    } else if (!read_option(words, i)) {
      return false;
    }
  }
  return true;
}

bool Grammar::check_count(WordCount count) {
  if (words_.size() >= count.least && words_.size() <= count.most) return true;
  if (count.least == count.most) {
    return fail(sys::format("\"{}\" requires exactly {} argument(s)", name_, count.least));
  }
  const bool is_few = words_.size() < count.least;
  return fail(sys::format("\"{}\" requires a {} of {} argument(s)", name_,
                          is_few ? "minimum" : "maximum", is_few ? count.least : count.most));
}

std::optional<std::vector<std::string>> Grammar::read(Words words, WordCount count,
                                                      OptionPlace place) {
  if (!sort(words, place) || !check_count(count)) return std::nullopt;
  return std::move(words_);
}

}  // namespace runtime
