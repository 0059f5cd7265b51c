// SPDX-License-Identifier: Apache-2.0
#include "sys/fd.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "sys/error.h"
#include "sys/retry.h"

namespace sys {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::reset() noexcept {
  if (fd_ >= 0) (void)::close(fd_);  // nothing to be done about a failing close here
  fd_ = -1;
}

Fd duplicate(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw errno_error("duplicate a descriptor");
  return Fd(copy);
}

void duplicate_onto(int fd, int target) {
  if (fd == target) return set_cloexec(fd, false);
  if (retry([&] { return ::dup2(fd, target); }) < 0) throw errno_error("dup2");
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

bool survives_exec(int fd) {
  const int flags = ::fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

void set_cloexec(int fd, bool cloexec) {
  if (::fcntl(fd, F_SETFD, cloexec ? FD_CLOEXEC : 0) < 0) throw errno_error("F_SETFD");
}

void set_cloexec_from(unsigned first) {
  if (::close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) < 0) throw errno_error("close_range");
}

void close_all_but(unsigned first, std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  for (const int fd : keep) {
    const auto kept = static_cast<unsigned>(fd);
    if (fd < 0 || kept < first) continue;
    if (kept > first && ::close_range(first, kept - 1, 0) < 0) throw errno_error("close_range");
    first = kept + 1;
  }
  if (::close_range(first, ~0U, 0) < 0) throw errno_error("close_range");
}

void set_nonblocking(int fd, bool nonblocking) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) throw errno_error("F_GETFL");
  const int wanted = nonblocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted != flags && ::fcntl(fd, F_SETFL, wanted) < 0) throw errno_error("F_SETFL");
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) throw errno_error("pipe");
  return {.read_end = Fd(ends[0]), .write_end = Fd(ends[1])};
}

void write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = retry([&] { return ::write(fd, data.data(), data.size()); });
    if (count < 0) throw errno_error("write");
    data.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string read_some(int fd, std::size_t limit) {
  std::string buffer(limit, '\0');
  const ssize_t count = retry([&] { return ::read(fd, buffer.data(), buffer.size()); });
  if (count < 0) throw errno_error("read");
  buffer.resize(static_cast<std::size_t>(count));
  return buffer;
}

void rewind(int fd) {
  if (::lseek(fd, 0, SEEK_SET) < 0) throw errno_error("lseek");
}

std::string read_all(int fd, std::size_t limit) {
  std::string content;
  char buffer[16384];  // not a string's memory: that is written first, page by page
  for (;;) {
    const ssize_t count = retry([&] { return ::read(fd, buffer, sizeof(buffer)); });
    if (count < 0) throw errno_error("read");
    if (count == 0) return content;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > limit) throw errno_error("read", EFBIG);
  }
}

Fd sealed_memory_file(const char* name, std::string_view content) {
  Fd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) throw errno_error("memfd_create");
  write_all(file.get(), content);
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) <
      0) {
    throw errno_error("seal a memory file");
  }
  return file;
}

}  // namespace sys
