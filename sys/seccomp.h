// SPDX-License-Identifier: Apache-2.0
// Loading a seccomp filter. What is in it is made by config/seccomp_filter.
#pragma once

#include <cstdint>
#include <string_view>

namespace sys {

/// Installs `program`, an array of struct sock_filter as bytes, with SECCOMP_FILTER_FLAG_* `flags`.
/// Needs no_new_privs or CAP_SYS_ADMIN. After it every system call is the profile's to allow.
void install_seccomp_filter(std::string_view program, std::uint32_t flags);

/// Whom to give a filter's listener: a connected socket, and what is said with it.
struct ListenerCall {
  int agent = -1;
  std::string_view message;  // not empty
  int status = -1;           // gets a StubStep and an errno when that fails
};
/// The same with a filter that has a listener (SECCOMP_FILTER_FLAG_NEW_LISTENER), which is with the
/// agent when this returns. It is sent by a second thread, which the filter isn't for, since the
/// profile may deny every way to say anything, or wait for an agent that knows of nothing yet. When
/// it can't be sent, the process ends. Source: seccomp_unotify(2).
void install_notifying_filter(std::string_view program, std::uint32_t flags,
                              const ListenerCall& call);

/// Whether the kernel knows all SECCOMP_FILTER_FLAG_* of `flags`.
bool has_seccomp_flags(std::uint32_t flags);

}  // namespace sys
