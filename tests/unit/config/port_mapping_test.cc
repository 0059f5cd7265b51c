// SPDX-License-Identifier: Apache-2.0
#include "config/port_mapping.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

using Catch::Matchers::Contains;
using config::ExposedPort;
using config::parse_exposed_ports;
using config::parse_port_mapping;
using config::PortMapping;
using config::PortProtocol;

TEST_CASE("ports: one mapping in all its spellings", "[config][ports]") {
  const auto [text, mapping] = GENERATE(table<std::string, PortMapping>({
      {"80", {"", 0, 80, PortProtocol::kTcp}},
      {"8080:80", {"", 8080, 80, PortProtocol::kTcp}},
      {"8080:80/tcp", {"", 8080, 80, PortProtocol::kTcp}},
      {"53:5353/udp", {"", 53, 5353, PortProtocol::kUdp}},
      {"127.0.0.1:8080:80", {"127.0.0.1", 8080, 80, PortProtocol::kTcp}},
      {"127.0.0.1::80", {"127.0.0.1", 0, 80, PortProtocol::kTcp}},
      {"[::1]:8080:80/udp", {"::1", 8080, 80, PortProtocol::kUdp}},
      {"[fe80::1]::80", {"fe80::1", 0, 80, PortProtocol::kTcp}},
      {"::80", {"", 0, 80, PortProtocol::kTcp}},
      {"::1:8080:80", {"::1", 8080, 80, PortProtocol::kTcp}},
      {":80", {"", 0, 80, PortProtocol::kTcp}},
      {"8000-8010:80", {"", 8000, 80, PortProtocol::kTcp}},
      {"65535:65535", {"", 65535, 65535, PortProtocol::kTcp}},
  }));
  CAPTURE(text);
  CHECK(parse_port_mapping(text) == std::vector<PortMapping>{mapping});
}

TEST_CASE("ports: ranges lead to ranges, in their order", "[config][ports]") {
  const std::vector<PortMapping> mappings = parse_port_mapping("127.0.0.1:8000-8002:80-82/udp");
  REQUIRE(mappings.size() == 3);
  CHECK(mappings[0] == PortMapping{"127.0.0.1", 8000, 80, PortProtocol::kUdp});
  CHECK(mappings[2] == PortMapping{"127.0.0.1", 8002, 82, PortProtocol::kUdp});
  const std::vector<PortMapping> any = parse_port_mapping("80-81");
  REQUIRE(any.size() == 2);
  CHECK(any[1] == PortMapping{"", 0, 81, PortProtocol::kTcp});
  CHECK(parse_port_mapping("1-65535").size() == 65535);
}

TEST_CASE("ports: what is none is shown with its place", "[config][ports]") {
  const auto [text, reason] = GENERATE(table<std::string, std::string>({
      {"", "from 1 to 65535"},
      {"0", "from 1 to 65535\n  0\n  ^"},
      {"80:0", "from 1 to 65535\n  80:0\n     ^"},
      {"0:80", "from 1 to 65535"},
      {"65536:80", "from 1 to 65535"},
      {"-1:80", "from 1 to 65535"},
      {"+80", "from 1 to 65535"},
      {"80 ", "from 1 to 65535"},
      {"http:80", "from 1 to 65535"},
      {"8080:80/sctp", "sctp is not supported"},
      {"8080:80/icmp", "tcp or udp\n  8080:80/icmp\n          ^"},
      {"8080:80/", "tcp or udp"},
      {"8001-8000:80-81", "ends before it begins"},
      {"8000-8001:80-82", "not of one length"},
      {"[::1:8080:80", "no \"]:\""},
      {"localhost:8080:80", "not an address"},
      {"1.2.3:8080:80", "not an address"},
      {"[]:8080:80", "not an address"},
  }));
  CAPTURE(text);
  CHECK_THROWS_WITH(parse_port_mapping(text), Contains("invalid port mapping") && Contains(reason));
}

TEST_CASE("ports: exposed ones", "[config][ports]") {
  CHECK(parse_exposed_ports("80") == std::vector<ExposedPort>{{80, PortProtocol::kTcp}});
  CHECK(parse_exposed_ports("8000-8001/udp") ==
        std::vector<ExposedPort>{{8000, PortProtocol::kUdp}, {8001, PortProtocol::kUdp}});
  CHECK_THROWS_WITH(parse_exposed_ports("80:81"), Contains("invalid port: "));
}

TEST_CASE("ports: as ps shows them", "[config][ports]") {
  CHECK(config::to_text({"", 8080, 80, PortProtocol::kTcp}) == "0.0.0.0:8080->80/tcp");
  CHECK(config::to_text({"::1", 53, 53, PortProtocol::kUdp}) == "[::1]:53->53/udp");
}
