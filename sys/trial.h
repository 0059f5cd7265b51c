// SPDX-License-Identifier: Apache-2.0
// What the kernel lets us do is found out by doing it, in a child that nobody misses.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace sys {

/// Which step was refused, and with which errno.
struct Refusal {
  enum class Step { kNone, kNamespaces, kIdMaps, kTrial };
  Step step = Step::kNone;
  int code = 0;

  explicit operator bool() const { return step != Step::kNone; }
};

/// Makes a child in new namespaces (CLONE_NEW*). With CLONE_NEWUSER among them it becomes root of
/// its own with our id alone. Then runs `trial` in it, which throws Error when it is refused.
/// For processes with one thread.
Refusal try_in_namespaces(std::uint64_t types, const std::function<void()>& trial);

/// The kernel's release, "6.1.0-18-amd64". Source: uname(2).
std::string kernel_release();

/// Whether programs of that file get powers by it: it is set-user-id root, or has file capabilities
/// that include `capability`; and its mount has no nosuid. Source: capabilities(7).
enum class FilePowers { kYes, kNone, kNosuid };
FilePowers file_powers(const std::string& path, int capability);

}  // namespace sys
