// SPDX-License-Identifier: Apache-2.0
#include "sys/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/error.h"

namespace sys {

void install_seccomp_filter(std::string_view program, std::uint32_t flags) {
  sock_fprog filter = {};
  filter.len = static_cast<unsigned short>(program.size() / sizeof(sock_filter));
  filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()));
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) < 0) {
    throw errno_error("load the seccomp filter");
  }
}

}  // namespace sys
