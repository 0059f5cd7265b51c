// SPDX-License-Identifier: Apache-2.0
// A state directory of a test's own, gone when the test ends.
#pragma once

#include <fcntl.h>
#include <stdlib.h>

#include <string>

#include "runtime/commands/state_store.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"

class ScratchStore {
 public:
  ScratchStore() {
    char path[] = "/tmp/tilla-test-XXXXXX";
    if (::mkdtemp(path) == nullptr) throw sys::errno_error("mkdtemp");
    path_ = path;
  }
  ~ScratchStore() {
    const sys::Fd tmp = sys::open_path("/tmp", O_PATH | O_DIRECTORY);
    sys::remove_tree_at(tmp.get(), path_.substr(5));
  }
  ScratchStore(const ScratchStore&) = delete;
  ScratchStore& operator=(const ScratchStore&) = delete;

  std::string path() const { return path_ + "/state"; }
  runtime::StateStore open() const { return runtime::StateStore::open(path()); }
  std::vector<std::string> entries() const {
    return sys::list_directory(sys::open_path(path(), O_RDONLY | O_DIRECTORY).get());
  }

 private:
  std::string path_;
};
