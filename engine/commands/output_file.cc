// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/output_file.h"

#include <fcntl.h>

#include <optional>

#include "engine/commands/cli.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/terminal.h"

namespace engine {

OutputFile::OutputFile(const std::string& path) {
  if (path.empty() || path == "-") {
    if (sys::is_terminal(1)) {
      throw UsageError("an archive doesn't go to a terminal: use --output, or redirect it", 0,
                       "See 'tilla --help'.");
    }
    file_ = sys::duplicate(1);
    return;
  }
  // What is no regular file (/dev/null, a FIFO, a symlink to something) is written as it is.
  const std::optional<sys::Fd> there = sys::open_path_if_exists(path, O_PATH | O_NOFOLLOW);
  if (there && !S_ISREG(sys::status_of(there->get()).st_mode)) {
    file_ = sys::open_path(path, O_WRONLY | O_TRUNC | O_NOCTTY);
    return;
  }
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  name_ = path.substr(slash == std::string::npos ? 0 : slash + 1);
  directory_ = sys::open_path(folder, O_RDONLY | O_DIRECTORY);
  temporary_ = sys::format(".{}.{}", name_.substr(0, 200), sys::own_pid());
  sys::unlink_at_if_exists(directory_.get(), temporary_);
  file_ = sys::in_context([&] { return sys::format("\"{}\"", path); },
                          [&] {
                            return sys::open_at(directory_.get(), temporary_,
                                                O_WRONLY | O_CREAT | O_EXCL, 0666);
                          });
}

OutputFile::~OutputFile() {
  if (temporary_.empty()) return;
  try {
    sys::unlink_at_if_exists(directory_.get(), temporary_);
  } catch (const sys::Error&) {
    // A destructor doesn't throw; the error that led here is told.
  }
}

void OutputFile::keep() {
  if (temporary_.empty()) return;
  sys::rename_at(directory_.get(), temporary_, name_);
  temporary_.clear();
}

}  // namespace engine
