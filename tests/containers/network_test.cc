// SPDX-License-Identifier: Apache-2.0
// The network by pasta: what reaches a container, and what it reaches.
#include <algorithm>

#include "config/port_mapping.h"
#include "sys/port.h"
#include "tests/containers/scene.h"
#include "tests/support/needs.h"

using Catch::Matchers::Contains;
using containers::Scene;
using support::Result;

namespace {

bool has_pasta() {
  return support::run({"/bin/sh", "-c",
                       "command -v pasta && [ -r /dev/net/tun ] && [ -w /dev/net/tun ] && ip route "
                       "show default | grep -q ."})
             .exit_code == 0;
}
const support::Need kPasta = {"pasta, /dev/net/tun and a default route", has_pasta, true};

std::string free_port() {
  return std::to_string(sys::port_of(sys::bind_port(sys::Transport::kTcp, "127.0.0.1", 0).get()));
}

/// What a server on that port of 127.0.0.1 says.
std::string ask(const std::string& port) {
  return support::run({"/bin/busybox", "timeout", "5", "/bin/busybox", "nc", "127.0.0.1", port})
      .out;
}

}  // namespace

TEST_CASE("network: one by pasta, which ends with the container", "[run][network]") {
  if (support::is_missing(kPasta)) return;
  const Scene scene;
  const std::string file = scene.tilla() / "cid";
  const Result result = scene.shell("ip route", {"--network", "pasta", "--cidfile", file});
  INFO(result.all());
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.out, Contains("default via"));
  CHECK(result.err.empty());
  const auto pasta = [&] {  // not the shell that looks for it
    return support::run({"/bin/sh", "-c", "pgrep -f 'past[a] .*" + support::read_text(file) + "'"});
  };
  for (int i = 0; i < 50 && !pasta().out.empty(); ++i) {
    (void)support::run({"sleep", "0.1"});  // it is told by inotify
  }
  CHECK(pasta().out.empty());
}

TEST_CASE("network: none has the loopback alone", "[run][network]") {
  const Scene scene;
  const Result result = scene.shell("ip route; ip -o link", {"--network", "none"});
  CHECK(result.err.empty());
  CHECK_THAT(result.out, Contains("lo:") && !Contains("default via"));
}

TEST_CASE("network: a published port leads into the container", "[run][network]") {
  if (support::is_missing(kPasta)) return;
  const Scene scene;
  const std::string port = free_port();
  const Result started =
      scene.shell("while :; do echo served | nc -l -p 80; done",
                  {"--network", "pasta", "-d", "--name", "web", "-p", "127.0.0.1:" + port + ":80"});
  INFO(started.all());
  REQUIRE(started.exit_code == 0);
  std::string answer;
  for (int i = 0; i < 50 && answer.empty(); ++i) answer = ask(port);
  CHECK(answer == "served\n");
  CHECK(scene.tilla().must({"port", "web"}) == "80/tcp -> 127.0.0.1:" + port + "\n");
  CHECK(scene.tilla().must({"port", "web", "80"}) == "127.0.0.1:" + port + "\n");
  CHECK(scene.tilla().call({"port", "web", "81"}).exit_code == 1);
  CHECK_THAT(scene.tilla().must({"ps"}), Contains("127.0.0.1:" + port + "->80/tcp"));
  // Taken: the message says by whom.
  const Result second =
      scene.shell("true", {"--network", "pasta", "-p", "127.0.0.1:" + port + ":81"});
  CHECK(second.exit_code == 125);
  CHECK_THAT(second.err, Contains("already allocated") && Contains("\"web\""));
  scene.tilla().must({"rm", "-f", "web"});
  CHECK(ask(port).empty());
}

TEST_CASE("t_network_loopback: what listens on the host's loopback is not reached from within",
          "[security][network]") {
  if (support::is_missing(kPasta)) return;
  const Scene scene;
  const support::TempDirectory files;
  support::write_text(files / "secret", "of the host\n");
  const std::string port = free_port();
  const support::Program server(
      {"/bin/busybox", "httpd", "-f", "-p", "127.0.0.1:" + port, "-h", files.path()});
  // busybox's wget is none for this: linked statically, it dies of any name or address.
  const auto fetch = [](const std::string& address, const std::string& of_port) {
    return "printf 'GET /secret HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 3 " + address + " " +
           of_port + ";";
  };
  Result of_host;
  for (int i = 0; i < 50 && of_host.out.empty(); ++i) {
    of_host = support::run({"/bin/sh", "-c", fetch("127.0.0.1", port)});
  }
  REQUIRE_THAT(of_host.out, Contains("of the host"));  // it is there
  const Result inside = scene.shell(
      "gateway=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); own=$(ip route | sed -n "
      "'s/.* src \\([^ ]*\\).*/\\1/p'); for at in 127.0.0.1 $gateway $own 169.254.1.1; do " +
          fetch("$at", port) +
          " done; echo \"tried $gateway and $own\"; echo inside > /tmp/secret; " +
          "busybox httpd -p 127.0.0.1:82 -h /tmp; " + fetch("127.0.0.1", "82"),
      {"--network", "pasta"});
  INFO(inside.all());
  CHECK(inside.out.find("of the host") == std::string::npos);
  CHECK(inside.out.find("tried  and ") == std::string::npos);
  CHECK_THAT(inside.out, Contains("inside"));  // such a request can be made there
}

TEST_CASE("t_image_ports: what an image exposes and is no port is told, and nothing more",
          "[security][network]") {
  if (support::is_missing(kPasta)) return;
  const Scene scene;
  scene.add_image("evil", containers::busybox_root(), [](config::ContainerConfig& image) {
    image.exposed_ports = {"80/tcp", "0", "99999", "1.2.3.4/80", "22:22", "80\n81", "-t all"};
  });
  const Result result =
      scene.run({"--network", "pasta", "-d", "--name", "evil", "-P", "evil", "sleep", "60"});
  INFO(result.all());
  CHECK(result.exit_code == 0);
  CHECK_THAT(result.err, Contains("which is no port"));
  const std::string ports = scene.tilla().must({"port", "evil"});
  CHECK_THAT(ports, Catch::StartsWith("80/tcp -> 0.0.0.0:"));
  CHECK(std::count(ports.begin(), ports.end(), '\n') == 1);
  scene.tilla().must({"rm", "-f", "evil"});
}
