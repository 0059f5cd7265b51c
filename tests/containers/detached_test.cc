// SPDX-License-Identifier: Apache-2.0
// Containers with a monitor: in the background, stopped, started again, looked at.
#include <catch2/catch.hpp>

#include "tests/containers/scene.h"
#include "tests/support/needs.h"

namespace {

using Catch::Contains;
using containers::Result;
using containers::Scene;

// Ends what a test leaves running.
class Background {
 public:
  ~Background() {
    for (const std::string& id : scene.containers()) (void)call({"rm", "--force", "-v", id});
  }

  /// `run -d --name NAME FLAGS box sh -c LINE`; its id.
  std::string start(const std::string& name, const std::string& line,
                    const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> words = {"run", "-d", "--network", "none", "--name", name};
    words.insert(words.end(), flags.begin(), flags.end());
    words.insert(words.end(), {"box", "sh", "-c", line});
    const std::string id = scene.tilla().must(words);
    return id.substr(0, id.find('\n'));
  }
  std::string state(const std::string& name) const {
    const std::string all =
        "\n" + scene.tilla().must({"ps", "-a", "--format", "{{.Names}}={{.State}}"});
    const std::size_t at = all.find("\n" + name + "=");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 2;
    return all.substr(begin, all.find('\n', begin) - begin);
  }
  Result call(const std::vector<std::string>& words) const { return scene.tilla().call(words); }
  std::string logs(const std::string& name) const { return call({"logs", name}).out; }
  bool has_state(const std::string& name, const std::string& wanted) const {
    return support::eventually([&] { return state(name) == wanted; });
  }

