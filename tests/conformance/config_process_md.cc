// SPDX-License-Identifier: Apache-2.0
// config.md: the process, its user, the names of the machine.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;
constexpr auto kShould = Level::kShould;
constexpr auto kSays = Level::kSays;

Json& process(Scene& scene) { return scene.config["process"]; }

void refuse_value(Scene& scene, const std::string& member, const Json& value) {
  process(scene)[member] = value;
  scene.must_refuse("process." + member + " = " + value.dump());
}

Test refused(std::string member, Json value) {
  return [=](Scene& scene) { refuse_value(scene, member, value); };
}

// ---------------------------------------------------------------------------- terminal

// What a container writes to its terminal.
std::string on_terminal(Scene& scene, const std::string& line) {
  support::ConsoleSocket socket(scene.file("console"));
  process(scene)["terminal"] = true;
  set_shell(scene.config, line + "; echo end");
  scene.must_create({"--console-socket", socket.path()});
  const support::ConsoleSocket::Console console = socket.receive();
  scene.must_start();
  std::string text = support::read_terminal(console.master.get(), "end");
  scene.wait_until_stopped();
  std::erase(text, '\r');  // whether the terminal adds them is the runtime's own matter
  return trim(text.substr(0, text.find("end")));
}

void terminal(Scene& scene) {
  expect_equal(on_terminal(scene, "tty; [ -t 1 ] && [ -t 2 ] && echo all"), "/dev/pts/0\nall",
               "the terminal");
}

void no_terminal(Scene& scene) {
  expect_equal(scene.shell("[ -t 0 ] || [ -t 1 ] || echo none"), "none", "the terminal");
}

void console_size(Scene& scene) {
  process(scene)["consoleSize"] = {{"height", 33}, {"width", 77}};
  expect_equal(on_terminal(scene, "stty size"), "33 77", "the size");
}

void console_size_ignored(Scene& scene) {
  process(scene)["consoleSize"] = {{"height", 33}, {"width", 77}};
  expect_equal(scene.shell("echo on"), "on", "the output");
}

// ---------------------------------------------------------------------------- words

void absent_process(Scene& scene) {
  scene.config.erase("process");
  scene.must_create();
}

void cwd(Scene& scene) {
  process(scene)["cwd"] = "/home";
  expect_equal(scene.shell("pwd"), "/home", "the working directory");
}

void environment(Scene& scene) {
  process(scene)["env"] = {"PATH=/bin", "A=one two", "EMPTY="};
  process(scene)["args"] = {"env"};
  const std::string text = "\n" + scene.run();
  expect(has(text, "\nA=one two\n") && has(text, "\nEMPTY=\n") && has(text, "\nPATH=/bin\n"), text);
  expect(lines_of(text).size() <= 5, "there is more: " + text);  // HOME may be added
}

void search_path(Scene& scene) {
  process(scene)["env"] = {"PATH=/nowhere:/home"};
  support::write_text(scene.rootfs() + "/home/tool", "#!/bin/sh\necho found\n", 0755);
  process(scene)["args"] = {"tool"};
  expect_equal(trim(scene.run()), "found", "the output");
}

void argv(Scene& scene) {
  process(scene)["args"] = {"sh", "-c", "printf '%s.' \"$@\"", "zero", "a b", "", "*"};
  expect_equal(trim(scene.run()), "a b..*.", "the program's words");
}

void no_args(Scene& scene) {
  process(scene)["args"] = Json::array();
  if (scene.create().exit_code != 0) return;
  expect(scene.start().exit_code != 0, "a process without args is started");
}

// ---------------------------------------------------------------------------- limits

void set_limits(Scene& scene) {
  process(scene)["rlimits"] = {{{"type", "RLIMIT_NOFILE"}, {"soft", 100}, {"hard", 200}},
                               {{"type", "RLIMIT_CORE"}, {"soft", 0}, {"hard", 0}}};
}

void limits(Scene& scene, const std::string& flag, const std::string& value) {
  set_limits(scene);
  expect_equal(scene.shell("ulimit " + flag + " -n"), value, "the limit");
}

void every_limit(Scene& scene) {
  Json list = Json::array();
  for (const char* name :
       {"AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE", "NOFILE",
        "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK"}) {
    const std::string shell_line = std::string("RLIMIT_") + name;
    // Not above what we have; and a program must still fit.
    const uint64_t value = std::string(name) == "NICE" || std::string(name) == "RTPRIO" ? 0 : 60000;
    if (std::string(name) == "AS" || std::string(name) == "DATA" || std::string(name) == "STACK" ||
        std::string(name) == "FSIZE" || std::string(name) == "RSS") {
      continue;
    }
    if (std::string(name) == "NOFILE") continue;
    list.push_back({{"type", shell_line}, {"soft", value}, {"hard", value}});
  }
  process(scene)["rlimits"] = list;
  expect_equal(scene.shell("echo on"), "on", "the output");
}

