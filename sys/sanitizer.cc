// SPDX-License-Identifier: Apache-2.0
// For SAN=1 alone: tells AddressSanitizer of the helper's stack (clone.cc), which it would take for
// a part of the heap: an exception or _exit on it could not clean up behind itself, and later
// frames in the same place would be reported. The linker puts this in the place of clone(2).
#if defined(__SANITIZE_ADDRESS__)

#include <sanitizer/common_interface_defs.h>

#include <cstddef>

using Entry = int (*)(void*);

extern "C" {
// Names that the linker's --wrap demands.
// NOLINTBEGIN(bugprone-reserved-identifier)
int __real_clone(Entry entry, void* stack_top, int flags, void* argument);
int __wrap_clone(Entry entry, void* stack_top, int flags, void* argument);
// NOLINTEND(bugprone-reserved-identifier)
}

namespace {

struct Stack {
  const void* bottom = nullptr;
  std::size_t size = 0;
};

// From here on this thread is on `stack`, as far as AddressSanitizer knows. Returns the one before.
Stack switch_to(const Stack& stack) {
  Stack before;
  __sanitizer_start_switch_fiber(nullptr, stack.bottom, stack.size);
  __sanitizer_finish_switch_fiber(nullptr, &before.bottom, &before.size);
  return before;
}

}  // namespace

// The helper shares our memory, and thus what is known of our stack, while we wait for it
// (CLONE_VFORK); whoever it clones gets a copy.
int __wrap_clone(Entry entry, void* stack_top, int flags, void* argument) {
  constexpr std::size_t kHelperStack = std::size_t{1024} * 1024;  // clone.cc's
  const Stack own =
      switch_to({.bottom = static_cast<char*>(stack_top) - kHelperStack, .size = kHelperStack});
  const int result = __real_clone(entry, stack_top, flags, argument);
  (void)switch_to(own);
  return result;
}

#endif
