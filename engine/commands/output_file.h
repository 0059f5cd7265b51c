// SPDX-License-Identifier: Apache-2.0
// Where `save` and `export` write an archive: standard output, unless that is a terminal, or a file
// that is there only when it is whole.
#pragma once

#include <string>

#include "sys/fd.h"

namespace engine {

class OutputFile {
 public:
  /// path: empty or "-" is standard output. Errors: that is a terminal.
  explicit OutputFile(const std::string& path);
  /// Takes away what was not kept.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  int fd() const { return file_.get(); }
  /// It is whole: gives the file its name.
  void keep();

 private:
  sys::Fd file_, directory_;
  std::string name_, temporary_;
};

}  // namespace engine
