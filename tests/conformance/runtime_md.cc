// SPDX-License-Identifier: Apache-2.0
// bundle.md, runtime.md and runtime-linux.md: bundles, states, the lifecycle and the operations.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;
constexpr auto kSays = Level::kSays;

void sleeps(Scene& scene) { scene.config["process"]["args"] = {"sleep", "100"}; }

void must_run_sleep(Scene& scene) {
  sleeps(scene);
  scene.must_create();
  scene.must_start();
}

void expect_error(const Result& result, const std::string& what) {
  expect(result.exit_code != 0, what + " is no error");
}

// Mounts that name the bundle, here: what a container leaves behind in our namespace.
std::string own_mounts(const Scene& scene) {
  std::string found;
  for (const std::string& line : lines_of(support::read_text("/proc/self/mountinfo"))) {
    if (has(line, scene.bundle())) found += line + "\n";
  }
  return found;
}

std::string own_cgroups() {
  std::string found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           "/sys/fs/cgroup", std::filesystem::directory_options::skip_permission_denied, ignored)) {
    if (entry.is_directory()) found += entry.path().string() + "\n";
  }
  return found;
}

// ---------------------------------------------------------------------------- bundle.md

void without_config(Scene& scene) {
  scene.must_create();
  scene.must_kill("KILL");
  scene.wait_until_stopped();
  scene.must_remove();
  std::filesystem::rename(scene.bundle() + "/config.json", scene.bundle() + "/Config.json");
  expect_error(scene.call({"create", "--bundle", scene.bundle(), scene.id}),
               "a bundle without config.json");
}

void root_of_bundle(Scene& scene) {
  support::write_text(scene.rootfs() + "/mark", "here");
  expect_equal(scene.shell("cat /mark"), "here", "a file of the root");
}

// ---------------------------------------------------------------------------- state

void all_operations(Scene& scene) {
  must_run_sleep(scene);
  (void)scene.state();
  scene.must_kill("KILL");
  scene.wait_until_stopped();
  scene.must_remove();
}

void id_is_unique(Scene& scene) {
  must_run_sleep(scene);
  const pid_t pid = scene.pid();
  expect_error(scene.call({"create", "--bundle", scene.bundle(), scene.id}), "a second \"test\"");
  expect_equal(scene.status(), "running", "the status of the first");
  expect(scene.pid() == pid, "the pid of the first has changed");
}

void statuses(Scene& scene) {
  scene.config["hooks"]["createRuntime"] = {hook("cat > " + scene.file("state"))};
  sleeps(scene);
  scene.must_create();
  const Json creating = Json::parse(scene.note("state"));
  expect_equal(creating.at("status"), "creating", "the status in a createRuntime hook");
  expect_equal(scene.status(), "created", "the status after create");
  scene.must_start();
  expect_equal(scene.status(), "running", "the status after start");
  scene.must_kill("KILL");
  scene.wait_until_stopped();
}

void pid_of_program(Scene& scene) {
  must_run_sleep(scene);
  const std::string file = sys::format("/proc/{}/cmdline", scene.pid());
  expect(support::eventually([&] { return support::read_text(file).starts_with("sleep"); }),
         "the program at the state's pid is " + support::read_text(file));
}

void pid_while_created(Scene& scene) {
  sleeps(scene);
  scene.must_create();
  expect(::kill(scene.pid(), 0) == 0, "no process has the state's pid");
}

void pid_in_runtime_hook(Scene& scene) {
  scene.config["hooks"]["createRuntime"] = {hook("cat > " + scene.file("state"))};
  scene.must_create();
  expect(Json::parse(scene.note("state")).at("pid").get<pid_t>() == scene.pid(),
         "the hook's pid is not that of the state");
}

void pid_in_container_hook(Scene& scene) {
  scene.config["hooks"]["createContainer"] = {hook("cat > " + scene.file("state"))};
  scene.must_create();
  expect_equal(Json::parse(scene.note("state")).at("pid").dump(), "1", "the pid in the hook");
}

void bundle_is_absolute(Scene& scene) {
  scene.must_create();  // writes config.json
  scene.id = "test2";
  const Result result = scene.call({"create", "--bundle", ".", scene.id},
                                   {.cwd = scene.bundle(), .output_file = scene.file("output")});
  expect(result.exit_code == 0, "create --bundle . fails");
  expect_equal(scene.state().at("bundle"), scene.bundle(), "the bundle of the state");
  (void)scene.call({"delete", "--force", "test"});
}

