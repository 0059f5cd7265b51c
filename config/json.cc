// SPDX-License-Identifier: Apache-2.0
#include "config/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr size_t kMaxQuotedBytes = 100;
constexpr size_t kMaxPointerKeyBytes = 60;

/// The length of the UTF-8 sequence at `at`; 0 when the bytes there are none.
size_t utf8_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto is_tail = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return is_tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;   // no overlong forms
    const unsigned high = first == 0xED ? 0x9F : 0xBF;  // no surrogates
    return byte(1) >= low && byte(1) <= high && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;  // U+10FFFF is the last
    return byte(1) >= low && byte(1) <= high && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

/// Control characters and broken UTF-8 as "\n" or "\x1b", everything else as it is; at most `limit`
/// bytes of `text`, then "...".
std::string printable(std::string_view text, size_t limit) {
  std::string out;
  size_t at = 0;
  while (at < text.size() && at < limit) {
    const size_t length = utf8_length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    // U+0080 to U+009F are control characters too, two bytes each.
    const bool is_c1 =
        length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (byte == '\n') {
      out += "\\n";
    } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
      out += sys::format("\\x{:02x}", byte);
    } else if (is_c1) {
      out += sys::format("\\u{:04x}", static_cast<unsigned char>(text[at + 1]));
    } else {
      out.append(text.substr(at, length));
    }
    at += std::max<size_t>(length, 1);
  }
  if (at < text.size()) out += "...";
  return out;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  size_t plain = 0;  // where the bytes begin that can be copied as they are
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const size_t length = utf8_length(text, at);
    if (length != 0 && byte >= 0x20 && byte != '"' && byte != '\\') {
      at += length;
      continue;
    }
    out.append(text.substr(plain, at - plain));
    if (length == 0) {
      out += "\\ufffd";
    } else if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[at];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte == '\t') {
      out += "\\t";
    } else {
      out += sys::format("\\u{:04x}", byte);
    }
    plain = ++at;
  }
  out.append(text.substr(plain));
  out += '"';
}

/// Receives the library's events and builds the tree.
class TreeBuilder {
 public:
  explicit TreeBuilder(const std::string& name) : name_(name) {}

  Json take() { return std::move(root_); }

  bool Null() { return put(std::monostate()); }
  bool Bool(bool value) { return put(value); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return put_number({text, length});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    refuse_surrogates({text, length});
    return put(std::string(text, length));
  }
  bool Key(const char* name, rapidjson::SizeType length, bool) {
    refuse_surrogates({name, length});
    std::get<Json::Object>(open_.back()->value).emplace_back().key.assign(name, length);
    return true;
  }
  bool StartObject() { return open(Json::Object()); }
  bool StartArray() { return open(Json::Array()); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }
  // Never called: numbers come as they were written.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  // The library takes the second half of a pair without the first, as "\udc00", for a character.
  void refuse_surrogates(std::string_view text) const {
    for (size_t at = text.find('\xED'); at != std::string_view::npos;
         at = text.find('\xED', at + 1)) {
      if (static_cast<unsigned char>(text[at + 1]) <= 0x9F) continue;  // of three, so there is one
      throw sys::Error(
          sys::format("{}: half of a surrogate pair in {}", name_, quote_for_message(text)));
    }
  }

  template <typename T>
  bool put(T value) {
    next_place().value = std::move(value);
    return true;
  }

  bool put_number(std::string_view text) {
    const char* const end = text.data() + text.size();
    const auto is_whole = [&](auto& value) {
      const auto [stop, code] = std::from_chars(text.data(), end, value);
      return code == std::errc() && stop == end;
    };
    if (uint64_t value = 0; is_whole(value)) return put(value);
    if (int64_t value = 0; is_whole(value)) return put(value);
    return put(JsonNumberText{std::string(text)});
  }

