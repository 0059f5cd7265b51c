// SPDX-License-Identifier: Apache-2.0
// The environment of a container's program. Nothing of the host's gets in but what the caller names
// (INV-9).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace config {

/// What a variable of the caller's holds; none when it is not set.
using CallerVariable = std::function<std::optional<std::string>(const std::string& name)>;

/// `-e WORD`: "NAME=value" as it is; "NAME" with the caller's value, and where he has none "NAME"
/// alone, which takes the image's away. Errors: no name.
std::string resolve_variable(const std::string& word, const CallerVariable& caller);

/// Of an --env-file: a variable a line, as docker reads them: no quotes, "#" in front is a comment,
/// leading blanks go, a line without "=" takes the caller's value or is passed over.
/// `name` is what errors call the file. Errors: a name with blanks; no name; bytes that are no
/// text.
std::vector<std::string> parse_env_file(std::string_view text, const std::string& name,
                                        const CallerVariable& caller);

struct EnvironmentRequest {
  std::vector<std::string> image = {};  // as the image has them
  std::vector<std::string> given = {};  // resolve_variable's and parse_env_file's, the last wins
  std::string hostname = {};
  bool has_terminal = false;
};
/// PATH, HOSTNAME and TERM unless somebody sets them; HOME is the runtime's. The last entry of a
/// name counts. warnings: gets a line for each entry of the image's that is no variable.
std::vector<std::string> merge_environment(const EnvironmentRequest& request,
                                           std::vector<std::string>& warnings);

}  // namespace config
