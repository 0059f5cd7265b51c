// SPDX-License-Identifier: Apache-2.0
#include "sys/watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {

Watch::Watch() : fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!fd_) throw errno_error("inotify_init");
}

void Watch::add(int fd) {
  constexpr std::uint32_t kChanges =
      IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE;
  if (::inotify_add_watch(fd_.get(), fd_path(fd).c_str(), kChanges) < 0) {
    throw errno_error("inotify_add_watch");
  }
}

void Watch::clear() {
  char events[4096];
  while (retry([&] { return ::read(fd_.get(), events, sizeof(events)); }) > 0) {
  }
}

}  // namespace sys
