// SPDX-License-Identifier: Apache-2.0
#include "config/shell_words.h"

#include <algorithm>
#include <cerrno>

#include "config/caret.h"
#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kMaxResult = std::size_t{1} << 20;
constexpr int kMaxDepth = 20;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }
// Of a shell's own variables, $1 or $?, none is ever set here.
bool is_special(char c) { return std::string_view("@*#?-$!0").find(c) != std::string_view::npos; }

class Expander {
 public:
  Expander(std::string_view line, std::string_view word, const Variables& variables)
      : line_(line), word_(word), variables_(variables) {}

  std::string run() { return expand_until('\0', 0); }

 private:
  bool is_end() const { return at_ >= word_.size(); }

  [[noreturn]] void fail(std::string_view problem, std::size_t at) const {
    const auto offset = static_cast<std::size_t>(word_.data() - line_.data()) + at;
    throw sys::Error(sys::format("{}{}", problem, point_at(line_, offset)), EINVAL);
  }

  void append(std::string& to, std::string_view text) const {
    if (to.size() + text.size() > kMaxResult) {
      fail(sys::format("more than {} bytes", kMaxResult), at_);
    }
    to += text;
  }

  std::string expand_until(char stop, int depth) {
    if (depth > kMaxDepth) fail("nested too deep", at_);
    std::string result;
    while (!is_end()) {
      const char c = word_[at_];
      if (stop != '\0' && c == stop) return result;
      if (c == '\'') {
        append(result, take_single_quoted());
      } else if (c == '"') {
        append(result, take_double_quoted(depth));
      } else if (c == '$') {
        append(result, take_variable(depth));
      } else if (c == '\\') {
        if (++at_ == word_.size()) break;  // docker drops one at the end
        append(result, word_.substr(at_++, 1));
      } else {
        append(result, word_.substr(at_++, 1));
      }
    }
    return result;
  }

  std::string_view take_single_quoted() {
    const std::size_t start = at_++;
    const std::size_t end = word_.find('\'', at_);
    if (end == word_.npos) fail("a quote (') without its end", start);
    const std::string_view text = word_.substr(at_, end - at_);
    at_ = end + 1;
    return text;
  }

  std::string take_double_quoted(int depth) {
    const std::size_t start = at_++;
    std::string result;
    for (;;) {
      if (is_end()) fail("a quote (\") without its end", start);
      const char c = word_[at_];
      if (c == '"') {
        ++at_;
        return result;
      }
      if (c == '$') {
        append(result, take_variable(depth));
        continue;
      }
      if (c == '\\' && at_ + 1 < word_.size() &&
          std::string_view("\"$\\").find(word_[at_ + 1]) != std::string_view::npos) {
        ++at_;
      }
      append(result, word_.substr(at_++, 1));
    }
  }

  std::string value_of(std::string_view name) const {
    return variables_(name).value_or(std::string());
  }

  std::string_view take_name() {
    const std::size_t start = at_;
    if (!is_end() && is_name_start(word_[at_])) {
      while (!is_end() && is_name(word_[at_])) ++at_;
    } else if (!is_end() && is_digit(word_[at_])) {
      while (!is_end() && is_digit(word_[at_])) ++at_;
    } else if (!is_end() && is_special(word_[at_])) {
      ++at_;
    }
    return word_.substr(start, at_ - start);
  }

  std::string take_variable(int depth) {
    const std::size_t start = at_++;
    if (is_end() || word_[at_] != '{') {
      const std::string_view name = take_name();
      return name.empty() ? "$" : value_of(name);
    }
    ++at_;
    const std::string_view name = take_name();
    if (name.empty()) fail("a variable's name is missing", at_);
    if (is_end()) fail("a brace ({) without its end", start);
    const std::optional<std::string> value = variables_(name);
    const bool needs_text = word_[at_] == ':';
    if (needs_text) ++at_;
    if (is_end()) fail("a brace ({) without its end", start);
    const char operation = word_[at_];
    if (operation == '}' && !needs_text) {
      ++at_;
      return value.value_or(std::string());
    }
    if (std::string_view("+-?").find(operation) == std::string_view::npos) {
      fail("after a variable's name: }, -word, +word or ?message, with or without \":\"", at_);
    }
    ++at_;
    const std::string other = expand_until('}', depth + 1);
    if (is_end()) fail("a brace ({) without its end", start);
    ++at_;
    const bool is_there = value && !(needs_text && value->empty());
    if (operation == '+') return is_there ? other : std::string();
    if (!is_there && operation == '?') {
      fail(sys::format("{}: {}", name, other.empty() ? "not set" : other), start);
    }
    return is_there ? *value : operation == '?' ? std::string() : other;
  }

  std::string_view line_, word_;
  const Variables& variables_;
  std::size_t at_ = 0;
};

}  // namespace

std::string expand_word(std::string_view line, std::string_view word, const Variables& variables) {
  return Expander(line, word, variables).run();
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t start = text.npos;
  char quote = '\0';
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == '\0' && is_blank(c)) {
      if (start != text.npos) words.push_back(text.substr(start, at - start));
      start = text.npos;
      continue;
    }
    if (start == text.npos) start = at;
    if (c == '\\' && quote != '\'') {
      if (at + 1 < text.size()) ++at;
    } else if (quote == '\0' && (c == '\'' || c == '"')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    }
  }
  if (start != text.npos) words.push_back(text.substr(start));
  return words;
}

std::optional<std::vector<std::string>> parse_exec_form(std::string_view text) {
  if (!text.starts_with('[')) return std::nullopt;
  Json json;
  try {
    json = parse_json(std::string(text), "");
  } catch (const sys::Error&) {  // a shell's words, which may begin with a bracket as well
    return std::nullopt;
  }
  const auto* elements = std::get_if<Json::Array>(&json.value);
  if (elements == nullptr) return std::nullopt;
  std::vector<std::string> words;
  for (const Json& element : *elements) {
    const auto* word = std::get_if<std::string>(&element.value);
    if (word == nullptr) return std::nullopt;
    words.push_back(*word);
  }
  return words;
}

}  // namespace config
