// SPDX-License-Identifier: Apache-2.0
// config.md, from hooks to the end: hooks, annotations, unknown properties, invalid values.
#include <functional>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;

const std::vector<std::string> kKinds = {"prestart",       "createRuntime", "createContainer",
                                         "startContainer", "poststart",     "poststop"};

bool is_inside(const std::string& kind) {
  return kind == "createContainer" || kind == "startContainer";
}

// Where a hook of the kind writes: its shell's view of the shared directory.
std::string place(const Scene& scene, const std::string& kind, const std::string& name) {
  return kind == "startContainer" ? "/shared/" + name : scene.file(name);
}

// From creation to deletion, so that each kind of hook had its time.
void live(Scene& scene) {
  scene.share();
  scene.config["process"]["args"] = {"sleep", "100"};
  scene.must_create();
  scene.must_start();
  scene.must_kill("KILL");
  scene.wait_until_stopped();
  scene.must_remove();
}

void add_hook(Scene& scene, const std::string& kind, Json entry) {
  scene.config["hooks"][kind].push_back(std::move(entry));
}

void state_on_stdin(Scene& scene, const std::string& kind) {
  add_hook(scene, kind, hook("cat > " + place(scene, kind, "state")));
  live(scene);
  const Json state = Json::parse(scene.note("state"));
  expect_equal(state.value("id", ""), "test", "the id in the state");
  expect_equal(state.value("bundle", ""), scene.bundle(), "the bundle in the state");
  expect(state.contains("ociVersion") && state.contains("status"), "the state is not whole");
}

// Which pid and mount namespaces a hook of the kind runs in. A runtime's own mount namespace may be
// a private one, so that of a hook outside is one where the container's root is a plain directory.
void namespace_of(Scene& scene, const std::string& kind) {
  add_hook(scene, kind,
           hook(sys::format("readlink /proc/self/ns/uts > {}", place(scene, kind, "uts"))));
  scene.share();
  set_shell(scene.config, "readlink /proc/self/ns/uts > /shared/container; sleep 100");
  scene.must_create();
  scene.must_start();
  expect(support::eventually([&] { return !scene.note("container").empty(); }), "no program");
  scene.must_kill("KILL");
  scene.wait_until_stopped();
  scene.must_remove();
  const std::string own = trim(support::run({"readlink", "/proc/self/ns/uts"}).out);
  expect_equal(scene.note("uts"), is_inside(kind) ? scene.note("container") : own,
               "the namespace of the hook");
}

// A path that only one side has.
void path_resolves(Scene& scene, const std::string& kind) {
  const std::string line = "#!/bin/sh\ntouch " + place(scene, kind, "ran") + "\n";
  const bool inside = kind == "startContainer";
  support::write_text(inside ? scene.rootfs() + "/only-here" : scene.file("only-here"), line, 0755);
  add_hook(scene, kind, {{"path", inside ? "/only-here" : scene.file("only-here")}});
  live(scene);
  expect(support::exists(scene.file("ran")), "the hook did not run");
}

void relative_path(Scene& scene) {
  add_hook(scene, "createRuntime", {{"path", "bin/sh"}});
  scene.must_refuse("a relative path");
}

void args_and_env(Scene& scene) {
  add_hook(scene, "createRuntime",
           {{"path", "/bin/sh"},
            {"args", {"name", "-c", "echo $0 $1 $A > " + scene.file("out"), "zero", "one"}},
            {"env", {"A=value"}}});
  scene.must_create();
  expect_equal(scene.note("out"), "zero one value", "the hook's words");
}

void exact_environment(Scene& scene) {
  add_hook(scene, "createRuntime",
           {{"path", "/bin/sh"},
            {"args", {"sh", "-c", "cat /proc/self/environ > " + scene.file("out")}},
            {"env", {"A=value"}}});
  scene.must_create();
  std::string environment = support::read_text(scene.file("out"));
  for (const char* shells_own : {"PWD=", "OLDPWD=", "SHLVL=", "_="}) {
    const std::size_t at = environment.find(shells_own);
    if (at == std::string::npos) continue;
    environment.erase(at, environment.find('\0', at) - at + 1);
  }
  expect_equal(trim(environment.c_str()), "A=value", "the hook's environment");
}

void timeout_not_positive(Scene& scene) {
  add_hook(scene, "createRuntime", {{"path", "/bin/true"}, {"timeout", 0}});
  if (scene.create().exit_code != 0) {
    (void)scene.call({"delete", "--force", scene.id});
    scene.config["hooks"]["createRuntime"][0]["timeout"] = -1;
    scene.must_refuse("a timeout of -1");
    return;
  }
  fail("create accepts a timeout of 0");
}

