// SPDX-License-Identifier: Apache-2.0
#include "config/hash.h"

// The functions that need no provider: those would cost every start a millisecond.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <span>

#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kSha256Hex = 64;
constexpr std::size_t kSha512Hex = 128;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string to_hex(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

// descriptor.md: algorithm-component [separator algorithm-component], in [a-z0-9].
bool is_algorithm(std::string_view text) {
  bool after_component = false;
  for (const char c : text) {
    const bool is_component = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!is_component && (!after_component || std::string_view("+._-").find(c) == text.npos)) {
      return false;
    }
    after_component = is_component;
  }
  return after_component;
}

// descriptor.md: encoded is [a-zA-Z0-9=_-]+
bool is_encoded(std::string_view text) {
  constexpr std::string_view kLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789=_-";
  return !text.empty() && text.find_first_not_of(kLetters) == text.npos;
}

bool is_known_algorithm(std::string_view text) { return text == "sha256" || text == "sha512"; }

// What is wrong with `text`; empty when nothing is.
std::string fault_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || !is_algorithm(text.substr(0, colon))) {
    return "is no digest, as sha256:<64 hexadecimal digits> would be";
  }
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = text.substr(colon + 1);
  std::size_t length = 0;
  if (algorithm == "sha256") length = kSha256Hex;
  if (algorithm == "sha512") length = kSha512Hex;
  if (length == 0) {
    return sys::format("algorithm {} is not one that can be verified here (sha256, sha512)",
                       quote_for_message(algorithm));
  }
  if (hex.size() != length || !is_lower_hex(hex)) {
    return sys::format("needs {} hexadecimal digits in lower case after \"{}:\"", length,
                       algorithm);
  }
  return {};
}

}  // namespace

Digest parse_digest(std::string_view text) {
  if (const std::string fault = fault_of(text); !fault.empty()) {
    throw sys::Error(sys::format("digest {}: {}", quote_for_message(text), fault), EINVAL);
  }
  const std::size_t colon = text.find(':');
  return {.algorithm = std::string(text.substr(0, colon)),
          .hex = std::string(text.substr(colon + 1))};
}

bool is_digest(std::string_view text) { return fault_of(text).empty(); }

Digest parse_any_digest(std::string_view text) {
  constexpr std::size_t kLongest = 255;  // a name in a directory, of either part
  const std::size_t colon = text.find(':');
  const bool is_other =
      colon != text.npos && text.size() <= kLongest && is_algorithm(text.substr(0, colon)) &&
      !is_known_algorithm(text.substr(0, colon)) && is_encoded(text.substr(colon + 1));
  if (!is_other) return parse_digest(text);
  return {.algorithm = std::string(text.substr(0, colon)),
          .hex = std::string(text.substr(colon + 1))};
}

bool is_verifiable(const Digest& digest) { return is_known_algorithm(digest.algorithm); }

struct Hasher::State {
  Algorithm algorithm = Algorithm::kSha256;
  SHA256_CTX sha256 = {};
  SHA512_CTX sha512 = {};
};

Hasher::Hasher(Algorithm algorithm) : state_(std::make_unique<State>()) {
  state_->algorithm = algorithm;
  SHA256_Init(&state_->sha256);
  SHA512_Init(&state_->sha512);
}
Hasher::Hasher(const Digest& digest)
    : Hasher(parse_digest(digest.text()).algorithm == "sha512" ? Algorithm::kSha512
                                                               : Algorithm::kSha256) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::add(std::string_view bytes) {
  if (state_->algorithm == Algorithm::kSha512) {
    SHA512_Update(&state_->sha512, bytes.data(), bytes.size());
  } else {
    SHA256_Update(&state_->sha256, bytes.data(), bytes.size());
  }
}

Digest Hasher::finish() {
  if (state_->algorithm == Algorithm::kSha512) {
    std::array<unsigned char, SHA512_DIGEST_LENGTH> bytes = {};
    SHA512_Final(bytes.data(), &state_->sha512);
    return {.algorithm = "sha512", .hex = to_hex(bytes)};
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> bytes = {};
  SHA256_Final(bytes.data(), &state_->sha256);
  return {.algorithm = "sha256", .hex = to_hex(bytes)};
}

Digest digest_of(std::string_view bytes) {
  Hasher hasher;
  hasher.add(bytes);
  return hasher.finish();
}

Digest chain_id(const Digest& below, const Digest& diff_id) {
  return below.empty() ? diff_id : digest_of(below.text() + " " + diff_id.text());
}

}  // namespace config
