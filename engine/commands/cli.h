// SPDX-License-Identifier: Apache-2.0
// The command line with docker's manners. A verb is a value that says what it takes and what it
// does; only the verb that is called is ever made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sys/error.h"

namespace engine {

class Context;

/// Where a flag's value goes. A bool is true when the flag is there ("--x=false" works too); a list
/// grows by each use; of the others the last use counts. An optional tells "" from not given.
using FlagTarget = std::variant<bool*, std::string*, std::optional<std::string>*, std::int64_t*,
                                std::vector<std::string>*>;

struct Flag {
  std::string_view names;  // "-q,--quiet" or "--quiet"
  FlagTarget target;
  std::string_view text;              // one line for --help
  std::string_view value = "string";  // what --help calls the value; unused for a bool
  bool is_hidden = false;             // accepted for docker's sake, not shown
};

/// A word or, with a list, all words from here on.
struct Positional {
  std::string_view name;  // "IMAGE"
  std::variant<std::string*, std::vector<std::string>*> target;
  bool is_optional = false;
};

struct Command {
  std::string_view summary;    // "List images": one line, upper case, no full stop
  std::string_view usage;      // after the name: "[OPTIONS] [NAME]"
  std::string_view text = {};  // more for --help, lines below 100 columns
  std::vector<Flag> flags = {};
  std::vector<Positional> positionals = {};
  /// Whatever follows the first positional is one too: `create IMAGE CMD --flag-of-cmd`.
  bool flags_end_at_positional = false;
  int failure_exit = 1;  // of an error
  /// Gives the exit code. What the flags and positionals are bound to lives in what it captures.
  std::function<int(Context&)> run;
};

/// A line of the table of all verbs.
struct Verb {
  std::string_view name;  // "images", or "image ls" for one of a group
  Command (*make)();
  std::string_view alias_of = {};  // not in the list of --help
  bool is_internal = false;        // the same, for hooks of ours
};

/// A command line that can't be: its message, then "See 'tilla VERB --help'.", exit code 125.
class UsageError : public sys::Error {
 public:
  using sys::Error::Error;
};

constexpr int kUsageExit = 125;

/// An error with an exit code of its own.
class ExitError : public sys::Error {
 public:
  ExitError(std::string message, int exit_code)
      : sys::Error(std::move(message)), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

struct GlobalOptions {
  std::string root;
  std::string log_level;
  bool debug = false;
};

/// What a command line comes to.
struct Parsed {
  GlobalOptions global;
  std::string verb;  // as it was called; empty when `text` is all there is
  std::optional<Command> command;
  std::string text;  // help or version, to be printed instead
};

/// Reads the words after the program's name. `verbs` is the table, in the order of --help.
/// Errors: UsageError.
Parsed parse_command_line(const std::vector<std::string>& words, std::span<const Verb> verbs);

/// Writes to standard output. Errors: as write(2), "standard output: ...".
void print(std::string_view text);

}  // namespace engine
