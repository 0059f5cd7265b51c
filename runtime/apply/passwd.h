// SPDX-License-Identifier: Apache-2.0
// Reads an image's /etc/passwd, which is hostile text. It says nothing but HOME (INV-6).
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace runtime {

/// The home directory of `uid` in the text of a passwd(5) file, of 4096 bytes at most; empty when
/// it has none.
std::string home_in(std::string_view passwd, uid_t uid);

}  // namespace runtime