  Scene scene;
};

TEST_CASE("run -d: the id is printed, the program goes on, the log is kept", "[detached]") {
  const Background background;
  const std::string id = background.start("web", "echo out; echo err >&2; sleep 100");
  CHECK(id.size() == 64);
  CHECK(background.state("web") == "running");
  CHECK(support::eventually([&] { return background.call({"logs", "web"}).all().size() == 8; }));
  const Result logs = background.call({"logs", "web"});
  CHECK(logs.out == "out\n");
  CHECK(logs.err == "err\n");
}

TEST_CASE("stop: the stop signal; start goes on with its files", "[detached]") {
  const Background background;
  (void)background.start(
      "web", "echo x >> /runs; wc -l < /runs; trap 'exit 5' TERM; while :; do sleep 0.1; done");
  CHECK(support::eventually([&] { return background.logs("web") == "1\n"; }));
  CHECK(background.call({"stop", "web"}).out == "web\n");
  CHECK(background.state("web") == "exited");
  CHECK(background.call({"wait", "web"}).out == "5\n");
  CHECK(background.call({"start", "web"}).out == "web\n");
  CHECK(support::eventually([&] { return background.logs("web") == "1\n2\n"; }));
  CHECK(background.call({"restart", "-t", "0", "web"}).exit_code == 0);
  CHECK(support::eventually([&] { return background.logs("web") == "1\n2\n3\n"; }));
}

TEST_CASE("kill, wait and exit codes", "[detached]") {
  const Background background;
  (void)background.start("web", "sleep 100");
  CHECK(background.call({"kill", "web"}).exit_code == 0);
  CHECK(background.has_state("web", "exited"));
  CHECK(background.call({"wait", "web"}).out == "137\n");
  const Result again = background.call({"kill", "web"});
  CHECK(again.exit_code == 1);
  CHECK_THAT(again.err, Contains("container web is not running"));
}

TEST_CASE("rm: a running container only by force; with it all is gone", "[detached]") {
  const Background background;
  (void)background.start("web", "sleep 100", {"-v", "/data"});
  CHECK(background.scene.volumes().size() == 1);
  const Result refused = background.call({"rm", "web"});
  CHECK(refused.exit_code == 1);
  CHECK_THAT(refused.err, Contains("container web is running"));
  CHECK(background.call({"rm", "-f", "-v", "web"}).exit_code == 0);
  CHECK(background.scene.containers().empty());
  CHECK(background.scene.volumes().empty());
}

TEST_CASE("run -d --rm: nothing is left after the end", "[detached]") {
  const Background background;
  (void)background.start("web", "true", {"--rm", "-v", "/data"});
  CHECK(support::eventually([&] { return background.scene.containers().empty(); }));
  CHECK(support::eventually([&] { return background.scene.volumes().empty(); }));
}

TEST_CASE("exec: in the container, with its own exit codes", "[detached]") {
  const Background background;
  const std::string id = background.start("web", "sleep 100");
  CHECK(background.call({"exec", "web", "hostname"}).out == id.substr(0, 12) + "\n");
  CHECK(
      background.call({"exec", "-e", "A=1", "-w", "/tmp", "web", "sh", "-c", "echo $A; pwd"}).out ==
      "1\n/tmp\n");
  CHECK(background.call({"exec", "web", "sh", "-c", "exit 6"}).exit_code == 6);
  CHECK(background.call({"exec", "web", "/nope"}).exit_code == 127);
  CHECK(background.call({"exec", "web", "/etc/passwd"}).exit_code == 126);
  CHECK(background.call({"exec", "nobody", "true"}).exit_code == 125);
}

TEST_CASE("exec --user: by the container's own passwd", "[detached]") {
  NEEDS(range);
  const Background background;
  (void)background.start("web", "sleep 100");
  CHECK(background.call({"exec", "-u", "app", "web", "id", "-u"}).out == "1000\n");
}

TEST_CASE("run -d: a program that isn't there is 127", "[detached]") {
  const Background background;
  const Result result = background.call({"run", "-d", "--rm", "--network", "none", "box", "/nope"});
  CHECK(result.exit_code == 127);
  CHECK_THAT(result.err, Contains("/nope"));
  CHECK(background.scene.containers().empty());
}

TEST_CASE("--restart: on-failure runs it again, as often as it may", "[detached]") {
  const Background background;
  (void)background.start("web", "echo run; exit 1", {"--restart", "on-failure:2"});
  CHECK(background.has_state("web", "exited"));
  CHECK(background.logs("web") == "run\nrun\nrun\n");
}

TEST_CASE("logs: tail, times, following to the end", "[detached]") {
  const Background background;
  (void)background.start("web", "for i in 1 2 3 4; do echo $i; sleep 0.1; done");
  CHECK(background.call({"logs", "-f", "web"}).out == "1\n2\n3\n4\n");
  CHECK(background.call({"logs", "--tail", "2", "web"}).out == "3\n4\n");
  CHECK_THAT(background.call({"logs", "-t", "--tail", "1", "web"}).out,
             Catch::Matches("20[0-9-]*T[0-9:.]*Z 4\n"));
  CHECK(background.call({"logs", "--since", "1h", "web"}).out == "1\n2\n3\n4\n");
  CHECK(background.call({"logs", "--until", "1h", "web"}).out.empty());
}

TEST_CASE("rename, and names that are taken", "[detached]") {
  const Background background;
  (void)background.start("web", "sleep 100");
  (void)background.start("other", "sleep 100");
  CHECK(background.call({"rename", "web", "other"}).exit_code == 1);
  CHECK(background.call({"rename", "web", "site"}).exit_code == 0);
  CHECK(background.state("site") == "running");
}

TEST_CASE("--init: process 1 is tilla's, and SIGTERM ends the program", "[detached]") {
  const Background background;
  (void)background.start("web", "sleep 100", {"--init"});
  CHECK_THAT(background.call({"exec", "web", "cat", "/proc/1/cmdline"}).out, Contains("/dev/init"));
  CHECK(background.call({"stop", "-t", "5", "web"}).exit_code == 0);
  CHECK(background.call({"wait", "web"}).out == "143\n");
}

TEST_CASE("run -it: the detach keys leave it running", "[detached]") {
  const Background background;
  support::Program program({support::tilla_program(), "--root", background.scene.tilla().root(),
                            "run", "-it", "--network", "none", "--name", "web", "box", "sh"},
                           {.pty = true});
  program.send("echo rea''dy\n");
  program.wait_for("ready");
  program.send("\x10\x11");
  CHECK(program.wait().exit_code == 0);
  CHECK(background.state("web") == "running");
}

}  // namespace
