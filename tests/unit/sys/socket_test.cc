// SPDX-License-Identifier: Apache-2.0
#include "sys/socket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/open.h"
#include "tests/support/harness.h"

TEST_CASE("channel: whole messages with their descriptors, close-on-exec", "[sys][socket]") {
  const sys::SocketPair pair = sys::make_channel();
  const sys::Pipe pipe = sys::make_pipe();
  REQUIRE(sys::send_message(pair.first.get(), "hello", {pipe.write_end.get()}));
  const auto message = sys::receive_message(pair.second.get(), 100);
  REQUIRE(message);
  CHECK(message->text == "hello");
  REQUIRE(message->fds.size() == 1);
  CHECK((::fcntl(message->fds[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(::write(message->fds[0].get(), "x", 1) == 1);
}

TEST_CASE("channel: too long a message is an error, and so are too many descriptors",
          "[sys][socket]") {
  const sys::SocketPair pair = sys::make_channel();
  REQUIRE(sys::send_message(pair.first.get(), std::string(101, 'x')));
  CHECK_THROWS_AS(sys::receive_message(pair.second.get(), 100), sys::Error);
}

TEST_CASE("channel: nobody there is no signal", "[sys][socket]") {
  sys::SocketPair pair = sys::make_channel();
  pair.second.reset();
  CHECK_FALSE(sys::send_message(pair.first.get(), "hello"));
  CHECK_FALSE(sys::receive_message(pair.first.get(), 100));
}

TEST_CASE("socket: in a directory of any length, for us alone", "[sys][socket]") {
  const support::TempDirectory top;
  const std::string deep = (top / std::string(120, 'd')) + "/" + std::string(120, 'e');
  support::make_directory(deep);
  const sys::Fd dir = sys::open_path(deep, O_RDONLY | O_DIRECTORY);
  const sys::Fd listener = sys::listen_at(dir.get(), "socket");
  struct stat status = {};
  REQUIRE(::fstatat(dir.get(), "socket", &status, 0) == 0);
  CHECK((status.st_mode & 07777U) == 0600);
  const auto connection = sys::connect_at(dir.get(), "socket");
  REQUIRE(connection);
  CHECK(sys::peer_uid(sys::accept_connection(listener.get()).get()) == ::geteuid());
}

TEST_CASE("socket: nobody listening is no error", "[sys][socket]") {
  const support::TempDirectory top;
  const sys::Fd dir = sys::open_path(top.path(), O_RDONLY | O_DIRECTORY);
  CHECK_FALSE(sys::connect_at(dir.get(), "socket"));
  (void)sys::listen_at(dir.get(), "socket");  // and gone
  CHECK_FALSE(sys::connect_at(dir.get(), "socket"));
}