void annotations_in_state(Scene& scene) {
  scene.config["annotations"] = {{"com.example.a", "1"}, {"com.example.empty", ""}};
  scene.must_create();
  const Json there = scene.state().at("annotations");
  expect_equal(there.value("com.example.a", "?"), "1", "an annotation");
  expect_equal(there.value("com.example.empty", "?"), "", "an empty annotation");
}

void state_follows_schema(Scene& scene) {
  must_run_sleep(scene);
  const Json state = scene.state();
  for (const char* name : {"ociVersion", "id", "status", "bundle"}) {
    expect(state.contains(name) && state[name].is_string(), std::string(name) + " is no string");
  }
  expect(state.contains("pid") && state["pid"].is_number_integer() && state["pid"] > 0,
         "pid is no number above 0");
  if (!state.contains("annotations")) return;
  expect(state["annotations"].is_object(), "annotations are no object");
}

void version_in_state(Scene& scene) {
  scene.must_create();
  const std::string version = scene.state().at("ociVersion");
  expect(version.starts_with("1."), "the version is " + version);
}

// ---------------------------------------------------------------------------- lifecycle

void resources_at_create(Scene& scene) {
  std::filesystem::create_directory(scene.file("source"));
  support::write_text(scene.file("source/mark"), "here");
  add_mount(scene.config, "/volume", "bind", scene.file("source"), {"bind"});
  set_shell(scene.config, "cat /volume/mark");
  scene.must_create();
  std::filesystem::rename(scene.file("source"), scene.file("elsewhere"));
  scene.must_start();
  scene.wait_until_stopped();
  expect_equal(trim(scene.output()), "here", "the volume whose source was renamed after create");
}

