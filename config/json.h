// SPDX-License-Identifier: Apache-2.0
// The fence around the JSON library: documents become a small tree of our own, and a Reader walks
// it so that every wrong value is reported with its JSON pointer. The library is included in
// json.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace config {

/// Bounds of every document read, ours or not. INV-12.
constexpr size_t kMaxJsonBytes = size_t{16} << 20;
constexpr size_t kMaxJsonDepth = 64;
constexpr size_t kMaxJsonValues = 1'000'000;

struct JsonMember;

/// A number that no 64-bit integer holds (a fraction, an exponent, too large), as it was written.
struct JsonNumberText {
  std::string text;
  bool operator==(const JsonNumberText&) const = default;
};

/// One JSON value. Objects keep their order; where a key repeats, the last one counts, as in Go.
struct Json {
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;
  /// int64_t holds negative numbers only when it comes from parse_json.
  using Value = std::variant<std::monostate, bool, int64_t, uint64_t, JsonNumberText, std::string,
                             Array, Object>;
  Value value;

  bool is_null() const { return std::holds_alternative<std::monostate>(value); }
  /// The last member called `key`; nullptr when there is none or this is no object.
  const Json* find(std::string_view key) const;
  bool operator==(const Json& other) const;
};

struct JsonMember {
  std::string key;
  Json value;
  bool operator==(const JsonMember&) const = default;
};

/// Reads one whole document. `name` is what errors call it, usually the path.
/// Errors: `name: line 3, column 7: ...`; documents beyond the bounds above.
Json parse_json(const std::string& text, const std::string& name);

/// Writes like Go's json.MarshalIndent (without its HTML escapes and without a final newline);
/// compact when `indent` is empty. Bytes that are no UTF-8 become U+FFFD.
std::string write_json(const Json& json, std::string_view indent);

/// `text` as a JSON string, with its quotes.
std::string quote_json(std::string_view text);

/// Text of unknown origin for a message: quoted, control characters escaped, cut after 100 bytes.
std::string quote_for_message(std::string_view text);

/// A part of a JSON pointer: "~" becomes "~0", "/" becomes "~1", the rest as in a message.
std::string escape_pointer(std::string_view key);

/// A place in a document. Absent is the place of a member that is missing or null: the `get` calls
/// leave their target as it is then. Readers point at their parents: they live on the stack only.
class Reader {
 public:
  /// The whole document. `json` and `document` (its name in errors) must outlive the Reader.
  Reader(const Json& json, const std::string& document);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  bool is_absent() const { return json_ == nullptr || json_->is_null(); }
  /// The value itself; not to be called on an absent place.
  const Json& json() const { return *json_; }
  /// "/process/args/0"; empty for the whole document.
  std::string pointer() const;
  /// Throws `document: pointer: problem`.
  [[noreturn]] void fail(std::string_view problem) const;

  /// A member of this object. Errors: this is no object.
  Reader member(std::string_view key) const&;
  Reader member(std::string_view key) const&& = delete;  // it would point at a dead parent
  /// The same. Errors: absent too.
  Reader required(std::string_view key) const&;
  Reader required(std::string_view key) const&& = delete;

  /// The value of this place. Errors: another type, a number out of the target's range.
  void read(bool& target) const;
  void read(int32_t& target) const;
  void read(int64_t& target) const;
  void read(uint32_t& target) const;
  void read(uint64_t& target) const;
  void read(std::string& target) const;
  void read(std::vector<std::string>& target) const;
  void read(std::vector<uint32_t>& target) const;
  void read(std::map<std::string, std::string>& target) const;
  template <typename T>
  void read(std::optional<T>& target) const {
    read(target.emplace());
  }

  /// Reads member `key` into `target` when it is there.
  template <typename T>
  void get(std::string_view key, T& target) const& {
    const Reader place = member(key);
    if (!place.is_absent()) place.read(target);
  }
  /// Reads member `key` into `target`. Errors: it isn't there.
  template <typename T>
  void get_required(std::string_view key, T& target) const& {
    const Reader place = required(key);
    place.read(target);
  }
  /// Calls `visit(place)` on member `key` when it is there.
  template <typename Visit>
  void with(std::string_view key, Visit&& visit) const& {
    const Reader place = member(key);
    if (!place.is_absent()) visit(place);
  }

  /// Calls `visit(element)` for each element of this array. Errors: this is no array.
  template <typename Visit>
  void each_element(Visit&& visit) const {
    const Json::Array& elements = array();
    for (size_t i = 0; i < elements.size(); ++i) visit(Reader(elements[i], *this, i));
  }
  /// Calls `visit(key, place)` for each member of this object. Errors: this is no object.
  template <typename Visit>
  void each_member(Visit&& visit) const {
    for (const auto& [key, value] : object()) visit(key, Reader(&value, *this, key));
  }

 private:
  Reader(const Json* json, const Reader& parent, std::string_view key);
  Reader(const Json& json, const Reader& parent, size_t index);

  const Json::Array& array() const;
  const Json::Object& object() const;
  [[noreturn]] void fail_type(std::string_view expected) const;

  const Json* json_;
  const std::string* document_;
  const Reader* parent_ = nullptr;
  std::string_view key_;
  size_t index_ = 0;
  bool is_element_ = false;
};

}  // namespace config
