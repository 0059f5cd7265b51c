// SPDX-License-Identifier: Apache-2.0
#include "sys/resident.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace sys {
namespace {

// Of the program, which comes first: its parts that can't be written to.
int release_parts(dl_phdr_info* program, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = program->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = program->dlpi_addr + part.p_vaddr;
    // Whole pages alone: at an edge there may be another part.
    const std::uintptr_t first = (begin + page - 1) & ~(page - 1);
    const std::uintptr_t end = (begin + part.p_memsz) & ~(page - 1);
    if (first < end) (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
  }
  return 1;  // no other object
}

}  // namespace

void release_program_pages() { (void)::dl_iterate_phdr(release_parts, nullptr); }

}  // namespace sys
