// SPDX-License-Identifier: Apache-2.0
#include "sys/fd.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"

TEST_CASE("Fd: closes what it owns, once, and gives it away when moved", "[sys][fd]") {
  sys::Pipe pipe = sys::make_pipe();
  const int number = pipe.read_end.get();
  sys::Fd other = std::move(pipe.read_end);
  CHECK(other.get() == number);
  CHECK(sys::is_open(number));
  other.reset();
  other.reset();
  CHECK_FALSE(sys::is_open(number));
}

TEST_CASE("Fd: everything is close-on-exec from birth", "[sys][fd]") {
  const sys::Pipe pipe = sys::make_pipe();
  const sys::Fd copy = sys::duplicate(pipe.read_end.get());
  const sys::Fd file = sys::sealed_memory_file("test", "x");
  for (const int fd : {pipe.read_end.get(), pipe.write_end.get(), copy.get(), file.get()}) {
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("close_all_but: keeps those named and those below", "[sys][fd]") {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int fd = 100; fd < 110; ++fd) ::dup2(0, fd);
    sys::close_all_but(100, {105, 3, -1, 107, 105});
    for (int fd = 100; fd < 110; ++fd) {
      if (sys::is_open(fd) != (fd == 105 || fd == 107)) ::_exit(fd);
    }
    ::_exit(sys::is_open(0) ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("read_all: is bounded", "[sys][fd]") {
  const sys::Fd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  CHECK_THROWS_AS(sys::read_all(zero.get(), 100000), sys::Error);
}

TEST_CASE("sealed memory file: nobody can change it", "[sys][fd]") {
  const sys::Fd file = sys::sealed_memory_file("test", "content");
  CHECK(::pwrite(file.get(), "x", 1, 0) == -1);
  CHECK(::ftruncate(file.get(), 0) == -1);
  CHECK(::fcntl(file.get(), F_ADD_SEALS, 0) == -1);
}
