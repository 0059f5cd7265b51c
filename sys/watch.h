// SPDX-License-Identifier: Apache-2.0
// Being told of changes in directories and files. Source: inotify(7).
#pragma once

#include "sys/fd.h"

namespace sys {

/// Tells, by becoming readable, that something was written, made, renamed or removed in what it
/// watches.
class Watch {
 public:
  Watch();
  /// Adds a directory or file by descriptor; it is watched for as long as this lives.
  void add(int fd);
  int fd() const { return fd_.get(); }
  /// Forgets what it has told.
  void clear();

 private:
  Fd fd_;
};

}  // namespace sys