void no_program_at_create(Scene& scene) {
  scene.share();
  set_shell(scene.config, "touch /shared/ran");
  scene.must_create();
  (void)::usleep(100'000);
  expect(!support::exists(scene.file("ran")), "the program ran before start");
  expect_equal(scene.status(), "created", "the status");
}

void config_is_frozen(Scene& scene) {
  set_shell(scene.config, "echo first");
  scene.must_create();
  set_shell(scene.config, "echo second");
  support::write_text(scene.bundle() + "/config.json", scene.config.dump());
  scene.must_start();
  scene.wait_until_stopped();
  expect_equal(trim(scene.output()), "first", "the output");
}

// Kinds of hooks that run at create.
void hook_runs(Scene& scene, const std::string& kind) {
  scene.config["hooks"][kind] = {hook("touch " + scene.file("ran"))};
  scene.must_create();
  expect(support::exists(scene.file("ran")), "the hook did not run");
}

void hook_failure_at_create(Scene& scene, const std::string& kind) {
  scene.config["hooks"][kind] = {hook("exit 3")};
  scene.config["hooks"]["poststop"] = {hook("touch " + scene.file("poststop"))};
  expect_error(scene.create(), "a failed hook");
  expect_equal(scene.status(), "", "the status after the error");
  expect(support::exists(scene.file("poststop")), "the poststop hook did not run");
}

void start_hook_runs(Scene& scene) {
  scene.share();
  scene.config["hooks"]["startContainer"] = {hook("touch /shared/ran")};
  sleeps(scene);
  scene.must_create();
  expect(!support::exists(scene.file("ran")), "the hook ran at create");
  scene.must_start();
  // That it is before the program is another clause.
  expect(support::eventually([&] { return support::exists(scene.file("ran")); }),
         "the hook did not run");
}

void start_hook_failure(Scene& scene) {
  scene.share();
  set_shell(scene.config, "touch /shared/ran");
  scene.config["hooks"]["startContainer"] = {hook("exit 3")};
  scene.config["hooks"]["poststop"] = {hook("touch " + scene.file("poststop"))};
  scene.must_create();
  expect_error(scene.start(), "a failed hook");
  const std::string status = scene.status();
  expect(status.empty() || status == "stopped", "the status is " + status);
  expect(!support::exists(scene.file("ran")), "the program ran");
  if (!status.empty()) scene.must_remove();
  expect(support::exists(scene.file("poststop")), "the poststop hook did not run");
}

void poststart_runs(Scene& scene) {
  scene.config["hooks"]["poststart"] = {hook("touch " + scene.file("ran"))};
  sleeps(scene);
  scene.must_create();
  expect(!support::exists(scene.file("ran")), "the hook ran at create");
  scene.must_start();
  expect(support::exists(scene.file("ran")), "the hook did not run");
}

void poststart_failure(Scene& scene) {
  scene.config["ociVersion"] = "1.0.2";
  scene.config["hooks"]["poststart"] = {hook("exit 3"), hook("touch " + scene.file("second"))};
  sleeps(scene);
  scene.must_create();
  scene.must_start();
  expect(support::exists(scene.file("second")), "the hook after the failed one did not run");
  expect(scene.call({"delete", "--force", scene.id}).exit_code == 0, "delete --force failed");
  scene.config["ociVersion"] = "1.3.0";
  scene.must_create();
  expect_error(scene.start(), "a failed hook");
  const std::string status = scene.status();
  expect(status.empty() || status == "stopped", "the container is not stopped: " + status);
}

void poststop_runs(Scene& scene) {
  scene.config["hooks"]["poststop"] = {hook("touch " + scene.file("ran"))};
  (void)scene.run();
  expect(!support::exists(scene.file("ran")), "the hook ran before delete");
  scene.must_remove();
  expect(support::exists(scene.file("ran")), "the hook did not run");
}

void poststop_failure(Scene& scene) {
  scene.config["hooks"]["poststop"] = {hook("exit 3"), hook("touch " + scene.file("second"))};
  (void)scene.run();
  scene.must_remove();
  expect(support::exists(scene.file("second")), "the second hook did not run");
  expect_equal(scene.status(), "", "the status");
}

void poststop_failure_warns(Scene& scene) {
  scene.config["hooks"]["poststop"] = {hook("exit 3")};
  (void)scene.run();
  const Result removed = scene.remove();
  expect(!trim(removed.all() + scene.log()).empty(), "no warning");
}

void exit_is_stopped(Scene& scene) {
  set_shell(scene.config, "exit 3");
  (void)scene.run();
  expect_equal(scene.status(), "stopped", "the status");
}

// ---------------------------------------------------------------------------- errors, operations

void error_leaves_nothing(Scene& scene) {
  const std::string cgroups = own_cgroups();
  add_mount(scene.config, "/volume", "bind", "/no/such/source", {"bind"});
  scene.must_refuse("a missing source");
  expect_equal(own_mounts(scene), "", "mounts that are left");
  expect_equal(own_cgroups(), cgroups, "cgroups that are left");
  scene.config["mounts"].erase(scene.config["mounts"].size() - 1);
  scene.must_create();
}

void warning_changes_nothing(Scene& scene) {
  scene.config["ociVersion"] = "1.1.0";
  scene.config["process"]["capabilities"]["bounding"].push_back("CAP_NO_SUCH");
  expect_equal(scene.shell("echo on"), "on", "the output");
}

void without_id(Scene& scene, const std::vector<std::string>& words) {
  scene.must_create();
  expect_error(scene.call(words), "\"" + words[0] + "\" without an id");
}

void unknown_id(Scene& scene, const std::vector<std::string>& words) {
  expect_error(scene.call(words), "\"" + words[0] + "\" of nobody");
}

void create_without_arguments(Scene& scene) {
  scene.must_create();
  expect_error(scene.call({"create", "--bundle", scene.bundle()}), "create without an id");
  expect_error(scene.call({"create", "other"}, {.cwd = "/"}), "create without a bundle");
}

void invalid_ids(Scene& scene) {
  for (const char* id : {"", ".", "..", "../x", "a/b"}) {
    scene.id = id;
    expect_error(scene.create(), std::string("the id \"") + id + "\"");
  }
  scene.id = "test";
}

void properties_at_create(Scene& scene) {
  only_root();
  scene.config["hostname"] = "conformance";
  sleeps(scene);
  scene.must_create();
  const Result result =
      support::run({"nsenter", "--uts", "--target", std::to_string(scene.pid()), "hostname"});
  expect_equal(trim(result.out), "conformance", "the host name after create");
}

void unappliable_property(Scene& scene) {
  add_mount(scene.config, "/volume", "nosuchfilesystem", "none");
  scene.must_refuse("an unknown filesystem");
}

void start_twice(Scene& scene) {
  must_run_sleep(scene);
  const pid_t pid = scene.pid();
  expect_error(scene.start(), "start of a running container");
  expect_equal(scene.status(), "running", "the status");
  expect(scene.pid() == pid, "the pid has changed");
}

void start_of_stopped(Scene& scene) {
  scene.share();
  (void)scene.shell("echo x >> /shared/runs");
  expect_error(scene.start(), "start of a stopped container");
  expect_equal(scene.status(), "stopped", "the status");
  expect_equal(scene.note("runs"), "x", "the runs of the program");
}

void start_runs_program(Scene& scene) {
  expect_equal(scene.shell("echo hello"), "hello", "the output");
}

void start_without_process(Scene& scene) {
  scene.config.erase("process");
  if (scene.create().exit_code != 0) return;  // an error earlier is one as well
  expect_error(scene.start(), "start without a process");
}

void kill_of_stopped(Scene& scene) {
  (void)scene.run();
  expect_error(scene.kill("TERM"), "kill of a stopped container");
  expect_equal(scene.status(), "stopped", "the status");
}

void kill_of_created(Scene& scene) {
  scene.must_create();
  scene.must_kill("KILL");
  scene.wait_until_stopped();
}

void kill_sends(Scene& scene, const std::string& signal) {
  scene.share();
  set_shell(scene.config,
            "trap 'echo usr1 > /shared/got; exit' USR1; touch /shared/ready; "
            "while true; do sleep 0.01; done");
  scene.must_create();
  scene.must_start();
  expect(support::eventually([&] { return support::exists(scene.file("ready")); }), "no program");
  scene.must_kill(signal);
  scene.wait_until_stopped();
  expect_equal(scene.note("got"), "usr1", "what the program got");
}

void delete_of_running(Scene& scene) {
  must_run_sleep(scene);
  expect_error(scene.remove(), "delete of a running container");
  expect_equal(scene.status(), "running", "the status");
}

void delete_of_created(Scene& scene) {
  sleeps(scene);
  scene.must_create();
  expect_error(scene.remove(), "delete of a created container");
  expect_equal(scene.status(), "created", "the status");
}

void delete_undoes(Scene& scene) {
  const std::string cgroups = own_cgroups();
  (void)scene.run();
  scene.must_remove();
  expect_equal(scene.status(), "", "the status");
  expect_equal(own_mounts(scene), "", "mounts that are left");
  expect_equal(own_cgroups(), cgroups, "cgroups that are left");
}

void delete_keeps_others(Scene& scene) {
  scene.share();
  support::write_text(scene.file("mine"), "mine");
  (void)scene.shell("echo kept > /shared/kept");
  scene.must_remove();
  expect_equal(scene.note("mine") + scene.note("kept"), "minekept", "files of the volume");
  expect(support::exists(scene.rootfs() + "/bin/sh"), "the root is gone");
}

void id_is_free_again(Scene& scene) {
  (void)scene.run();
  scene.must_remove();
  (void)scene.run();
}

// ---------------------------------------------------------------------------- runtime-linux.md

void three_descriptors(Scene& scene) {
  std::set<std::string> numbers;
  scene.config["process"]["args"] = {"/bin/probe", "fds"};
  for (const std::string& line : lines_of(scene.run())) numbers.insert(line.substr(0, 1));
  expect(numbers == std::set<std::string>{"0", "1", "2"}, "open: " + scene.output());
}

void dev_link(Scene& scene, const std::string& name, const std::string& target) {
  expect_equal(scene.shell("readlink /dev/" + name), target, "/dev/" + name);
}

Test of_kind(void (*test)(Scene&, const std::string&), std::string kind) {
  return [=](Scene& scene) { test(scene, kind); };
}

void add_hook_clauses(std::vector<Clause>& clauses, const std::string& kind) {
  clauses.push_back({"lifecycle." + kind + ".invoked", kMust, kind + " hooks are run by create",
                     of_kind(hook_runs, kind)});
  clauses.push_back(
      {"lifecycle." + kind + ".failure", kMust,
       "a failed " + kind + " hook is an error, the container is destroyed, and poststop hooks run",
       of_kind(hook_failure_at_create, kind)});
}

Section lifecycle_section() {
  std::vector<Clause> clauses = {
      {"lifecycle.create.resources", kMust, "what config.json asks for is there after create",
       resources_at_create},
      {"lifecycle.create.error", kMust, "an environment that can't be made is an error",
       unappliable_property},
      {"lifecycle.create.program", kMust, "create doesn't run the program", no_program_at_create},
      {"lifecycle.create.frozen", kMust,
       "changes of config.json after create don't reach the container", config_is_frozen}};
  for (const char* kind : {"prestart", "createRuntime", "createContainer"}) {
    add_hook_clauses(clauses, kind);
  }
  const std::vector<Clause> rest = {
      {"lifecycle.startContainer.invoked", kMust, "startContainer hooks are run by start",
       start_hook_runs},
      {"lifecycle.startContainer.failure", kMust,
       "a failed startContainer hook is an error and stops the container, and poststop hooks run",
       start_hook_failure},
      {"lifecycle.start.program", kMust, "start runs the program", start_runs_program},
      {"lifecycle.poststart.invoked", kMust, "poststart hooks are run by start", poststart_runs},
      {"lifecycle.poststart.failure", kMust,
       "a failed poststart hook is an error and stops the container (since 1.3; before, a warning)",
       poststart_failure},
      {"lifecycle.stopped", kMust, "a program that has ended is a stopped container",
       exit_is_stopped},
      {"lifecycle.delete.undo", kMust, "delete undoes what create did", delete_undoes},
      {"lifecycle.poststop.invoked", kMust, "poststop hooks are run by delete", poststop_runs},
      {"lifecycle.poststop.failure", kMust,
       "after a failed poststop hook the others run, and the deletion goes on", poststop_failure},
      {"lifecycle.poststop.warning", kMust, "a failed poststop hook is logged as a warning",
       poststop_failure_warns}};
  clauses.insert(clauses.end(), rest.begin(), rest.end());
  return {"runtime.md", "Lifecycle", clauses};
}

Section state_section() {
  return {
      "runtime.md",
      "State",
      {{"state.ociVersion", kMust, "has ociVersion, the version of the state", version_in_state},
       {"state.id", kMust, "has id, the container's",
        [](Scene& scene) {
          scene.must_create();
          expect_equal(scene.state().at("id"), "test", "the id");
        }},
       {"state.id.unique", kMust, "an id is that of one container on the host", id_is_unique},
       {"state.status", kMust, "has status: creating, created, running, stopped at their times",
        statuses},
       untested("state.status.additional", kMust, "further values are for states not listed",
                "only a runtime that has such states could be asked"),
       {"state.pid", kMust, "has pid when it is running, of the container's process",
        pid_of_program},
       {"state.pid.created", kMust, "has pid when it is created", pid_while_created},
       {"state.pid.runtime-hook", kSays, "hooks in the runtime's namespace get its pid",
        pid_in_runtime_hook},
       {"state.pid.container-hook", kSays, "hooks in the container's namespace get its pid there",
        pid_in_container_hook},
       {"state.bundle", kMust, "has bundle, an absolute path", bundle_is_absolute},
       {"state.annotations", kMust, "has the annotations, if there are any", annotations_in_state},
       {"state.json", kMust, "as JSON it follows the schema", state_follows_schema}}};
}

Section operations_section() {
  const auto words = [](auto test, std::vector<std::string> list) {
    return [=](Scene& scene) { test(scene, list); };
  };
  return {
      "runtime.md",
      "Operations",
      {{"operations", kMust, "state, create, start, kill, delete are supported", all_operations},
       {"state.no-id", kMust, "state without an id is an error", words(without_id, {"state"})},
       {"state.unknown", kMust, "state of an unknown container is an error",
        words(unknown_id, {"state", "nobody"})},
       {"state.returns", kMust, "state returns the state", state_follows_schema},
       {"create.arguments", kMust, "create without a bundle or an id is an error",
        create_without_arguments},
       {"create.id.unique", kMust, "an id that is taken is an error and makes no container",
        id_is_unique},
       {"create.id.valid", kMust, "an invalid id is an error and makes no container", invalid_ids},
       {"create.new", kMust, "create makes a new container", pid_while_created},
       {"create.properties", kMust, "all properties but process are applied by create",
        properties_at_create},
       {"create.args", kMust, "process.args is not applied before start", no_program_at_create},
       {"create.unappliable", kMust,
        "a property that can't be applied is an error and makes no container",
        unappliable_property},
       {"create.changes", kSays, "changes of config.json have no effect afterwards",
        config_is_frozen},
       {"start.no-id", kMust, "start without an id is an error", words(without_id, {"start"})},
       {"start.unknown", kMust, "start of an unknown container is an error",
        words(unknown_id, {"start", "nobody"})},
       {"start.running", kMust, "start of a running container is an error without effect",
        start_twice},
       {"start.stopped", kMust, "start of a stopped container is an error without effect",
        start_of_stopped},
       {"start.program", kMust, "start runs the program of process", start_runs_program},
       {"start.no-process", kMust, "start is an error where process is not set",
        start_without_process},
       {"kill.no-id", kMust, "kill without an id is an error", words(without_id, {"kill"})},
       {"kill.unknown", kMust, "kill of an unknown container is an error",
        words(unknown_id, {"kill", "nobody", "TERM"})},
       {"kill.stopped", kMust, "kill of a stopped container is an error without effect",
        kill_of_stopped},
       {"kill.created", kMust, "kill of a created container sends the signal", kill_of_created},
       {"kill.signal", kMust, "kill sends the signal that is named", of_kind(kill_sends, "USR1")},
       {"kill.number", kSays, "kill sends the signal that has the number",
        of_kind(kill_sends, std::to_string(SIGUSR1))},
       {"delete.no-id", kMust, "delete without an id is an error", words(without_id, {"delete"})},
       {"delete.unknown", kMust, "delete of an unknown container is an error",
        words(unknown_id, {"delete", "nobody"})},
       {"delete.running", kMust, "delete of a running container is an error without effect",
        delete_of_running},
       {"delete.created", kMust, "delete of a created container is an error without effect",
        delete_of_created},
       {"delete.resources", kMust, "delete removes what create made", delete_undoes},
       {"delete.others", kMust, "delete keeps what the container didn't create",
        delete_keeps_others},
       {"delete.id", kSays, "an id is free after delete", id_is_free_again}}};
}

}  // namespace