void timeout_aborts(Scene& scene) {
  add_hook(scene, "createRuntime",
           {{"path", "/bin/sleep"}, {"args", {"sleep", "15"}}, {"timeout", 1}});
  scene.must_refuse("a hook that takes too long");
}

void listed_order(Scene& scene) {
  for (const char* name : {"one", "two", "three"}) {
    add_hook(scene, "createRuntime", hook(sys::format("echo {} >> {}", name, scene.file("order"))));
  }
  scene.must_create();
  expect_equal(scene.note("order"), "one\ntwo\nthree", "the order");
}

void order_of_kinds(Scene& scene) {
  for (const std::string& kind : kKinds) {
    add_hook(scene, kind, hook("echo " + kind + " >> " + place(scene, kind, "order")));
  }
  live(scene);
  expect_equal(scene.note("order"),
               "prestart\ncreateRuntime\ncreateContainer\nstartContainer\npoststart\npoststop",
               "the order");
}

// While create runs, the container's process has its namespaces, but its root is still the host's.
void before_pivot(Scene& scene, const std::string& kind) {
  add_hook(scene, kind, hook("ls -d " + scene.bundle() + "/config.json > " + scene.file("seen")));
  scene.must_create();
  expect_equal(scene.note("seen"), scene.bundle() + "/config.json",
               "the bundle as the hook sees it");
}

void after_mounts(Scene& scene, const std::string& kind) {
  scene.share();
  add_hook(scene, kind, hook("cat /proc/self/mountinfo > " + scene.file("mounts")));
  scene.must_create();
  expect(has(scene.note("mounts"), "/shared "), "the mounts are not made yet");
}

// The namespaces are new ones by then.
void after_namespaces(Scene& scene, const std::string& kind) {
  add_hook(scene, kind,
           hook("pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | tr -d '\\n'); "
                "readlink /proc/$pid/ns/net > " +
                scene.file("net")));
  only_root();  // others can't look into a process that protects itself
  scene.must_create();
  expect(!scene.note("net").empty(), "the hook can't read the process's namespaces");
  expect(scene.note("net") != trim(support::run({"readlink", "/proc/self/ns/net"}).out),
         "the network namespace is not made yet");
}

void before_program(Scene& scene) {
  scene.share();
  add_hook(scene, "startContainer", hook("sleep 0.2; echo hook >> /shared/order"));
  (void)scene.shell("echo program >> /shared/order");
  expect_equal(scene.note("order"), "hook\nprogram", "the order");
}

void after_program(Scene& scene) {
  scene.share();
  add_hook(scene, "poststart",
           hook("for i in 1 2 3 4 5 6 7 8 9; do [ -e " + scene.file("program") +
                " ] && break; sleep 0.2; done; ls " + scene.file("program") + " > " +
                scene.file("seen")));
  set_shell(scene.config, "touch /shared/program; sleep 100");
  scene.must_create();
  scene.must_start();
  expect_equal(scene.note("seen"), scene.file("program"), "what the hook sees when start returns");
}

void poststop_after_deletion(Scene& scene) {
  add_hook(scene, "poststop", hook("cat > " + scene.file("state")));
  (void)scene.run();
  scene.must_remove();
  expect_equal(Json::parse(scene.note("state")).value("status", ""), "stopped", "the status");
}

// ---------------------------------------------------------------------------- the rest

void refuse_json(Scene& scene, const std::string& pointer, const Json& value) {
  scene.config[Json::json_pointer(pointer)] = value;
  scene.must_refuse(pointer + " = " + value.dump());
}

Test refused(std::string pointer, Json value) {
  return [=](Scene& scene) { refuse_json(scene, pointer, value); };
}

void unknown_properties(Scene& scene) {
  for (const char* pointer : {"/tillaUnknown", "/process/tillaUnknown", "/root/tillaUnknown",
                              "/linux/tillaUnknown", "/mounts/0/tillaUnknown",
                              "/process/user/tillaUnknown", "/linux/namespaces/0/tillaUnknown"}) {
    scene.config[Json::json_pointer(pointer)] = {{"a", {1, 2}}};
  }
  scene.config["annotations"] = {{"org.opencontainers.tilla.unknown", "1"}};
  expect_equal(scene.shell("echo on"), "on", "the output");
}

void other_platforms(Scene& scene) {
  scene.config["solaris"] = {{"milestone", "svc:/milestone/container:default"}};
  scene.config["vm"] = {{"kernel", {{"path", "/no/such/kernel"}}}};
  expect_equal(scene.shell("echo on"), "on", "the output");
}

