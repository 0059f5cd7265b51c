// SPDX-License-Identifier: Apache-2.0
// The verbs about containers that run nothing: create, ps, inspect, diff, commit, export, mount,
// umount, unshare, rm.
#include "tests/support/needs.h"
#include "tests/support/tilla.h"

namespace {

using support::Result;
using support::small_root;
using support::Tilla;

/// A store with image "base" and a container "box" of it.
struct Scene {
  Scene() {
    tilla.must({"import", "-c", "CMD [\"/bin/tool\",\"x\"]", "-c", "ENV A=b", "-", "base"},
               {.input = small_root()});
    id = tilla.must({"create", "--name", "box", "base"});
    id.pop_back();
  }
  /// A line of a shell, in `tilla unshare`; $M is where the container is mounted.
  Result in_box(const std::string& line) const {
    return tilla.call(
        {"unshare", "sh", "-ec", "M=$('" + support::tilla_program() + "' mount box); " + line});
  }
  void change() const {
    const Result result =
        in_box("echo new > $M/new; rm $M/bin/other; chmod 0700 $M/etc; mkdir $M/etc/made");
    INFO(result.all());
    REQUIRE(result.exit_code == 0);
  }
  std::string error_of(const std::vector<std::string>& words) const {
    const Result result = tilla.call(words);
    CHECK(result.exit_code == 1);
    CHECK(result.out.empty());
    return result.err;
  }

