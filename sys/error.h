// SPDX-License-Identifier: Apache-2.0
// The one error type of the project: a message that grows outwards, an errno, and a hint for the
// cases in which the kernel's errno misleads.
#pragma once

#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>

namespace sys {

/// What went wrong, as a person will read it: "outer step: inner step: reason".
class Error : public std::exception {
 public:
  explicit Error(std::string message, int code = 0, std::string hint = {});

  const char* what() const noexcept override { return message_.c_str(); }
  /// The errno of the system call that failed; 0 when none was involved.
  int code() const noexcept { return code_; }
  /// What to do about it, or why the kernel said so; empty when errno says enough.
  const std::string& hint() const noexcept { return hint_; }

  /// Puts "step: " before the message.
  void add_context(std::string_view step);
  void set_hint(std::string hint) { hint_ = std::move(hint); }

 private:
  std::string message_;
  std::string hint_;
  int code_;
};

/// An Error "what: strerror(code)". Captures errno when called without a code, so call it first.
Error errno_error(std::string_view what, int code = errno);

/// Runs `step`; an Error that leaves it gets "what: " in front. Used once per layer boundary.
/// what: a text, or a call that gives one, made only for the Error.
template <typename What, typename Step>
decltype(auto) in_context(const What& what, Step&& step) {
  try {
    return step();
  } catch (Error& error) {
    if constexpr (std::is_invocable_v<What>) {
      error.add_context(what());
    } else {
      error.add_context(what);
    }
    throw;
  }
}

}  // namespace sys
