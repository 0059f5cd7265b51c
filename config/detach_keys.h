// SPDX-License-Identifier: Apache-2.0
// The keys that leave an attached container running: docker's "ctrl-p,ctrl-q".
// Source: docker-attach(1), "Override the detach sequence"; moby/term, ascii.go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace config {

constexpr std::string_view kDefaultDetachKeys = "ctrl-p,ctrl-q";
constexpr std::size_t kMaxDetachKeys = 64;

/// The bytes that the keys send: "a", "ctrl-@" to "ctrl-_", separated by commas. Empty text: none.
/// None when it is no list of keys.
std::optional<std::string> parse_detach_keys(std::string_view text);

/// Finds the sequence in what is typed.
class DetachMatcher {
 public:
  explicit DetachMatcher(std::string sequence) : sequence_(std::move(sequence)) {}
  struct Found {
    std::string passed;  // what is for the container
    bool is_complete = false;
  };
  /// What may be the sequence's beginning is held back until the next call tells.
  Found feed(std::string_view typed);

 private:
  std::string sequence_;
  std::size_t matched_ = 0;
};

}  // namespace config
