// SPDX-License-Identifier: Apache-2.0
#include "sys/error.h"

#include <cstring>
#include <utility>

namespace sys {

Error::Error(std::string message, int code, std::string hint)
    : message_(std::move(message)), hint_(std::move(hint)), code_(code) {}

void Error::add_context(std::string_view step) {
  std::string whole;
  whole.reserve(step.size() + 2 + message_.size());
  whole.append(step).append(": ").append(message_);
  message_ = std::move(whole);
}

Error errno_error(std::string_view what, int code) {
  // strerrordesc_np knows no locale and takes no lock: it may run in the child of a clone.
  const char* reason = ::strerrordesc_np(code);
  std::string message(what);
  message += ": ";
  message += reason != nullptr ? reason : "unknown error";
  return Error(std::move(message), code);
}

}  // namespace sys