void unknown_limit(Scene& scene) {
  process(scene)["rlimits"] = {{{"type", "RLIMIT_NOSUCH"}, {"soft", 1}, {"hard", 1}}};
  scene.must_refuse("an unknown limit");
}

void same_limit_twice(Scene& scene) {
  process(scene)["rlimits"] = {{{"type", "RLIMIT_CORE"}, {"soft", 0}, {"hard", 0}},
                               {{"type", "RLIMIT_CORE"}, {"soft", 0}, {"hard", 0}}};
  scene.must_refuse("a limit that is there twice");
}

// ---------------------------------------------------------------------------- Linux

std::string status_line(Scene& scene, const std::string& name) {
  return scene.shell("sed -n 's/^" + name + ":[[:space:]]*//p' /proc/self/status");
}

// CAP_CHOWN is bit 0, CAP_KILL 5, CAP_NET_BIND_SERVICE 10. A set is seen in the first program only
// if the kernel's rules for exec let it through; as an ordinary user that is the ambient set.
void capability_set(Scene& scene, const std::string& set, const std::string& line) {
  const Json all = {"CAP_CHOWN", "CAP_KILL"};
  const Json none = Json::array();
  process(scene)["capabilities"] = {{"bounding", all},
                                    {"effective", set == "bounding" ? none : all},
                                    {"permitted", set == "bounding" ? none : all},
                                    {"inheritable", set == "ambient" ? all : none},
                                    {"ambient", set == "ambient" ? all : none}};
  if (set == "ambient") {
    only_with_many_ids();
    process(scene)["user"] = {{"uid", 1}, {"gid", 1}};
  }
  expect_equal(status_line(scene, line), "0000000000000021", "the " + set + " set");
}

void inheritable_set(Scene& scene) {
  const Json all = {"CAP_CHOWN", "CAP_KILL"};
  process(scene)["capabilities"] = {
      {"bounding", all}, {"effective", all}, {"permitted", all}, {"inheritable", {"CAP_KILL"}}};
  expect_equal(status_line(scene, "CapInh"), "0000000000000020", "the inheritable set");
}

void no_capabilities(Scene& scene) {
  process(scene)["capabilities"] = Json::object();
  expect_equal(status_line(scene, "CapBnd"), "0000000000000000", "the bounding set");
}

void unknown_capability(Scene& scene) {
  scene.config["ociVersion"] = "1.1.0";
  process(scene)["capabilities"]["bounding"].push_back("CAP_NO_SUCH");
  expect_equal(scene.shell("echo on"), "on", "the output");
}

void capability_warning(Scene& scene) {
  scene.config["ociVersion"] = "1.1.0";
  process(scene)["capabilities"]["bounding"].push_back("CAP_NO_SUCH");
  scene.must_create();
  expect(has(scene.output() + scene.log(), "CAP_NO_SUCH"), "no word of it");
}

void no_new_privileges(Scene& scene, bool value) {
  process(scene)["noNewPrivileges"] = value;
  expect_equal(status_line(scene, "NoNewPrivs"), value ? "1" : "0", "NoNewPrivs");
}

void oom_score(Scene& scene) {
  process(scene)["oomScoreAdj"] = 500;
  expect_equal(scene.shell("cat /proc/self/oom_score_adj"), "500", "the score");
}

void oom_score_unchanged(Scene& scene) {
  const std::string own = trim(support::read_text("/proc/self/oom_score_adj"));
  expect_equal(scene.shell("cat /proc/self/oom_score_adj"), own, "the score");
}

// Fields 18, 19 and 41 of /proc/PID/stat: priority, nice, policy.
std::string stat_field(Scene& scene, int number) {
  return scene.shell(sys::format("sed 's/.*) //' /proc/self/stat | cut -d' ' -f{}", number - 2));
}

void scheduler(Scene& scene, const char* policy, const char* number) {
  process(scene)["scheduler"] = {{"policy", policy}};
  expect_equal(stat_field(scene, 41), number, "the policy");
}

void real_time(Scene& scene, const char* policy, const char* number) {
  only_root();
  process(scene)["scheduler"] = {{"policy", policy}, {"priority", 7}};
  expect_equal(stat_field(scene, 41), number, "the policy");
  (void)scene.call({"delete", "--force", scene.id});
  expect_equal(stat_field(scene, 40), "7", "the priority");
}