  Tilla tilla;
  std::string id;
};

TEST_CASE("create: prints the id, and ps -a lists it", "[tilla][containers]") {
  const Scene scene;
  CHECK(scene.id.size() == 64);
  CHECK(scene.tilla.must({"ps", "--quiet"}).empty());  // none runs
  CHECK(scene.tilla.must({"ps", "-aq", "--no-trunc"}) == scene.id + "\n");
  CHECK(scene.tilla.must({"ps", "-a", "--format", "{{.ID}} {{.Image}} {{.Names}} {{.State}}"}) ==
        scene.id.substr(0, 12) + " base box created\n");
  CHECK(scene.tilla.must({"ps", "-a"}).starts_with("CONTAINER ID   IMAGE     COMMAND"));
}

TEST_CASE("create: what can't be", "[tilla][containers]") {
  const Scene scene;
  CHECK(scene.error_of({"create", "nope"}) == "tilla: create \"nope\": no such image: nope\n");
  CHECK(scene.error_of({"create", "--name", "box", "base"}) ==
        "tilla: create \"base\": the name \"box\" is taken by container " + scene.id.substr(0, 12) +
            "\nhint: `tilla rm` removes that one; without --name one is made up\n");
  CHECK(scene.error_of({"create", "--name", "a b", "base"}).find("can't be a container's name") !=
        std::string::npos);
  CHECK(scene.tilla.call({"create"}).exit_code == 125);
}

TEST_CASE("inspect: a container in docker's shape", "[tilla][containers]") {
  const Scene scene;
  CHECK(scene.tilla.must({"inspect", "-f", "{{.Id}} {{.Name}} {{.Path}} {{.Args}}", "box"}) ==
        scene.id + " /box /bin/tool [x]\n");
  CHECK(scene.tilla.must({"inspect", "-f",
                          "{{.State.Status}} {{.State.Running}} {{.State.Pid}} "
                          "{{.State.ExitCode}} {{.State.FinishedAt}}",
                          scene.id.substr(0, 12)}) == "created false 0 0 0001-01-01T00:00:00Z\n");
  CHECK(scene.tilla.must({"inspect", "-f", "{{.Config.Image}} {{.Config.Env}} {{.Config.Cmd}}",
                          "box"}) == "base [A=b] [/bin/tool x]\n");
  CHECK(scene.tilla.must({"inspect", "--type", "container", "-f", "{{.Image}}", "box"}) ==
        scene.tilla.must({"images", "-q", "--no-trunc", "base"}));
  CHECK(scene.tilla.must({"create", "--name", "two", "base", "other", "y"}).size() == 65);
  CHECK(scene.tilla.must({"inspect", "-f", "{{.Path}} {{.Args}} {{json .Mounts}}", "two"}) ==
        "other [y] []\n");
}

TEST_CASE("inspect: a container goes before an image, and what is neither is no object",
          "[tilla][containers]") {
  const Scene scene;
  scene.tilla.must({"tag", "base", "box"});
  CHECK(scene.tilla.must({"inspect", "-f", "{{.Name}}", "box"}) == "/box\n");
  CHECK(scene.tilla.must({"inspect", "--type=image", "-f", "{{.RepoTags}}", "box"}) ==
        "[base:latest box:latest]\n");
  const Result result = scene.tilla.call({"inspect", "nope", "box", "-f", "{{.Name}}"});
  CHECK(result.exit_code == 1);
  CHECK(result.out == "/box\n");  // what is there is shown
  CHECK(result.err == "tilla: no such object: nope\n");
  CHECK(scene.tilla.call({"inspect", "--type=container", "base"}).err ==
        "tilla: no such container: base\n");
  CHECK(scene.tilla.call({"image", "inspect", "nope"}).err == "tilla: no such image: nope\n");
}

TEST_CASE("diff: what was added, changed and deleted, by path", "[tilla][containers]") {
  NEEDS(range);
  const Scene scene;
  CHECK(scene.tilla.must({"diff", "box"}).empty());
  scene.change();
  CHECK(scene.tilla.must({"diff", "box"}) == "C /bin\nD /bin/other\nC /etc\nA /etc/made\nA /new\n");
  CHECK(scene.error_of({"diff", "nope"}) == "tilla: diff \"nope\": no such container: nope\n");
}

TEST_CASE("commit: the changes are a layer, the flags are in the image", "[tilla][containers]") {
  NEEDS(range);
  const Scene scene;
  scene.change();
  const std::string id = scene.tilla.must({"commit", "-a=Me <me@x>", "-m", "words", "-p=false",
                                           "-c", "USER 7", "-c", "EXPOSE 80", "box", "made:1"});
  CHECK(id == scene.tilla.must({"images", "-q", "--no-trunc", "made:1"}));
  CHECK(scene.tilla.must({"inspect", "-f",
                          "{{.Author}}|{{.Comment}}|{{.Config.User}}|{{.Config.ExposedPorts}}|"
                          "{{len .RootFS.Layers}}",
                          "made:1"}) == "Me <me@x>|words|7|map[80/tcp:map[]]|2\n");
  const std::string history =
      scene.tilla.must({"history", "--format", "{{.ID}} {{.Comment}}", "made:1"});
  CHECK(history == scene.tilla.must({"images", "-q", "made:1"}).substr(0, 12) +
                       " words\n<missing> Imported from -\n");
  const Tilla other;
  scene.tilla.must({"save", "-o", other / "x", "made:1"});
  other.must({"load", "-i", other / "x"});
  other.must({"create", "--name", "copy", "made:1"});
  const Result listed =
      other.call({"unshare", "sh", "-c",
                  "cd $('" + support::tilla_program() + "' mount copy) && ls bin etc && cat new"});
  CHECK(listed.out == "bin:\ntool\n\netc:\nalias\nmade\nmail\nnew\n");
}

TEST_CASE("commit: what can't be", "[tilla][containers]") {
  const Scene scene;
  CHECK(scene.error_of({"commit", "nope"}) == "tilla: commit \"nope\": no such container: nope\n");
  CHECK(scene.error_of({"commit", "--format", "x", "box"}) ==
        "tilla: format \"x\": neither oci nor docker\n");
  CHECK(scene.error_of({"commit", "-c", "RUN x", "box"}) ==
        "tilla: commit \"box\": RUN: is not a valid change command: it needs a build\n"
        "  RUN x\n  ^\n");
  CHECK(scene.error_of({"commit", "box", "scratch"}).find("\"scratch\"") != std::string::npos);
  CHECK(scene.error_of({"commit", "box", "Upper"}) ==
        "tilla: invalid reference format: repository name must be lowercase\n  Upper\n  ^\n");
  CHECK(scene.tilla.must({"images", "-q"}).size() == 13);  // nothing was made
}

TEST_CASE("export: the whole root, and nothing when it fails", "[tilla][containers]") {
  NEEDS(range);
  const Scene scene;
  scene.change();
  const std::string tar = scene.tilla / "root.tar";
  scene.tilla.must({"export", "-o", tar, "box"});
  CHECK(support::run({"tar", "tf", tar}).out ==
        "bin/\nbin/tool\netc/\netc/alias\netc/made/\netc/mail\nnew\n");
  CHECK(scene.tilla.must({"export", "box"}) == support::read_text(tar));
  CHECK(scene.error_of({"export", "-o", scene.tilla / "no", "nope"}) ==
        "tilla: export \"nope\": no such container: nope\n");
  CHECK_FALSE(support::exists(scene.tilla / "no"));
  CHECK(scene.error_of({"export", "-o", scene.tilla / "no/such/folder", "box"})
            .find("No such file or directory") != std::string::npos);
}

TEST_CASE("export: an archive doesn't go to a terminal", "[tilla][containers]") {
  const Scene scene;
  const Result result = scene.tilla.call({"export", "box"}, {.pty = true});
  CHECK(result.exit_code == 125);
  CHECK(result.out.find("doesn't go to a terminal") != std::string::npos);
}

TEST_CASE("mount: in unshare, once, until umount", "[tilla][containers]") {
  NEEDS(range);
  const Scene scene;
  const std::string program = "'" + support::tilla_program() + "'";
  const Result result = scene.in_box("[ \"$M\" = \"$(" + program + " mount box)\" ]; " + program +
                                     " mount; " + program + " umount box; [ ! -e $M/bin ]; " +
                                     program + " umount box || echo \"code $?\"");
  INFO(result.all());
  CHECK(result.exit_code == 0);
  CHECK(result.out.starts_with(scene.id.substr(0, 12) + " /"));
  CHECK(result.out.ends_with("\nbox\ncode 1\n"));
  CHECK(result.err == "tilla: umount \"box\": it isn't mounted here\n");
}

TEST_CASE("mount: a container made read-only, and an image, can't be written",
          "[tilla][containers]") {
  NEEDS(range);
  const Scene scene;
  scene.tilla.must({"create", "--name", "fixed", "--read-only", "base"});
  const std::string program = "'" + support::tilla_program() + "'";
  for (const char* name : {"fixed", "base"}) {
    const Result result = scene.tilla.call(
        {"unshare", "sh", "-c",
         "M=$(" + program + " mount " + name + ") && cat $M/bin/tool && touch $M/x"});
    CHECK(result.out == "#!/bin/sh\n");
    CHECK(result.err.find("Read-only file system") != std::string::npos);
  }
}

TEST_CASE("mount: where nobody could see it says where to", "[tilla][containers][user]") {
  NEEDS(user);
  const Scene scene;
  const Result result = scene.tilla.call({"mount", "box"});
  CHECK(result.exit_code == 1);
  CHECK(result.err.starts_with("tilla: mount: there is no place where you could see it\nhint: "));
}

TEST_CASE("rm: goes on when one isn't there, and says so", "[tilla][containers]") {
  const Scene scene;
  scene.tilla.must({"create", "--name", "two", "base"});
  const Result result = scene.tilla.call({"rm", "nope", "box", "none", "two"});
  CHECK(result.exit_code == 1);
  CHECK(result.out == "box\ntwo\n");
  CHECK(
      result.err ==
      "tilla: rm \"nope\": no such container: nope\ntilla: rm \"none\": no such container: none\n");
  CHECK(scene.tilla.must({"rm", "-f", "nope"}).empty());
  CHECK(scene.tilla.must({"ps", "-aq"}).empty());
  CHECK(scene.tilla.left().empty());
}

TEST_CASE("rm: a mounted one stays unless forced", "[tilla][containers]") {
  NEEDS(range);
  const Scene scene;
  const std::string program = "'" + support::tilla_program() + "'";
  const Result result = scene.in_box(program + " rm box || " + program + " rm -f box");
  CHECK(result.out == "box\n");
  CHECK(result.err == "tilla: rm \"box\": it is mounted\nhint: `tilla umount` first, or --force\n");
  CHECK(scene.tilla.must({"ps", "-aq"}).empty());
}

TEST_CASE("rmi: an image of a container stays, also when it came by another manifest",
          "[tilla][containers]") {
  const Scene scene;
  const Tilla other;
  scene.tilla.must({"save", "--format=oci-archive", "--convert=docker", "-o", other / "x", "base"});
  scene.tilla.must({"load", "-i", other / "x"});  // "base" is docker's manifest now
  const std::string error = scene.error_of({"rmi", "base"});
  CHECK(error.find("(must force) - container " + scene.id.substr(0, 12)) != std::string::npos);
  CHECK(scene.tilla.must({"rmi", "-f", "base"}).starts_with("Untagged: base:latest\nDeleted: "));
  CHECK(scene.tilla.must({"diff", "box"}).empty());  // its layers are there all the same
}

TEST_CASE("unshare: the command's exit code, and what can't be executed", "[tilla][containers]") {
  const Tilla tilla;
  CHECK(tilla.call({"unshare", "sh", "-c", "exit 7"}).exit_code == 7);
  CHECK(tilla.call({"unshare", "id", "-u"}).out == "0\n");
  CHECK(tilla.call({"unshare", "nosuch"}).exit_code == 127);
  CHECK(tilla.call({"unshare", "/etc/passwd"}).exit_code == 126);
}

}  // namespace
