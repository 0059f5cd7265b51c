// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/copy_up.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <string>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/procfs.h"

namespace runtime {
namespace {

constexpr int kMaxDepth = 64;

void copy_directory(int from, int to, int depth);

void copy_entry(int from, int to, const std::string& name, int depth) {
  const sys::Fd entry = sys::open_at(from, name, O_PATH);
  const struct stat status = sys::status_of(entry.get());
  if (status.st_dev != sys::status_of(from).st_dev) return;
  const mode_t mode = status.st_mode & 07777U;
  if (S_ISLNK(status.st_mode)) {
    (void)sys::make_symlink_at(sys::read_link_at(from, name), to, name);
  } else if (S_ISDIR(status.st_mode)) {
    (void)sys::make_directory_at(to, name, 0700);
    const sys::Fd source = sys::open_at(entry.get(), ".", O_RDONLY | O_DIRECTORY);
    const sys::Fd target = sys::open_at(to, name, O_RDONLY | O_DIRECTORY);
    copy_directory(source.get(), target.get(), depth + 1);
    sys::set_owner_and_mode(target.get(), status.st_uid, status.st_gid, mode);
  } else if (S_ISREG(status.st_mode)) {
    const sys::Fd source = sys::reopen(sys::Procfs::open(), entry.get(), O_RDONLY);
    const sys::Fd target = sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    sys::copy_content(source.get(), target.get());
    sys::set_owner_and_mode(target.get(), status.st_uid, status.st_gid, mode);
  }
}

void copy_directory(int from, int to, int depth) {
  if (depth > kMaxDepth) throw sys::errno_error("copy into the tmpfs", ELOOP);
  for (const std::string& name : sys::list_directory(from)) {
    sys::in_context("copy \"" + name + "\"", [&] { copy_entry(from, to, name, depth); });
  }
}

}  // namespace

void copy_up(int from, int to) {
  const sys::Fd source = sys::open_at(from, ".", O_RDONLY | O_DIRECTORY);
  const sys::Fd target = sys::open_at(to, ".", O_RDONLY | O_DIRECTORY);
  copy_directory(source.get(), target.get(), 0);
}

}  // namespace runtime