std::vector<Section> bundle_sections() {
  return {{"bundle.md",
           "Filesystem Bundle",
           {{"bundle.config", kMust, "config.json is at the top of the bundle, under this name",
             without_config},
            {"bundle.root", kSays, "the root file system is the directory of root.path",
             root_of_bundle},
            untested("bundle.one-directory", kMust, "all of a bundle is in one directory",
                     "a demand on bundles, not on runtimes")}},
          {"glossary.md",
           "JSON",
           {untested("json.utf-8", kMust, "configurations are UTF-8",
                     "a demand on who writes them; what a runtime does with others is not said"),
            untested("json.names", kMust, "an object has no name twice",
                     "a demand on who writes them; what a runtime does with others is not said")}}};
}

std::vector<Section> runtime_sections() {
  return {{"runtime.md",
           "Scope of a Container",
           {{"scope.operations", kMust, "who creates a container can use all operations on it",
             all_operations}}},
          state_section(),
          lifecycle_section(),
          {"runtime.md",
           "Errors",
           {{"errors.no-trace", kMust, "an error leaves all as if nothing had been tried",
             error_leaves_nothing}}},
          {"runtime.md",
           "Warnings",
           {{"warnings.flow", kMust, "a warning doesn't change what is done",
             warning_changes_nothing}}},
          operations_section()};
}

std::vector<Section> runtime_linux_sections() {
  const auto link = [](std::string name, std::string target) -> Test {
    return [=](Scene& scene) { dev_link(scene, name, target); };
  };
  return {{"runtime-linux.md",
           "File descriptors",
           {{"linux.descriptors", kSays, "only standard input, output and error stay open",
             three_descriptors}}},
          {"runtime-linux.md",
           "Dev symbolic links",
           {{"linux.dev-fd", kMust, "/dev/fd is a symlink to /proc/self/fd",
             link("fd", "/proc/self/fd")},
            {"linux.dev-stdin", kMust, "/dev/stdin is a symlink to /proc/self/fd/0",
             link("stdin", "/proc/self/fd/0")},
            {"linux.dev-stdout", kMust, "/dev/stdout is a symlink to /proc/self/fd/1",
             link("stdout", "/proc/self/fd/1")},
            {"linux.dev-stderr", kMust, "/dev/stderr is a symlink to /proc/self/fd/2",
             link("stderr", "/proc/self/fd/2")}}}};
}

}  // namespace conformance