std::vector<Clause> hook_kind_clauses() {
  std::vector<Clause> clauses;
  for (const std::string& kind : kKinds) {
    const auto bound = [&](void (*test)(Scene&, const std::string&)) -> Test {
      return [=](Scene& scene) { test(scene, kind); };
    };
    clauses.push_back({"hooks." + kind + ".path", kMust,
                       "the path of " + kind + " hooks is looked up in the " +
                           (kind == "startContainer" ? "container's" : "runtime's") + " namespace",
                       bound(path_resolves)});
    clauses.push_back({"hooks." + kind + ".namespace", kMust,
                       kind + " hooks run in the " +
                           (is_inside(kind) ? "container's" : "runtime's") + " namespace",
                       bound(namespace_of)});
    clauses.push_back({"hooks." + kind + ".state", kMust, kind + " hooks get the state on stdin",
                       bound(state_on_stdin)});
  }
  return clauses;
}

Section moments_section() {
  const auto bound = [](void (*test)(Scene&, const std::string&), const char* kind) -> Test {
    return [=](Scene& scene) { test(scene, kind); };
  };
  return {
      "config.md",
      "Hooks by kind",
      {{"hooks.prestart.environment", kMust, "prestart hooks run when the namespaces are made",
        bound(after_namespaces, "prestart")},
       {"hooks.createRuntime.environment", kMust,
        "createRuntime hooks run when the namespaces are made",
        bound(after_namespaces, "createRuntime")},
       {"hooks.createContainer.environment", kMust,
        "createContainer hooks run when the mounts are made",
        bound(after_mounts, "createContainer")},
       {"hooks.createContainer.pivot", kMust, "createContainer hooks run before pivot_root",
        bound(before_pivot, "createContainer")},
       untested("hooks.prestart.pivot", kMust,
                "prestart and createRuntime hooks run before pivot_root",
                "they see the host's root before and after it"),
       {"hooks.kinds.order", kMust, "the kinds run in the order of the lifecycle", order_of_kinds},
       {"hooks.startContainer.before", kMust, "startContainer hooks run before the program",
        before_program},
       {"hooks.poststart.after", kMust,
        "poststart hooks run after the program's start and before start returns", after_program},
       {"hooks.poststop.after", kMust,
        "poststop hooks run after the deletion and before delete returns",
        poststop_after_deletion}}};
}

Section values_section() {
  return {
      "config.md",
      "Valid values",
      {{"values.type", kMust, "a value of the wrong type is an error",
        refused("/root/readonly", "yes")},
       {"values.number", kMust, "a number out of range is an error",
        refused("/process/user/uid", 4294967296)},
       {"values.negative", kMust, "a negative id is an error", refused("/process/user/uid", -1)},
       {"values.enum", kMust, "an unknown namespace type is an error",
        refused("/linux/namespaces/0/type", "nosuch")},
       {"values.propagation", kMust, "an unknown propagation is an error",
        refused("/linux/rootfsPropagation", "nosuch")},
       {"values.json", kMust, "what is no JSON is an error", [](Scene& scene) {
          scene.config_text = "{\"ociVersion\": \"1.0.2\",";
          scene.must_refuse("half a document");
        }}}};
}

}  // namespace

std::vector<Section> config_hooks_sections() {
  std::vector<Clause> hooks = {
      {"hooks.path.absolute", kMust, "a relative path of a hook is invalid", relative_path},
      {"hooks.args", Level::kSays, "args are the hook's argv, its name first", args_and_env},
      {"hooks.env", Level::kSays, "env is all of the hook's environment", exact_environment},
      {"hooks.timeout", Level::kSays, "a hook is aborted after its timeout", timeout_aborts},
      {"hooks.timeout.positive", kMust, "a timeout is above zero", timeout_not_positive},
      {"hooks.order", kMust, "hooks of a kind run in the listed order", listed_order}};
  for (Clause& clause : hook_kind_clauses()) hooks.push_back(std::move(clause));
  return {{"config.md", "POSIX-platform Hooks", hooks},
          moments_section(),
          {"config.md",
           "Annotations",
           {{"annotations.map", kMust, "annotations are a map",
             refused("/annotations", Json::array({1}))},
            {"annotations.values", kMust, "values are strings", refused("/annotations/a", 1)},
            untested("annotations.keys", kMust, "keys are strings", "JSON knows no others"),
            {"annotations.key.empty", kMust, "keys are not empty",
             refused("/annotations", {{"", "x"}})},
            untested("annotations.key.domain", Level::kShould, "keys are reverse domain names",
                     "a demand on who writes them"),
            untested("annotations.reserved", kMust, "org.opencontainers keys are used as described",
                     "a demand on who writes them"),
            {"annotations.unknown", kMust, "unknown keys are no error", unknown_properties}}},
          {"config.md",
           "Extensibility",
           {{"extensibility.unknown", kMust, "unknown properties are ignored", unknown_properties},
            {"extensibility.platforms", kMust, "other platforms' properties are ignored",
             other_platforms}}},
          values_section()};
}

}  // namespace conformance
