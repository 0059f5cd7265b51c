// SPDX-License-Identifier: Apache-2.0
// A cgroup v2 for a test of the host's root, wherever its mount is.
#pragma once

#include <string>

#include "sys/fd.h"

namespace support {

/// The first mount of cgroup v2 that we see; "": none.
std::string cgroup2_mount();

/// A directory of cgroup v2 that goes with the object, with whoever is in it.
class ScratchCgroup {
 public:
  ScratchCgroup();
  ~ScratchCgroup();
  ScratchCgroup(const ScratchCgroup&) = delete;
  ScratchCgroup& operator=(const ScratchCgroup&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  int fd() const { return fd_.get(); }

 private:
  std::string path_;
  sys::Fd fd_;
};

}  // namespace support