  template <typename Container>
  bool open(Container container) {
    if (open_.size() == kMaxJsonDepth) {
      throw sys::Error(sys::format("{}: nested more than {} levels deep", name_, kMaxJsonDepth));
    }
    Json& place = next_place();
    place.value = std::move(container);
    // A container grows only while it is the innermost one, so the pointers to outer ones hold.
    open_.push_back(&place);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  /// Where the next value goes: the root, a new element, or the member whose key came last.
  Json& next_place() {
    if (++count_ > kMaxJsonValues) {
      throw sys::Error(sys::format("{}: more than {} values", name_, kMaxJsonValues));
    }
    if (open_.empty()) return root_;
    Json& container = *open_.back();
    if (auto* array = std::get_if<Json::Array>(&container.value)) return array->emplace_back();
    return std::get<Json::Object>(container.value).back().value;
  }

  const std::string& name_;
  Json root_;
  std::vector<Json*> open_;
  size_t count_ = 0;
};

/// `name: line 3, column 7: missing a comma or '}' after an object member, at "x": what is there.
sys::Error syntax_error(const std::string& text, const std::string& name,
                        const rapidjson::ParseResult& result) {
  constexpr size_t kShown = 20;
  std::string reason = rapidjson::GetParseError_En(result.Code());
  reason.front() = static_cast<char>(std::tolower(reason.front()));
  if (reason.ends_with('.')) reason.pop_back();
  const size_t offset = std::min(result.Offset(), text.size());
  const std::string_view before = std::string_view(text).substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const size_t column = before.size() - (before.rfind('\n') + 1);  // npos + 1 is 0
  std::string_view there = std::string_view(text).substr(offset, kShown);
  there = there.substr(0, there.find('\n'));
  const std::string at = there.empty() ? "" : ", at " + quote_for_message(there);
  return sys::Error(
      sys::format("{}: line {}, column {}: {}{}", name, line, column + 1, reason, at));
}

/// Writes a tree as Go's json.MarshalIndent does.
class Writer {
 public:
  explicit Writer(std::string_view indent) : indent_(indent) {}

  void write(const Json& json) {
    std::visit([&](const auto& value) { write_value(value); }, json.value);
  }
  std::string take() { return std::move(out_); }

 private:
  void write_value(std::monostate) { out_ += "null"; }
  void write_value(bool value) { out_ += value ? "true" : "false"; }
  void write_value(int64_t value) { out_ += sys::format("{}", value); }
  void write_value(uint64_t value) { out_ += sys::format("{}", value); }
  void write_value(const JsonNumberText& value) { out_ += value.text; }
  void write_value(const std::string& value) { append_quoted(out_, value); }

  void write_value(const Json::Array& elements) {
    out_ += '[';
    ++depth_;
    for (size_t i = 0; i < elements.size(); ++i) {
      start_item(i == 0);
      write(elements[i]);
    }
    finish(']', elements.empty());
  }

  void write_value(const Json::Object& members) {
    out_ += '{';
    ++depth_;
    for (size_t i = 0; i < members.size(); ++i) {
      start_item(i == 0);
      append_quoted(out_, members[i].key);
      out_ += indent_.empty() ? ":" : ": ";
      write(members[i].value);
    }
    finish('}', members.empty());
  }

  void start_item(bool is_first) {
    if (!is_first) out_ += ',';
    new_line();
  }

  void finish(char bracket, bool is_empty) {
    --depth_;
    if (!is_empty) new_line();
    out_ += bracket;
  }

  void new_line() {
    if (indent_.empty()) return;
    out_ += '\n';
    for (size_t i = 0; i < depth_; ++i) out_ += indent_;
  }

  std::string_view indent_;
  std::string out_;
  size_t depth_ = 0;
};

}  // namespace

const Json* Json::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&value);
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->rbegin(), members->rend(),
                                  [&](const JsonMember& member) { return member.key == key; });
  return found == members->rend() ? nullptr : &found->value;
}

bool Json::operator==(const Json& other) const { return value == other.value; }

Json parse_json(const std::string& text, const std::string& name) {
  if (text.size() > kMaxJsonBytes) {
    throw sys::Error(sys::format("{}: larger than {} bytes", name, kMaxJsonBytes));
  }
  // The library takes a NUL byte for the end of the document and ignores what follows.
  const size_t nul = text.find('\0');
  if (nul != std::string::npos) {
    throw sys::Error(sys::format("{}: a NUL byte at offset {}", name, nul));
  }
  // It also reads a character to its end before it looks whether it is one: past the text's.
  const std::string_view last =
      std::string_view(text).substr(text.size() - std::min<size_t>(text.size(), 2));
  if (std::ranges::any_of(last, [](char c) { return static_cast<unsigned char>(c) >= 0xC0; })) {
    throw sys::Error(sys::format("{}: ends within a character", name));
  }
  constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseIterativeFlag;
  TreeBuilder builder(name);
  rapidjson::StringStream stream(text.c_str());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (result.IsError()) throw syntax_error(text, name, result);
  return builder.take();
}

std::string write_json(const Json& json, std::string_view indent) {
  Writer writer(indent);
  writer.write(json);
  return writer.take();
}

std::string quote_json(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string quote_for_message(std::string_view text) {
  return '"' + printable(text, kMaxQuotedBytes) + '"';
}

std::string escape_pointer(std::string_view key) {
  std::string out;
  for (const char c : printable(key, kMaxPointerKeyBytes)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace config
