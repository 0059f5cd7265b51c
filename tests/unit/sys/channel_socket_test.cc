// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "sys/socket.h"

using namespace sys;

TEST_CASE("receive_message: what a peer said before it went with messages unread",
          "[sys][socket]") {
  SocketPair pair = make_channel();
  CHECK(send_message(pair.first.get(), "never read"));
  CHECK(send_message(pair.second.get(), "last words"));
  pair.second.reset();
  const auto message = receive_message(pair.first.get(), 100);
  REQUIRE(message);
  CHECK(message->text == "last words");
  CHECK_FALSE(receive_message(pair.first.get(), 100));
}

TEST_CASE("receive_message: descriptors come along", "[sys][socket]") {
  const SocketPair pair = make_channel();
  const Pipe pipe = make_pipe();
  CHECK(send_message(pair.first.get(), "with a pipe", {pipe.write_end.get()}));
  const auto message = receive_message(pair.second.get(), 100);
  REQUIRE(message->fds.size() == 1);
  write_all(message->fds[0].get(), "hello");
  CHECK(read_some(pipe.read_end.get(), 10) == "hello");
}

TEST_CASE("receive_message: a message beyond the limit is an error", "[sys][socket]") {
  const SocketPair pair = make_channel();
  CHECK(send_message(pair.first.get(), std::string(101, 'x')));
  CHECK_THROWS(receive_message(pair.second.get(), 100));
}

TEST_CASE("send_message: a peer that is gone is no signal and no error", "[sys][socket]") {
  SocketPair pair = make_channel();
  pair.second.reset();
  CHECK_FALSE(send_message(pair.first.get(), "anybody"));
}