void deadline(Scene& scene) {
  only_root();
  process(scene)["scheduler"] = {{"policy", "SCHED_DEADLINE"},
                                 {"runtime", 10'000'000},
                                 {"deadline", 30'000'000},
                                 {"period", 30'000'000},
                                 {"flags", {"SCHED_FLAG_RESET_ON_FORK"}}};
  process(scene)["args"] = {"cut", "-d", " ", "-f41", "/proc/self/stat"};
  expect_equal(trim(scene.run()), "6", "the policy");
}

void nice_value(Scene& scene) {
  process(scene)["scheduler"] = {{"policy", "SCHED_OTHER"}, {"nice", 5}};
  expect_equal(stat_field(scene, 19), "5", "the nice value");
}

void io_priority(Scene& scene) {
  process(scene)["ioPriority"] = {{"class", "IOPRIO_CLASS_BE"}, {"priority", 6}};
  process(scene)["args"] = {"/bin/probe", "syscall", "252", "1", "0"};  // ioprio_get
  expect_equal(trim(scene.run()), std::to_string((2 << 13) | 6), "the I/O priority");
}

void affinity_of_init(Scene& scene) {
  std::string own;
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Cpus_allowed_list:")) own = trim(line.substr(line.find('\t') + 1));
  }
  process(scene)["execCPUAffinity"] = {{"initial", "0"}, {"final", "0"}};
  expect_equal(status_line(scene, "Cpus_allowed_list"), own, "the CPUs of init");
}

// ---------------------------------------------------------------------------- user

void user_ids(Scene& scene) {
  only_with_many_ids();
  process(scene)["user"] = {{"uid", 1000}, {"gid", 1001}, {"additionalGids", {5, 6}}};
  expect_equal(scene.shell("id -u; id -g"), "1000\n1001", "the ids");
}

void additional_gids(Scene& scene) {
  only_with_many_ids();
  process(scene)["user"] = {{"uid", 1000}, {"gid", 1001}, {"additionalGids", {5, 6}}};
  const std::string groups = " " + status_line(scene, "Groups") + " ";
  expect(has(groups, " 5 ") && has(groups, " 6 "), "the groups are" + groups);
}

void umask_set(Scene& scene) {
  process(scene)["user"]["umask"] = 63;
  expect_equal(scene.shell("umask"), "0077", "the umask");
}

// Changed for the runtime alone, by its caller.
void umask_unset(Scene& scene) {
  const mode_t before = ::umask(027);
  std::string seen;
  try {
    seen = scene.shell("umask");
  } catch (...) {
    ::umask(before);
    throw;
  }
  ::umask(before);
  expect_equal(seen, "0027", "the umask");
}

void host_name(Scene& scene) {
  scene.config["hostname"] = "conformance";
  expect_equal(scene.shell("hostname"), "conformance", "the host name");
}

void domain_name(Scene& scene) {
  scene.config["ociVersion"] = "1.1.0";
  scene.config["domainname"] = "example.test";
  expect_equal(scene.shell("cat /proc/sys/kernel/domainname"), "example.test", "the domain name");
}

// ---------------------------------------------------------------------------- sections

Section process_section() {
  return {"config.md",
          "Process",
          {{"process.absent", kSays, "process may be absent at create", absent_process},
           {"process.terminal", kSays, "with terminal, the three streams are a pseudo-terminal",
            terminal},
           {"process.terminal.default", kSays, "without, they are not", no_terminal},
           {"process.consoleSize", kSays, "the terminal has consoleSize", console_size},
           {"process.consoleSize.ignored", kMust, "consoleSize is ignored without a terminal",
            console_size_ignored},
           {"process.cwd", kSays, "cwd is the working directory", cwd},
           {"process.cwd.absolute", kMust, "cwd is absolute", refused("cwd", "home")},
           {"process.env", kSays, "env is the environment", environment},
           {"process.args", kSays, "args are the program's words", argv},
           {"process.args.path", kSays, "the program is looked for in PATH, as execvp does",
            search_path},
           {"process.args.empty", kMust, "args has at least one entry", no_args}}};
}

Section limits_section() {
  const auto flag = [](std::string name, std::string value) -> Test {
    return [=](Scene& scene) { limits(scene, name, value); };
  };
  return {"config.md",
          "POSIX process",
          {{"rlimits.unknown", kMust, "an unknown type is an error", unknown_limit},
           {"rlimits.types", kMust, "each type of getrlimit(2) is known", every_limit},
           {"rlimits.soft", kMust, "the soft limit is as configured", flag("-S", "100")},
           {"rlimits.hard", kMust, "the hard limit is as configured", flag("-H", "200")},
           {"rlimits.twice", kMust, "a type that is there twice is an error", same_limit_twice}}};
}

