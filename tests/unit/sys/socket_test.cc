// SPDX-License-Identifier: Apache-2.0
#include "sys/socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

#include "sys/error.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace {

// More descriptors than sys would ever send.
void send_many(int socket, std::size_t count) {
  const sys::Fd null = sys::open_path("/dev/null", O_RDONLY);
  const std::vector<int> fds(count, null.get());
  std::vector<char> control(CMSG_SPACE(count * sizeof(int)));
  char byte = 'x';
  iovec data = {.iov_base = &byte, .iov_len = 1};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(part), fds.data(), count * sizeof(int));
  REQUIRE(::sendmsg(socket, &header, 0) == 1);
}

}  // namespace

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

TEST_CASE("channel: too long a message is an error", "[sys][socket]") {
  const sys::SocketPair pair = sys::make_channel();
  REQUIRE(sys::send_message(pair.first.get(), std::string(101, 'x')));
  CHECK_THROWS_AS(sys::receive_message(pair.second.get(), 100), sys::Error);
}

TEST_CASE("channel: too many descriptors are an error, and none of them stays", "[sys][socket]") {
  const sys::SocketPair pair = sys::make_channel();
  send_many(pair.first.get(), 40);
  const std::size_t before = support::names_in("/proc/self/fd").size();
  CHECK_THROWS_AS(sys::receive_message(pair.second.get(), 100), sys::Error);
  CHECK(support::names_in("/proc/self/fd").size() == before);
}

TEST_CASE("channel: what a peer said before it went with messages unread", "[sys][socket]") {
  sys::SocketPair pair = sys::make_channel();
  CHECK(sys::send_message(pair.first.get(), "never read"));
  CHECK(sys::send_message(pair.second.get(), "last words"));
  pair.second.reset();
  const auto message = sys::receive_message(pair.first.get(), 100);
  REQUIRE(message);
  CHECK(message->text == "last words");
  CHECK_FALSE(sys::receive_message(pair.first.get(), 100));
}

TEST_CASE("channel: a peer that went before it had read is told of, once", "[sys][socket]") {
  sys::SocketPair pair = sys::make_channel();
  REQUIRE(sys::send_message(pair.first.get(), "never read"));
  pair.second.reset();
  CHECK(sys::went_unheard(pair.first.get()));
  CHECK_FALSE(sys::went_unheard(pair.first.get()));
}

TEST_CASE("channel: a peer that has read went heard, and so did one that answered",
          "[sys][socket]") {
  sys::SocketPair pair = sys::make_channel();
  REQUIRE(sys::send_message(pair.first.get(), "read"));
  REQUIRE(sys::receive_message(pair.second.get(), 100));
  REQUIRE(sys::send_message(pair.second.get(), "answer"));
  CHECK_FALSE(sys::went_unheard(pair.first.get()));
  pair.second.reset();
  CHECK_FALSE(sys::went_unheard(pair.first.get()));
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

TEST_CASE("socket: a listener that goes has heard nobody who still waited", "[sys][socket]") {
  const support::TempDirectory top;
  const sys::Fd dir = sys::open_path(top.path(), O_RDONLY | O_DIRECTORY);
  sys::Fd listener = sys::listen_at(dir.get(), "socket");
  const auto connection = sys::connect_at(dir.get(), "socket");
  REQUIRE(connection);
  REQUIRE(sys::send_message(connection->get(), "start"));
  listener.reset();
  CHECK(sys::went_unheard(connection->get()));
}

TEST_CASE("socket: datagrams, to a path that everybody may write to", "[sys][socket]") {
  const support::TempDirectory top;
  const sys::Fd dir = sys::open_path(top.path(), O_RDONLY | O_DIRECTORY);
  const sys::Fd socket = sys::bind_datagram_at(dir.get(), "notify");
  struct stat status = {};
  REQUIRE(::fstatat(dir.get(), "notify", &status, 0) == 0);
  CHECK((status.st_mode & 0222U) == 0222);
  sys::send_datagram(top / "notify", "READY=1");
  CHECK(sys::receive_message(socket.get(), 100)->text == "READY=1");
}

TEST_CASE("send_message: more descriptors than a message holds are an error", "[sys][socket]") {
  const sys::SocketPair pair = sys::make_channel();
  const std::vector<int> most(16, 0);
  CHECK(sys::send_message(pair.first.get(), "x", most));
  CHECK(sys::receive_message(pair.second.get(), 100)->fds.size() == 16);
  CHECK_THROWS_AS(sys::send_message(pair.first.get(), "x", std::vector<int>(17, 0)), sys::Error);
}
