// SPDX-License-Identifier: Apache-2.0
#include "config/detach_keys.h"

#include <algorithm>

namespace config {
namespace {

// Empty: no key.
std::optional<char> parse_key(std::string_view text) {
  if (text.size() == 1) return text[0];
  constexpr std::string_view kControl = "ctrl-";
  if (text.size() != kControl.size() + 1 || !text.starts_with(kControl)) return std::nullopt;
  const char letter = text.back();
  if (letter >= 'a' && letter <= 'z') return static_cast<char>(letter - 'a' + 1);
  if (letter == '@') return '\0';
  if (letter >= '[' && letter <= '_') return static_cast<char>(letter - '@');
  return std::nullopt;
}

}  // namespace

std::optional<std::string> parse_detach_keys(std::string_view text) {
  std::string sequence;
  if (text.empty()) return sequence;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const std::optional<char> key = parse_key(text.substr(start, comma - start));
    if (!key || sequence.size() == kMaxDetachKeys) return std::nullopt;
    sequence += *key;
    start = comma + 1;
  }
  return sequence;
}

DetachMatcher::Found DetachMatcher::feed(std::string_view typed) {
  Found found;
  for (const char key : typed) {
    if (sequence_.empty()) {
      found.passed += key;
      continue;
    }
    // What was held back is the sequence's beginning: the longest end of it, with the new key, that
    // is one again stays, all before is passed on.
    std::string held = sequence_.substr(0, matched_) + key;
    while (!sequence_.starts_with(held)) {
      found.passed += held.front();
      held.erase(0, 1);
    }
    matched_ = held.size();
    if (matched_ == sequence_.size()) {
      found.is_complete = true;
      return found;
    }
  }
  return found;
}

}  // namespace config
