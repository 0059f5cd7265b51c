// SPDX-License-Identifier: Apache-2.0
// What of a program stays in memory while it waits for a long time.
#pragma once

namespace sys {

/// Lets go of the pages of this program's own file that are not written to: those that are needed
/// still come back when they are touched. Source: madvise(2), MADV_DONTNEED; elf(5),
/// PT_LOAD.
void release_program_pages();

}  // namespace sys
