// SPDX-License-Identifier: Apache-2.0
#include "sys/resident.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>

// The linker's: where the program begins in memory, and its first part that is written to.
extern "C" {
extern char __executable_start[] __attribute__((visibility("hidden")));
extern char __init_array_start[] __attribute__((visibility("hidden")));
}

namespace sys {

void release_program_pages() {
  constexpr std::uintptr_t kPage = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(__executable_start);
  const auto end = reinterpret_cast<std::uintptr_t>(__init_array_start) & ~(kPage - 1);
  // Headers, code and constants: mapped from the file, and the same as in there. What is no mapping
  // between them is passed over.
  (void)::madvise(__executable_start, end - begin, MADV_DONTNEED);
}

}  // namespace sys