std::vector<Clause> capability_clauses() {
  const auto set = [](std::string name, std::string line) -> Test {
    return [=](Scene& scene) { capability_set(scene, name, line); };
  };
  return {
      {"capabilities.unknown", kShould,
       "a capability that can't be granted is no error (since 1.1)", unknown_capability},
      {"capabilities.warning", kMust, "a capability that can't be granted is a warning (since 1.1)",
       capability_warning},
      {"capabilities.effective", kSays, "effective are the effective capabilities",
       set("effective", "CapEff")},
      {"capabilities.bounding", kSays, "bounding is the bounding set", set("bounding", "CapBnd")},
      {"capabilities.inheritable", kSays, "inheritable are the inheritable ones", inheritable_set},
      {"capabilities.permitted", kSays, "permitted are the permitted ones",
       set("permitted", "CapPrm")},
      {"capabilities.ambient", kSays, "ambient are the ambient ones", set("ambient", "CapAmb")},
      {"capabilities.none", kSays, "what is not listed is dropped", no_capabilities}};
}

std::vector<Clause> linux_clauses() {
  const auto policy = [](auto test, const char* name, const char* number) -> Test {
    return [=](Scene& scene) { test(scene, name, number); };
  };
  return {
      untested("apparmorProfile", kSays, "the profile is that of the program",
               "a kernel with AppArmor"),
      untested("selinuxLabel", kSays, "the label is that of the program", "a kernel with SELinux"),
      {"noNewPrivileges", kSays, "noNewPrivileges is set",
       [](Scene& scene) { no_new_privileges(scene, true); }},
      {"noNewPrivileges.false", kSays, "or is not",
       [](Scene& scene) { no_new_privileges(scene, false); }},
      {"oomScoreAdj", kMust, "oomScoreAdj is set", oom_score},
      {"oomScoreAdj.unset", kMust, "oom_score_adj is unchanged where it is not set",
       oom_score_unchanged},
      {"scheduler.other", kSays, "policy SCHED_OTHER", policy(scheduler, "SCHED_OTHER", "0")},
      {"scheduler.batch", kSays, "policy SCHED_BATCH", policy(scheduler, "SCHED_BATCH", "3")},
      {"scheduler.idle", kSays, "policy SCHED_IDLE", policy(scheduler, "SCHED_IDLE", "5")},
      {"scheduler.fifo", kSays, "policy SCHED_FIFO, with a priority",
       policy(real_time, "SCHED_FIFO", "1")},
      {"scheduler.rr", kSays, "policy SCHED_RR, with a priority",
       policy(real_time, "SCHED_RR", "2")},
      {"scheduler.deadline", kSays, "policy SCHED_DEADLINE", deadline},
      untested("scheduler.iso", kSays, "policy SCHED_ISO", "Linux has none"),
      {"scheduler.nice", kSays, "nice is set", nice_value},
      {"scheduler.nice.unset", kMust, "nice is 0 where it is not set",
       [](Scene& scene) {
         process(scene)["scheduler"] = {{"policy", "SCHED_BATCH"}};
         expect_equal(stat_field(scene, 19), "0", "the nice value");
       }},
      {"scheduler.unknown", kMust, "an unknown policy is an error",
       refused("scheduler", {{"policy", "SCHED_NOSUCH"}})},
      {"ioPriority", kSays, "class and priority are set", io_priority},
      {"ioPriority.unknown", kMust, "an unknown class is an error",
       refused("ioPriority", {{"class", "IOPRIO_CLASS_NOSUCH"}, {"priority", 4}})},
      {"execCPUAffinity.init", kSays, "it is not for the container's first process",
       affinity_of_init}};
}

}  // namespace

std::vector<Section> config_process_sections() {
  std::vector<Clause> linux_process = capability_clauses();
  for (Clause& clause : linux_clauses()) linux_process.push_back(std::move(clause));
  return {
      process_section(),
      limits_section(),
      {"config.md", "Linux Process", linux_process},
      {"config.md",
       "User",
       {{"user.ids", kSays, "uid and gid are those of the container's namespace", user_ids},
        {"user.umask", kSays, "umask is set", umask_set},
        {"user.umask.unset", kShould, "the caller's umask stays where it is not set", umask_unset},
        {"user.additionalGids", kSays, "additionalGids are the supplementary groups",
         additional_gids}}},
      {"config.md",
       "Hostname, Domainname",
       {{"hostname", kSays, "hostname is that of the uts namespace", host_name},
        {"domainname", kSays, "domainname is that of the uts namespace (since 1.1)",
         domain_name}}}};
}

}  // namespace conformance
