// SPDX-License-Identifier: Apache-2.0
// Digests of bytes, and the names that images go by. The one place with libcrypto, but for the
// worker's. Source: image-spec, "descriptor.md", "Digests".
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace config {

/// "algorithm:encoded" of the specification's grammar. Only what the two functions below gave is a
/// Digest, so the parts are safe as names of files. `hex` is that of known algorithms alone.
struct Digest {
  std::string algorithm;
  std::string hex;

  bool empty() const { return hex.empty(); }
  /// "sha256:6c3c..."
  std::string text() const { return algorithm + ":" + hex; }
  auto operator<=>(const Digest&) const = default;
};

enum class Algorithm { kSha256, kSha512 };

/// Reads a digest of one of the algorithms that we can verify (sha256, sha512), hex in lower case.
/// Errors: the text, quoted, and what is wrong with it; an algorithm of the grammar that is not
/// on the list (CVES.md class J).
Digest parse_digest(std::string_view text);
/// The same, but for algorithms of which nothing is known: digests of what is only referred to.
/// What has to be read, or kept, is_verifiable.
Digest parse_any_digest(std::string_view text);
bool is_verifiable(const Digest& digest);
/// Whether `text` is one that parse_digest takes.
bool is_digest(std::string_view text);

/// Takes bytes in pieces, gives their digest.
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm = Algorithm::kSha256);
  /// The algorithm that `digest` names. Errors: one that is unknown here.
  explicit Hasher(const Digest& digest);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void add(std::string_view bytes);
  /// To be called once.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest digest_of(std::string_view bytes);

/// The id of a layer on top of others: of the chain below it (empty: none) and its own diff id.
/// Source: image-spec, "config.md", "Layer ChainID".
Digest chain_id(const Digest& below, const Digest& diff_id);

}  // namespace config
