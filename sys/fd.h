// SPDX-License-Identifier: Apache-2.0
// Ownership of file descriptors. `int fd` borrows, `Fd` by value owns; every descriptor of ours is
// close-on-exec from birth, inheritance is explicit (INV-4).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sys {

/// Owns one descriptor; empty is -1.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) noexcept : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  /// Hands the descriptor over to the kernel or to C; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset() noexcept;

 private:
  int fd_ = -1;
};

/// A close-on-exec duplicate of `fd`.
Fd duplicate(int fd);
/// Makes descriptor `target` (0, 1, 2) refer to what `fd` does; it survives exec.
void duplicate_onto(int fd, int target);
/// True when `fd` is an open descriptor of this process.
bool is_open(int fd);
/// True when it is one that our caller left open for us: all of ours are close-on-exec.
bool survives_exec(int fd);
/// Sets or clears close-on-exec.
void set_cloexec(int fd, bool cloexec);
/// Marks every descriptor from `first` on as close-on-exec. Source: close_range(2).
void set_cloexec_from(unsigned first);
/// Closes every descriptor from `first` on that is not in `keep`.
void close_all_but(unsigned first, std::vector<int> keep);
void set_nonblocking(int fd, bool nonblocking);

/// The next read starts at the beginning of the file.
void rewind(int fd);

struct Pipe {
  Fd read_end, write_end;
};
Pipe make_pipe();

/// Writes all of `data`. Errors: as write(2); EPIPE is an error, never a signal for sockets.
void write_all(int fd, std::string_view data);
/// Reads until end of file, at most `limit` bytes. Errors: EFBIG when there is more.
std::string read_all(int fd, std::size_t limit);
/// One read; empty at end of file.
std::string read_some(int fd, std::size_t limit);

/// A memory file without write access for anybody: sealed against writing, growing and shrinking.
/// Source: memfd_create(2), F_ADD_SEALS.
Fd sealed_memory_file(const char* name, std::string_view content);

}  // namespace sys
