// SPDX-License-Identifier: Apache-2.0
// `tilla run` in the foreground: exit codes, the program, its surroundings.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/containers/scene.h"
#include "tests/support/needs.h"

namespace {

using Catch::Contains;
using containers::Result;
using containers::Scene;

TEST_CASE("run: the program's output, errors, input and exit code", "[run]") {
  const Scene scene;
  const Result result =
      scene.run({"-i", "box", "sh", "-c", "cat; echo err >&2; exit 42"}, {.input = "in\n"});
  CHECK(result.out == "in\n");
  CHECK_THAT(result.err, Contains("err\n"));
  CHECK(result.exit_code == 42);
  CHECK(scene.containers().empty());
  CHECK(scene.tilla().left().empty());
}

TEST_CASE("run: docker's exit codes of what never ran", "[run]") {
  const Scene scene;
  CHECK(scene.run({"box", "/nope"}).exit_code == 127);
  CHECK(scene.run({"box", "nope"}).exit_code == 127);
  CHECK(scene.run({"box", "/etc/passwd"}).exit_code == 126);
  CHECK(scene.run({"box", "/etc"}).exit_code == 126);
  CHECK(scene.run({"nobody-has-this-image", "true"}).exit_code == 125);
  CHECK(scene.run({"--no-such-flag", "box"}).exit_code == 125);
  CHECK(scene.run({}).exit_code == 125);
  CHECK(scene.containers().empty());
}

TEST_CASE("run: a signal's end is 128 + n", "[run]") {
  const Scene scene;
  support::Program program({support::tilla_program(), "--root", scene.tilla().root(), "run", "--rm",
                            "--network", "none", "--name", "victim", "box", "sh", "-c",
                            "echo ready; sleep 100"});
  program.wait_for("ready");
  CHECK(scene.tilla().must({"ps", "--format", "{{.Names}} {{.State}}"}) == "victim running\n");
  (void)scene.tilla().must({"kill", "victim"});
  CHECK(program.wait().exit_code == 137);
  CHECK(scene.containers().empty());
}

TEST_CASE("run: signals to tilla are passed on", "[run]") {
  const Scene scene;
  support::Program program(
      {support::tilla_program(), "--root", scene.tilla().root(), "run", "--rm", "--network", "none",
       "box", "sh", "-c",
       "trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.1; done"});
  program.wait_for("ready");
  program.signal(SIGTERM);
  const Result result = program.wait();
  CHECK_THAT(result.out, Contains("caught"));
  CHECK(result.exit_code == 7);
  CHECK(scene.containers().empty());
}

TEST_CASE("run: without --rm the container stays, and what it has changed", "[run]") {
  const Scene scene;
  const Result result = scene.tilla().call(
      {"run", "--network", "none", "--name", "kept", "box", "sh", "-c", "echo x > /new; exit 3"});
  CHECK(result.exit_code == 3);
  CHECK(scene.containers().size() == 1);
  CHECK_THAT(scene.tilla().must({"diff", "kept"}), Contains("A /new\n"));
  CHECK_THAT(scene.tilla().must({"ps", "-a"}), Contains("Exited (3)") && Contains("kept"));
  CHECK(scene.tilla().call({"run", "--name", "kept", "box", "true"}).exit_code == 125);
  (void)scene.tilla().must({"rm", "kept"});
  CHECK(scene.containers().empty());
}

TEST_CASE("run: every container is process 1 of its own, with a root of its own", "[run]") {
  const Scene scene;
  CHECK(scene.shell("echo $$").out == "1\n");
  CHECK(scene.shell("echo x > /bin/new; ls /bin/new").out == "/bin/new\n");
  CHECK(scene.shell("ls /bin/new").exit_code != 0);
}

TEST_CASE("run: host name, by default of the id", "[run]") {
  const Scene scene;
  CHECK(scene.shell("hostname; cat /etc/hostname; echo $HOSTNAME", {"--hostname", "web"}).out ==
        "web\nweb\nweb\n");
  CHECK(scene.shell("hostname").out.size() == 13);
  CHECK_THAT(scene.shell("cat /etc/hosts", {"--add-host", "db:10.0.0.1"}).out,
             Contains("10.0.0.1\tdb\n"));
  CHECK(scene.shell("cat /etc/resolv.conf", {"--dns", "192.0.2.1", "--dns-search", "a.b"})
            .out.starts_with("nameserver 192.0.2.1\n"));
}

TEST_CASE("run: environment, working directory, entrypoint", "[run]") {
  const Scene scene;
  scene.add_image("app", containers::busybox_root(), [](config::ContainerConfig& image) {
    image.env = {"FROM=image", "BOTH=image", "odd"};
    image.entrypoint = {"sh", "-c", "echo $0 $FROM $BOTH $OWN; pwd"};
    image.cmd = {"cmd"};
    image.working_dir = "/made/here";
  });
  const Result result = scene.run({"-e", "BOTH=flag", "-e", "OWN", "app"}, {.env = {"OWN=mine"}});
  CHECK(result.out == "cmd image flag mine\n/made/here\n");
  CHECK_THAT(result.err, Contains("odd") && Contains("sets nothing"));
  CHECK(scene.run({"app", "arg"}).out == "arg image image\n/made/here\n");
  CHECK(scene.run({"--entrypoint", "pwd", "-w", "/tmp", "app"}).out == "/tmp\n");
  CHECK(scene.run({"--entrypoint", "", "app"}).exit_code == 125);
}

TEST_CASE("run: users by the image's own files", "[run]") {
  NEEDS(range);
  const Scene scene;
  CHECK(scene.shell("id -u; id -g; echo $HOME", {"-u", "app"}).out == "1000\n1000\n/srv/app\n");
  CHECK_THAT(scene.shell("id -G", {"-u", "app"}).out, Contains("77"));
  CHECK(scene.shell("id -u; id -g", {"-u", "1234:77"}).out == "1234\n77\n");
  const Result unknown = scene.shell("true", {"-u", "nobody-there"});
  CHECK(unknown.exit_code == 125);
  CHECK_THAT(unknown.err, Contains("unable to find user nobody-there"));
}

TEST_CASE("run: a single id runs as root alone", "[run][user]") {
  NEEDS(single);
  const Scene scene("single");
  CHECK(scene.shell("id -u; touch /x && stat -c %u /x").out == "0\n0\n");
  CHECK(scene.shell("true", {"-u", "1000"}).exit_code == 125);
}

TEST_CASE("run: read-only, but for the tmpfs", "[run]") {
  const Scene scene;
  const std::string line = "touch /x 2>/dev/null && echo root; touch /tmp/x && echo tmp";
  CHECK(scene.shell(line, {"--read-only"}).out == "tmp\n");
  CHECK(scene.shell(line, {"--read-only", "--read-only-tmpfs=false"}).out == "");
  CHECK(scene.shell(line).out == "root\ntmp\n");
}

TEST_CASE("run: binds, read-only and not; a source that isn't there", "[run]") {
  const Scene scene;
  const std::string data = scene.tilla() / "data";
  support::make_directory(data);
  support::write_text(data + "/file", "of the host\n");
  CHECK(scene.shell("cat /data/file; echo new > /data/made", {"-v", data + ":/data"}).out ==
        "of the host\n");
  CHECK(support::read_text(data + "/made") == "new\n");
  CHECK(scene.shell("echo x > /data/file", {"-v", data + ":/data:ro"}).exit_code != 0);
  CHECK(support::read_text(data + "/file") == "of the host\n");
  const Result missing = scene.shell("true", {"-v", data + "/nope:/data"});
  CHECK(missing.exit_code == 125);
  CHECK_THAT(missing.err, Contains("bind source path does not exist: " + data + "/nope"));
}

TEST_CASE("run: volumes live on, and begin with what the image has", "[run]") {
  const Scene scene;
  scene.add_image("data", containers::busybox_root().directory("data/").file("data/first", "1\n"),
                  [](config::ContainerConfig& image) { image.volumes = {"/data"}; });
  CHECK(
      scene.run({"-v", "mine:/data", "data", "sh", "-c", "cat /data/first; echo 2 > /data/second"})
          .out == "1\n");
  CHECK(scene.run({"-v", "mine:/other", "box", "sh", "-c", "cat /other/first /other/second"}).out ==
        "1\n2\n");
  // Anonymous: gone with --rm.
  CHECK(scene.run({"data", "cat", "/data/first"}).out == "1\n");
  CHECK(scene.volumes() == std::vector<std::string>{"mine"});
}

TEST_CASE("run: no network is no network", "[run]") {
  const Scene scene;
  CHECK(scene.shell("ip link | grep -c UP").out == "1\n");
  CHECK(scene.shell("ping -c 1 -W 1 127.0.0.1 > /dev/null && echo pong").out == "pong\n");
}

TEST_CASE("run: the host's network on request", "[run]") {
  const Scene scene;
  const std::string own = support::run({"readlink", "/proc/self/ns/net"}).out;
  CHECK(scene.shell("readlink /proc/self/ns/net", {"--network", "host"}).out == own);
  CHECK(scene.shell("readlink /proc/self/ns/net").out != own);
}

TEST_CASE("run: the default profile is in force, and can be switched off", "[run]") {
  const Scene scene;
  // mount(2) with nonsense: EPERM by the profile, EFAULT or EPERM without it.
  CHECK_THAT(scene.shell("grep Seccomp: /proc/self/status").out, Contains("2"));
  CHECK_THAT(
      scene.shell("grep Seccomp: /proc/self/status", {"--security-opt", "seccomp=unconfined"}).out,
      Contains("0"));
}

TEST_CASE("run: capabilities are docker's, less or more", "[run]") {
  const Scene scene;
  const std::string line = "grep CapBnd /proc/self/status";
  CHECK_THAT(scene.shell(line).out, Contains("00000000a80425fb"));
  CHECK_THAT(scene.shell(line, {"--cap-drop", "all"}).out, Contains("0000000000000000"));
  CHECK_THAT(scene.shell(line, {"--cap-drop", "all", "--cap-add", "chown"}).out,
             Contains("0000000000000001"));
}

TEST_CASE("run: -t gives a terminal", "[run]") {
  const Scene scene;
  const Result result = scene.run(
      {"-it", "--network", "none", "box", "sh", "-c", "tty; test -t 0 && echo yes"}, {.pty = true});
  CHECK_THAT(result.out, Contains("/dev/pts/0"));
  CHECK_THAT(result.out, Contains("yes"));
  CHECK(scene.shell("tty").exit_code != 0);
}

TEST_CASE("run: --rootfs runs a directory, and :O leaves it as it is", "[run]") {
  const Scene scene;
  const support::Bundle bundle;
  const std::string root = bundle.rootfs();
  CHECK(scene
            .run({"--network", "none", "--rootfs", root + ":O", "sh", "-c",
                  "echo x > /new; cat /new"})
            .out == "x\n");
  CHECK_FALSE(support::exists(root + "/new"));
  CHECK(scene.run({"--network", "none", "--rootfs", root, "sh", "-c", "echo x > /new"}).exit_code ==
        0);
  CHECK(support::exists(root + "/new"));
  CHECK(scene.run({"--rootfs", root}).exit_code == 125);
}

TEST_CASE("run: --cidfile", "[run]") {
  const Scene scene;
  const std::string file = scene.tilla() / "cid";
  CHECK(scene.shell("true", {"--cidfile", file}).exit_code == 0);
  CHECK(support::read_text(file).size() == 64);
  CHECK_THAT(scene.shell("true", {"--cidfile", file}).err, Contains("container ID file found"));
}

TEST_CASE("run: what isn't there is refused by name", "[run]") {
  const Scene scene;
  const auto words = GENERATE(
      std::vector<std::string>{"--gpus", "all"}, std::vector<std::string>{"-p", "80:x"},
      std::vector<std::string>{"--network", "slirp4netns"},
      std::vector<std::string>{"--uidmap", "0:1:2"},
      std::vector<std::string>{"--volumes-from", "x"}, std::vector<std::string>{"-v", "data:/x:U"});
  const Result result = scene.shell("true", words);
  CHECK(result.exit_code == 125);
  CHECK_FALSE(result.err.empty());
  CHECK(scene.containers().empty());
}

}  // namespace
