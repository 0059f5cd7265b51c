// SPDX-License-Identifier: Apache-2.0
#include "config/template_lex.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "config/template_tree.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

using Kind = TemplateToken::Kind;
constexpr std::string_view kBlanks = " \t\r\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_name(char c) { return is_name_start(c) || is_digit(c); }
bool is_blank(char c) { return kBlanks.find(c) != kBlanks.npos; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  std::vector<TemplateToken> run() {
    bool trims = false;  // the text that follows, on its left
    while (at_ < source_.size()) {
      const std::size_t open = source_.find("{{", at_);
      std::string_view text = source_.substr(at_, open - at_);
      if (trims) text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
      const bool trims_left = open != source_.npos && source_.substr(open + 2, 1) == "-" &&
                              open + 3 < source_.size() && is_blank(source_[open + 3]);
      if (trims_left) text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
      if (!text.empty()) add(Kind::kText, at_, text.size(), std::string(text));
      if (open == source_.npos) break;
      trims = lex_action(open, open + (trims_left ? 4 : 2));
    }
    tokens_.push_back({.kind = Kind::kEnd,
                       .text = {},
                       .literal = {},
                       .at = source_.size(),
                       .end = source_.size()});
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fail(std::size_t at, std::string_view problem) const {
    fail_template(source_, at, problem);
  }

  TemplateToken& add(Kind kind, std::size_t at, std::size_t length, std::string text = {}) {
    const bool is_attached = !tokens_.empty() && tokens_.back().end == at;
    tokens_.push_back({.kind = kind,
                       .text = std::move(text),
                       .literal = {},
                       .at = at,
                       .end = at + length,
                       .is_attached = is_attached});
    return tokens_.back();
  }

  bool is_close(std::size_t at) const { return source_.substr(at, 2) == "}}"; }

  // The end of an action at `at`: its length, 0 when there is none. " -}}" trims.
  std::size_t close_length(std::size_t at, bool& trims) const {
    trims = false;
    if (is_close(at)) return 2;
    trims = source_.substr(at, 3) == "-}}" && at > 0 && is_blank(source_[at - 1]);
    return trims ? 3 : 0;
  }

  /// Whether the text after it is trimmed.
  bool lex_action(std::size_t open, std::size_t start) {
    at_ = start;
    if (source_.substr(at_, 2) == "/*") return skip_comment(open);
    add(Kind::kOpen, open, start - open);
    for (;;) {
      while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
      if (at_ >= source_.size()) fail(open, "unclosed action");
      bool trims = false;
      if (const std::size_t length = close_length(at_, trims); length != 0) {
        add(Kind::kClose, at_, length);
        at_ += length;
        return trims;
      }
      lex_token();
    }
  }

  bool skip_comment(std::size_t open) {
    const std::size_t end = source_.find("*/", at_ + 2);
    if (end == source_.npos) fail(open, "unclosed comment");
    at_ = end + 2;
    while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
    bool trims = false;
    const std::size_t length = close_length(at_, trims);
    if (length == 0) fail(open, "comment ends before closing delimiter");
    at_ += length;
    return trims;
  }

  std::size_t name_end(std::size_t at) const {
    while (at < source_.size() && is_name(source_[at])) ++at;
    return at;
  }

  void take(Kind kind, std::size_t length, std::string text = {}) {
    add(kind, at_, length, std::move(text));
    at_ += length;
  }

  void lex_token() {
    const char c = source_[at_];
    const char next = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
    if (c == '"' || c == '`' || c == '\'') return lex_quoted(c);
    if (is_digit(c) || ((c == '-' || c == '+') && is_digit(next)) || (c == '.' && is_digit(next))) {
      return lex_number();
    }
    if (c == '.' && is_name_start(next)) {
      const std::size_t end = name_end(at_ + 1);
      return take(Kind::kField, end - at_, std::string(source_.substr(at_ + 1, end - at_ - 1)));
    }
    if (c == '$') {
      const std::size_t end = name_end(at_ + 1);
      return take(Kind::kVariable, end - at_, std::string(source_.substr(at_, end - at_)));
    }
    if (is_name_start(c)) {
      const std::size_t end = name_end(at_);
      return take(Kind::kName, end - at_, std::string(source_.substr(at_, end - at_)));
    }
    if (c == ':' && next == '=') return take(Kind::kDeclare, 2);
    switch (c) {
      case '.':
        return take(Kind::kDot, 1);
      case '|':
        return take(Kind::kPipe, 1);
      case '(':
        return take(Kind::kLeft, 1);
      case ')':
        return take(Kind::kRight, 1);
      case ',':
        return take(Kind::kComma, 1);
      case '=':
        return take(Kind::kSet, 1);
      default:
        fail(at_,
             sys::format("unexpected {} in command", quote_for_message(source_.substr(at_, 1))));
    }
  }

  void lex_number() {
    std::size_t end = at_ + 1;
    while (end < source_.size() && (is_name(source_[end]) || source_[end] == '.')) ++end;
    const std::string_view text = source_.substr(at_, end - at_);
    Json number;
    try {
      number = parse_json(std::string(text.front() == '+' ? text.substr(1) : text), "");
    } catch (const sys::Error&) {  // in the words of this file
      fail(at_, sys::format("bad number syntax: {}", quote_for_message(text)));
    }
    take(Kind::kLiteral, text.size());
    tokens_.back().literal = std::move(number);
  }

  void lex_quoted(char quote) {
    const std::size_t start = at_++;
    std::string text;
    for (;; ++at_) {
      if (at_ >= source_.size() || (source_[at_] == '\n' && quote != '`')) {
        fail(start,
             quote == '\'' ? "unterminated character constant" : "unterminated quoted string");
      }
      const char c = source_[at_];
      if (c == quote) break;
      if (c == '\\' && quote != '`') {
        take_escape(text);
      } else {
        text += c;
      }
    }
    ++at_;
    add(Kind::kLiteral, start, at_ - start);
    tokens_.back().literal = quote == '\'' ? character(text, start) : Json{std::move(text)};
  }

  // 'a' is a number in Go.
  Json character(const std::string& text, std::size_t at) const {
    if (text.size() != 1) fail(at, "malformed character constant");
    return {static_cast<std::uint64_t>(static_cast<unsigned char>(text[0]))};
  }

  // At a backslash; ends at the escape's last character.
  void take_escape(std::string& text) {
    constexpr std::string_view kNames = "abfnrtv\\\"'";
    constexpr std::string_view kBytes = "\a\b\f\n\r\t\v\\\"'";
    const char c = ++at_ < source_.size() ? source_[at_] : '\0';
    if (const std::size_t known = kNames.find(c); c != '\0' && known != kNames.npos) {
      text += kBytes[known];
      return;
    }
    const std::size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
    std::uint32_t code = 0;
    const std::string_view hex = at_ < source_.size() ? source_.substr(at_ + 1, digits) : "";
    const auto [stop, error] = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (digits == 0 || hex.size() != digits || stop != hex.data() + digits || is_surrogate ||
        error != std::errc()) {
      fail(at_ - 1, "invalid syntax in a quoted string");
    }
    at_ += digits;
    if (c == 'x' || code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xC0U | code >> 6U);
      text += static_cast<char>(0x80U | (code & 0x3FU));
    } else {
      text += static_cast<char>(0xE0U | code >> 12U);
      text += static_cast<char>(0x80U | (code >> 6U & 0x3FU));
      text += static_cast<char>(0x80U | (code & 0x3FU));
    }
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::vector<TemplateToken> tokens_;
};

}  // namespace

std::vector<TemplateToken> lex_template(std::string_view source) { return Lexer(source).run(); }

}  // namespace config
