// SPDX-License-Identifier: Apache-2.0
// "user[:group]" by the image's own passwd and group. Strict: what docker's history shows is that
// each leniency here becomes root (INV-6). Source: passwd(5), group(5); CVE-2022-2989.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace config {

struct FoundUser {
  std::uint32_t uid = 0, gid = 0;
  /// Supplementary, sorted, gid among them: a program that changes its group keeps that one.
  /// CVE-2022-36109.
  std::vector<std::uint32_t> groups;
  std::string name;  // empty: a number that passwd doesn't know
  std::string home;  // of passwd; empty: unknown
  bool operator==(const FoundUser&) const = default;
};

struct UserRequest {
  std::string_view user = {};  // "", "name", "0", "name:group", ":group"; empty: root
  std::vector<std::string> added_groups = {};  // --group-add
  std::string_view passwd = {}, group = {};    // the files' contents, bounded by the reader
};

/// A name wins over a number; a number need not be in passwd, and is then of group 0.
/// With an explicit group the supplementary groups of passwd's user are left out, as docker does.
/// Errors: no such user or group; a number beyond 4294967294, or with a
/// sign.
FoundUser find_user(const UserRequest& request);

/// A decimal number of an id that the kernel knows. False: it is none.
bool parse_id(std::string_view text, std::uint32_t& id);

}  // namespace config
