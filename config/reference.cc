// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <algorithm>
#include <cerrno>

#include "config/caret.h"
#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::size_t kMaxPathBytes = 255;
constexpr std::size_t kMaxTagBytes = 128;
constexpr std::size_t kMaxReferenceBytes = 1024;
constexpr std::size_t kIdDigits = 64;
constexpr std::string_view kLegacyDomain = "index.docker.io";
constexpr std::string_view kOfficial = "library/";

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter_or_digit(char c) { return is_lower(c) || is_upper(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// A text to read, and where one of its parts is in it, for errors.
struct Source {
  std::string_view text;

  [[noreturn]] void fail(std::string_view problem, std::size_t at) const {
    throw sys::Error(sys::format("invalid reference format: {}{}", problem, point_at(text, at)),
                     EINVAL);
  }
  /// part: within `text`.
  std::size_t place_of(std::string_view part) const {
    return static_cast<std::size_t>(part.data() - text.data());
  }
};

// domain-component: letters and digits, hyphens within.
void check_domain_component(const Source& source, std::string_view component) {
  const std::size_t start = source.place_of(component);
  if (component.empty()) source.fail("a part of the registry's name is missing", start);
  for (std::size_t i = 0; i < component.size(); ++i) {
    const char c = component[i];
    const bool is_end = i == 0 || i + 1 == component.size();
    if (!is_letter_or_digit(c) && (c != '-' || is_end)) {
      source.fail("a registry's name has letters, digits, and hyphens within", start + i);
    }
  }
}

void check_port(const Source& source, std::string_view port) {
  if (port.empty()) source.fail("a port's number is missing", source.place_of(port));
  for (std::size_t i = 0; i < port.size(); ++i) {
    if (!is_digit(port[i])) source.fail("a port is a number", source.place_of(port) + i);
  }
}

void check_domain(const Source& source, std::string_view domain) {
  std::size_t end = domain.find(':');
  if (domain.starts_with('[')) {
    const std::size_t bracket = domain.find(']');
    if (bracket == domain.npos) source.fail("no \"]\" after an address", source.place_of(domain));
    for (std::size_t i = 1; i < bracket; ++i) {
      if (is_hex(domain[i]) || domain[i] == ':') continue;
      source.fail("an IPv6 address has hexadecimal digits and colons", source.place_of(domain) + i);
    }
    if (bracket == 1) source.fail("an address is missing", source.place_of(domain) + 1);
    end = bracket + 1 == domain.size() ? domain.npos : bracket + 1;
    if (end != domain.npos && domain[end] != ':') {
      source.fail("a port begins with \":\"", source.place_of(domain) + end);
    }
  } else {
    std::string_view names = domain.substr(0, end);
    for (;;) {
      const std::size_t dot = names.find('.');
      check_domain_component(source, names.substr(0, dot));
      if (dot == names.npos) break;
      names.remove_prefix(dot + 1);
    }
  }
  if (end != domain.npos) check_port(source, domain.substr(end + 1));
}

// path-component: [a-z0-9]+ with separators within: one ".", one or two "_", or hyphens.
void check_path_component(const Source& source, std::string_view component) {
  const std::size_t start = source.place_of(component);
  if (component.empty()) source.fail("a part of the repository's name is missing", start);
  const auto is_plain = [](char c) { return is_lower(c) || is_digit(c); };
  for (std::size_t i = 0; i < component.size();) {
    if (is_plain(component[i])) {
      ++i;
      continue;
    }
    const char separator = component[i];
    if (is_upper(separator)) source.fail("repository name must be lowercase", start + i);
    if (std::string_view("._-").find(separator) == std::string_view::npos) {
      source.fail("a repository's name has lowercase letters, digits and separators (. _ __ -)",
                  start + i);
    }
    std::size_t end = component.find_first_not_of(separator, i);
    if (end == component.npos) end = component.size();
    const std::size_t most = separator == '.' ? 1 : separator == '_' ? 2 : component.size();
    if (i == 0 || end == component.size() || !is_plain(component[end]) || end - i > most) {
      source.fail("separators (. _ __ -) stand one by one between letters or digits", start + i);
    }
    i = end;
  }
}

void check_path(const Source& source, std::string_view path) {
  std::string_view rest = path;
  for (;;) {
    const std::size_t slash = rest.find('/');
    check_path_component(source, rest.substr(0, slash));
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  if (path.size() > kMaxPathBytes) {
    source.fail(sys::format("repository name must not be more than {} characters", kMaxPathBytes),
                source.place_of(path) + kMaxPathBytes);
  }
}

void check_tag(const Source& source, std::string_view tag) {
  const std::size_t start = source.place_of(tag);
  if (tag.empty()) source.fail("a tag is missing after \":\"", start);
  for (std::size_t i = 0; i < tag.size(); ++i) {
    const char c = tag[i];
    if (is_letter_or_digit(c) || c == '_' || (i > 0 && (c == '.' || c == '-'))) continue;
    source.fail(i == 0 ? "a tag begins with a letter, a digit or \"_\""
                       : "a tag has letters, digits, \"_\", \".\" and \"-\"",
                start + i);
  }
  if (tag.size() > kMaxTagBytes) {
    source.fail(sys::format("a tag has at most {} characters", kMaxTagBytes), start + kMaxTagBytes);
  }
}

Digest read_digest_at(const Source& source, std::string_view text) {
  try {
    return parse_digest(text);
  } catch (const sys::Error& error) {  // gets the place
    source.fail(error.what(), source.place_of(text));
  }
}

// Whether the first part of several is a registry, as docker guesses it.
bool is_domain(std::string_view part) {
  return part == "localhost" || part.find_first_of(".:") != part.npos ||
         std::ranges::any_of(part, is_upper);
}

}  // namespace

Reference parse_partial_reference(std::string_view text) {
  const Source source{text};
  if (text.empty()) source.fail("a name is missing", 0);
  if (text.size() > kMaxReferenceBytes) {
    source.fail(sys::format("more than {} characters", kMaxReferenceBytes), kMaxReferenceBytes);
  }
  if (text.size() == kIdDigits &&
      std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); })) {
    throw sys::Error(sys::format("invalid repository name ({}), cannot specify 64-byte hexadecimal "
                                 "strings{}",
                                 text, point_at(text, 0)),
                     EINVAL);
  }
  Reference reference;
  std::string_view rest = text;
  if (const std::size_t at = rest.find('@'); at != rest.npos) {
    reference.digest = read_digest_at(source, rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
  reference.domain = kDefaultDomain;
  if (const std::size_t slash = rest.find('/');
      slash != rest.npos && is_domain(rest.substr(0, slash))) {
    const std::string_view domain = rest.substr(0, slash);
    check_domain(source, domain);
    if (domain != kLegacyDomain) reference.domain = domain;
    rest.remove_prefix(slash + 1);
  }
  // A path has no colon, so what follows the first one is the tag.
  const std::size_t colon = rest.find(':');
  const std::string_view path = rest.substr(0, colon);
  check_path(source, path);
  if (colon != rest.npos) {
    check_tag(source, rest.substr(colon + 1));
    reference.tag = rest.substr(colon + 1);
  }
  const bool is_official =
      reference.domain == kDefaultDomain && path.find('/') == std::string_view::npos;
  if (is_official) reference.path = kOfficial;
  reference.path += path;
  return reference;
}

Reference parse_reference(std::string_view text) {
  Reference reference = parse_partial_reference(text);
  if (reference.tag.empty() && !reference.digest) reference.tag = kDefaultTag;
  return reference;
}

namespace {

std::string with_suffix(std::string repository, const Reference& reference) {
  if (!reference.tag.empty()) repository += ":" + reference.tag;
  if (reference.digest) repository += "@" + reference.digest->text();
  return repository;
}

}  // namespace

std::string Reference::text() const { return with_suffix(repository(), *this); }

std::string Reference::familiar_repository() const {
  if (domain != kDefaultDomain) return repository();
  // "library/a/b" would be read as library/a/b again, so that alone it is no short form.
  const bool is_official =
      path.starts_with(kOfficial) && path.find('/', kOfficial.size()) == path.npos;
  return is_official ? path.substr(kOfficial.size()) : path;
}

std::string Reference::familiar() const { return with_suffix(familiar_repository(), *this); }

bool is_scratch(const Reference& reference) {
  return reference.domain == kDefaultDomain && reference.path == "library/scratch";
}

namespace {

// Go's path.Match: "*" and "?" stop at a slash, "[a-z]" and "[^a-z]", "\" takes the next as it is.
class Glob {
 public:
  explicit Glob(std::string_view pattern) : pattern_(pattern) {}

  bool matches(std::string_view text) {
    std::size_t at = 0, in_text = 0;
    std::size_t star = pattern_.npos, star_text = 0;
    while (in_text < text.size()) {
      std::size_t next = at;
      if (at < pattern_.size() && pattern_[at] == '*') {
        star = at++;
        star_text = in_text;
      } else if (at < pattern_.size() && matches_one(next, text[in_text])) {
        at = next;
        ++in_text;
      } else if (star != pattern_.npos && text[star_text] != '/') {
        in_text = ++star_text;
        at = star + 1;
      } else {
        return false;
      }
    }
    while (at < pattern_.size() && pattern_[at] == '*') ++at;
    return at == pattern_.size();
  }

  /// Errors: a bracket without its end, a backslash at the end.
  void check() {
    for (std::size_t at = 0; at < pattern_.size();) {
      if (pattern_[at] == '*') {
        ++at;
      } else {
        (void)matches_one(at, 'a');
      }
    }
  }

 private:
  char take(std::size_t& at) {
    if (at < pattern_.size() && pattern_[at] == '\\') ++at;
    if (at >= pattern_.size()) {
      throw sys::Error(sys::format("pattern {}: ends within brackets or after a backslash",
                                   quote_for_message(pattern_)),
                       EINVAL);
    }
    return pattern_[at++];
  }

  bool matches_one(std::size_t& at, char c) {
    if (pattern_[at] == '?') return ++at, c != '/';
    if (pattern_[at] != '[') return take(at) == c;
    ++at;
    const bool is_negated = at < pattern_.size() && pattern_[at] == '^';
    if (is_negated) ++at;
    bool is_in = false;
    for (bool is_first = true; is_first || at >= pattern_.size() || pattern_[at] != ']';
         is_first = false) {
      const char low = take(at);
      char high = low;
      if (at < pattern_.size() && pattern_[at] == '-') {
        ++at;
        high = take(at);
      }
      is_in = is_in || (low <= c && c <= high);
    }
    ++at;
    return is_in != is_negated && c != '/';
  }

  std::string_view pattern_;
};

}  // namespace

bool matches_reference(std::string_view pattern, const Reference& reference) {
  Glob glob(pattern);
  glob.check();
  const Reference name = {
      .domain = reference.domain, .path = reference.path, .tag = reference.tag, .digest = {}};
  for (const std::string& text :
       {name.familiar_repository(), name.familiar(), name.repository(), name.text()}) {
    if (glob.matches(text)) return true;
  }
  return false;
}

}  // namespace config
