// SPDX-License-Identifier: Apache-2.0
#include "sys/port.h"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/format.h"

using sys::Transport;

TEST_CASE("port: one that is free is found, and then it is taken", "[sys][port]") {
  const auto [transport, address] = GENERATE(table<Transport, std::string>(
      {{Transport::kTcp, "127.0.0.1"}, {Transport::kUdp, ""}, {Transport::kTcp, ""}}));
  const sys::Fd socket = sys::bind_port(transport, address, 0);
  const std::uint16_t port = sys::port_of(socket.get());
  CHECK(port != 0);
  if (transport == Transport::kTcp) REQUIRE(::listen(socket.get(), 1) == 0);
  try {
    (void)sys::bind_port(transport, address, port);
    FAIL("port " << port << " was given twice");
  } catch (const sys::Error& error) {
    CHECK(error.code() == EADDRINUSE);
  }
  const auto holder = sys::find_port_holder(transport, port);
  REQUIRE(holder);
  CHECK_THAT(*holder, Catch::Matchers::EndsWith(sys::format("(pid {})", ::getpid())));
}

TEST_CASE("port: an address that is none, or not ours", "[sys][port]") {
  CHECK_THROWS_AS(sys::bind_port(Transport::kTcp, "1.2.3", 0), sys::Error);
  CHECK_THROWS_AS(sys::bind_port(Transport::kTcp, "::g", 0), sys::Error);
  CHECK_THROWS_AS(sys::bind_port(Transport::kTcp, "198.51.100.7", 0), sys::Error);
}

TEST_CASE("port: a table of the kernel's", "[sys][port]") {
  const std::string table =
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
      "inode\n"
      "   0: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 "
      "111 1 0000000000000000 20 4 30 10 -1\n"
      "   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
      "222 1 0000000000000000 100 0 0 10 0\n"
      "   2: bad line\n";
  CHECK(sys::parse_port_holder(table, 8080, true) == 222U);
  CHECK(sys::parse_port_holder(table, 8080, false) == 111U);
  CHECK_FALSE(sys::parse_port_holder(table, 8081, false));
  CHECK_FALSE(sys::parse_port_holder("", 8080, false));
}

TEST_CASE("port: the kernel says which are root's alone", "[sys][port]") {
  CHECK(sys::first_unprivileged_port() <= 1024);
}
