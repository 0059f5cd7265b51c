// SPDX-License-Identifier: Apache-2.0
// Namespaces: made, joined by path, shared with the host.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/capability.h"
#include "sys/file.h"
#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

void waits(RuntimeSpec& spec) { spec.process->args = {"probe", "wait"}; }

// What the kernel calls a process's namespace: "net:[4026531840]".
std::string namespace_of(pid_t pid, const std::string& name) {
  return sys::read_link(sys::format("/proc/{}/ns/{}", pid, name));
}
std::string own_namespace(const std::string& name) { return namespace_of(::getpid(), name); }

std::string path_of(pid_t pid, const char* name) {
  return sys::format("/proc/{}/ns/{}", pid, name);
}

void get_all_capabilities(RuntimeSpec& spec) {
  const std::vector<std::string> all = sys::all_capability_names();
  spec.process->capabilities = config::Capabilities{
      .bounding = all, .effective = all, .inheritable = {}, .permitted = all, .ambient = {}};
}

// A pod's first container, running, and those that join it. has_user: it has a user namespace.
struct Pod {
  explicit Pod(const Change& change = {}, bool has_user_namespace = !is_root())
      : has_user(has_user_namespace), bundle([&](RuntimeSpec& spec) {
          waits(spec);
          if (has_user) use_single(spec);
          if (change) change(spec);
        }) {
    runtime.start(bundle, "first");
    pid = runtime.pid("first");
  }
  // The bundle of a member that joins the first's namespace of this type.
  Change member(NamespaceType type, const char* name, const Change& change) const {
    return [=, this](RuntimeSpec& spec) {
      if (has_user) {
        set_namespace(spec, NamespaceType::kUser, path_of(pid, "user"));
        spec.linux_.uid_mappings.clear();
        spec.linux_.gid_mappings.clear();
        for (config::Mount& mount : spec.mounts) std::erase(mount.options, "gid=5");
      }
      set_namespace(spec, type, path_of(pid, name));
      change(spec);
    };
  }
  // Runs LINE in a member.
  Result join(NamespaceType type, const char* name, const std::string& line,
              const Change& change = {}) const {
    const Bundle joining(member(type, name, [&](RuntimeSpec& spec) {
      set_shell(spec, line);
      if (change) change(spec);
    }));
    return runtime.run(joining);
  }

  bool has_user;
  Bundle bundle;
  Runtime runtime;
  pid_t pid = -1;
};

// What a process calls itself in its own pid namespace. Source: proc(5), NSpid.
std::string inner_pid(pid_t pid) {
  const std::string status = read_text(sys::format("/proc/{}/status", pid));
  const std::size_t line = status.find("NSpid:");
  const std::size_t end = status.find('\n', line);
  const std::size_t tab = status.rfind('\t', end);
  return status.substr(tab + 1, end - tab - 1);
}

}  // namespace

TEST_CASE("namespaces: all eight can be made", "[integration][namespaces]") {
  const Result result =
      run_shell("for f in /proc/self/ns/*; do readlink $f; done", [](RuntimeSpec& spec) {
        use_single(spec);
        using enum NamespaceType;
        for (const NamespaceType type : {kPid, kNetwork, kMount, kIpc, kUts, kCgroup, kTime}) {
          set_namespace(spec, type);
        }
      });
  CHECK(result.exit_code == 0);
  for (const char* name : {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"}) {
    CHECK_THAT(result.out, Contains(std::string(name) + ":[") && !Contains(own_namespace(name)));
  }
}

TEST_CASE("namespaces: those that the bundle leaves out are the caller's",
          "[integration][namespaces]") {
  const Result result =
      run_shell("for n in net ipc uts; do readlink /proc/self/ns/$n; done", [](RuntimeSpec& spec) {
        drop_namespace(spec, NamespaceType::kNetwork);
        drop_namespace(spec, NamespaceType::kIpc);
        drop_namespace(spec, NamespaceType::kUts);
        drop_mount(spec, "/dev/mqueue");
        if (is_root()) drop_mount(spec, "/sys");
        spec.hostname.clear();
      });
  CHECK(result.all() ==
        own_namespace("net") + "\n" + own_namespace("ipc") + "\n" + own_namespace("uts") + "\n");
}

TEST_CASE("namespaces: a host name without a uts namespace is an error",
          "[integration][namespaces]") {
  const Result result =
      run_shell("true", [](RuntimeSpec& spec) { drop_namespace(spec, NamespaceType::kUts); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/hostname"));
}

TEST_CASE("namespaces: net, ipc and uts are joined by path", "[integration][namespaces]") {
  const Pod pod([](RuntimeSpec& spec) { set_namespace(spec, NamespaceType::kNetwork); });
  const auto joined = [&](NamespaceType type, const std::string& name) {
    const Result result = pod.join(type, name.c_str(), "readlink /proc/self/ns/" + name,
                                   [](RuntimeSpec& spec) { spec.hostname.clear(); });
    return result.all();
  };
  CHECK(joined(NamespaceType::kNetwork, "net") == namespace_of(pod.pid, "net") + "\n");
  CHECK(joined(NamespaceType::kIpc, "ipc") == namespace_of(pod.pid, "ipc") + "\n");
  CHECK(joined(NamespaceType::kUts, "uts") == namespace_of(pod.pid, "uts") + "\n");
}

TEST_CASE("namespaces: a joined cgroup and time namespace", "[integration][namespaces]") {
  const Pod pod([](RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kCgroup);
    set_namespace(spec, NamespaceType::kTime);
  });
  CHECK(pod.join(NamespaceType::kCgroup, "cgroup", "readlink /proc/self/ns/cgroup").all() ==
        namespace_of(pod.pid, "cgroup") + "\n");
  CHECK(pod.join(NamespaceType::kTime, "time", "readlink /proc/self/ns/time").all() ==
        namespace_of(pod.pid, "time") + "\n");
}

TEST_CASE("namespaces: a new network namespace beside a joined user namespace",
          "[integration][namespaces]") {
  const Pod pod({}, true);
  const Result result =
      pod.join(NamespaceType::kPid, "pid", "ip -o link | grep -o LOOPBACK,UP",
               [](RuntimeSpec& spec) { set_namespace(spec, NamespaceType::kNetwork); });
  CHECK(result.all() == "LOOPBACK,UP\n");
}

TEST_CASE("namespaces: a message queue of the joined ipc namespace", "[integration][namespaces]") {
  const Pod pod;
  CHECK(pod.join(NamespaceType::kIpc, "ipc", "ls /dev/mqueue").all().empty());
}

TEST_CASE("namespaces: two containers in one pid namespace see each other",
          "[integration][namespaces]") {
  const Pod pod;
  const Result result =
      pod.join(NamespaceType::kPid, "pid", "cat /proc/1/comm; readlink /proc/self/ns/pid");
  CHECK(result.all() == "probe\n" + namespace_of(pod.pid, "pid") + "\n");
}

TEST_CASE("namespaces: nobody of a pod reaches into a member that waits for its start",
          "[integration][namespaces]") {
  // With a user namespace and all capabilities in it.
  const Pod pod(get_all_capabilities, true);
  const Bundle second(pod.member(NamespaceType::kPid, "pid", waits));
  REQUIRE(pod.runtime.create(second, "second").err == "");
  const std::string target = inner_pid(pod.runtime.pid("second"));
  const Result attack = pod.runtime.call(
      {"exec", "first", "sh", "-c",
       "cd /proc/" + target +
           " || exit 1; for f in fd/0 root cwd exe ns/net; do readlink $f >/dev/null 2>&1 && echo "
           "reads $f; "
           "done; cat environ maps 2>/dev/null | wc -c; (echo x > mem) 2>/dev/null && echo writes; "
           "probe syscall 101 16 " +
           target + " 0 0"});
  CHECK(attack.all() == "0\nerrno 1\n");  // ptrace: EPERM
  CHECK(pod.runtime.status("second") == "created");
  CHECK(pod.runtime.call({"start", "second"}).exit_code == 0);
}

TEST_CASE("namespaces: nobody of a pod reaches into a member that is being made",
          "[integration][namespaces]") {
  const Pod pod(
      [](RuntimeSpec& spec) {
        get_all_capabilities(spec);
        // `ls -L` of a magic link that may not be followed is an error.
        set_shell(spec,
                  "while :; do for p in /proc/[0-9]*; do [ $p = /proc/1 ] && continue; "
                  "grep -q tilla-runtime $p/comm 2>/dev/null && ls $p/root/ > /dev/null 2>&1 && "
                  "grep -q tilla-runtime $p/comm 2>/dev/null && echo reached; done; done");
      },
      true);
  for (int i = 0; i < 10; ++i) {
    CHECK(pod.join(NamespaceType::kPid, "pid", "true").err == "");
  }
  CHECK(pod.runtime.output_of("first").empty());
}

TEST_CASE("namespaces: the end of a pod's member ends nobody else", "[integration][namespaces]") {
  const Pod pod;
  REQUIRE(pod.join(NamespaceType::kPid, "pid", "sleep 100 & true").exit_code == 0);
  CHECK(pod.runtime.status("first") == "running");
}

TEST_CASE("namespaces: a member is killed alone by delete --force", "[integration][namespaces]") {
  const Pod pod;
  const Bundle member(pod.member(NamespaceType::kPid, "pid", [](RuntimeSpec& spec) {
    set_shell(spec, "sleep 100 & sleep 100");
  }));
  pod.runtime.start(member, "second");
  const sys::Process second = pod.runtime.init("second");
  pod.runtime.must({"delete", "--force", "second"});
  CHECK(sys::wait_until_ended(second.pidfd.get(), 5000));
  CHECK(pod.runtime.status("first") == "running");
}

TEST_CASE("namespaces: a path of the wrong type is refused, whatever the type",
          "[integration][namespaces]") {
  const auto [type, path, words] = GENERATE(table<NamespaceType, std::string, std::string>(
      {{NamespaceType::kNetwork, "/proc/self/ns/ipc", "is a ipc namespace"},
       {NamespaceType::kIpc, "/proc/self/ns/net", "is a network namespace"},
       {NamespaceType::kUts, "/proc/self/ns/pid", "is a pid namespace"},
       {NamespaceType::kPid, "/proc/self/ns/uts", "is a uts namespace"}}));
  const Result result =
      run_shell("true", [&](RuntimeSpec& spec) { set_namespace(spec, type, path); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains(words) && Contains(path));
}

TEST_CASE("namespaces: a path that is no namespace, or not there, is named",
          "[integration][namespaces]") {
  const auto path = GENERATE(as<std::string>(), "/etc/passwd", "/dev/null", "/nope", "/tmp");
  const Result result = run_shell(
      "true", [&](RuntimeSpec& spec) { set_namespace(spec, NamespaceType::kNetwork, path); });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("network namespace \"" + path + "\""));
}

TEST_CASE("namespaces: of one type twice is refused", "[integration][namespaces]") {
  const Result result = run_shell("true", [](RuntimeSpec& spec) {
    spec.linux_.namespaces.push_back({.type = NamespaceType::kPid, .path = {}});
  });
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("/linux/namespaces"));
}

TEST_CASE("namespaces: a new network has lo, and it is up", "[integration][namespaces]") {
  const Result result =
      run_shell("ip -o link | grep -c .; ip -o link | grep -o 'LOOPBACK,UP'",
                [](RuntimeSpec& spec) { set_namespace(spec, NamespaceType::kNetwork); });
  CHECK(result.all() == "1\nLOOPBACK,UP\n");
}

TEST_CASE("namespaces: the caller's processes are not seen", "[integration][namespaces]") {
  CHECK(run_shell("echo /proc/[0-9]*").out == "/proc/1\n");  // sh, ls, wc
}

TEST_CASE("namespaces: as root, no namespace at all is a chroot",
          "[integration][namespaces][root]") {
  NEEDS(root);
  const Result result = run_shell("ls /bin/probe; ls -d /work 2>/dev/null", [](RuntimeSpec& spec) {
    spec.linux_.namespaces.clear();
    spec.mounts.clear();
    spec.hostname.clear();
    spec.linux_.masked_paths.clear();
    spec.linux_.readonly_paths.clear();
  });
  CHECK(result.out == "/bin/probe\n");
}

TEST_CASE("namespaces: a refused /proc says what was tried, why, and what to do",
          "[integration][namespaces]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    use_single(spec);
    spec.linux_.uid_mappings[0].host_id = spec.linux_.gid_mappings[0].host_id = 0;
  });
  const Runtime runtime;
  // As in a container whose engine hides parts of /proc.
  std::vector<std::string> words = {"unshare",
                                    "-U",
                                    "--map-root-user",
                                    "-m",
                                    "sh",
                                    "-c",
                                    "mount -t tmpfs none /proc/tty && exec \"$@\"",
                                    "sh"};
  for (const std::string& word : runtime.argv({"run", "--bundle", bundle.path(), "test"})) {
    words.push_back(word);
  }
  const Result result = run(words);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("mount 0 \"/proc\": fsmount proc: Operation not permitted") &&
                             Contains("too revealing") && Contains("hint: ") &&
                             Contains("outer container without masks on /proc"));
}

TEST_CASE("namespaces: a /proc of somebody else's pid namespace has the same hint",
          "[integration][namespaces][root]") {
  NEEDS(root);
  const Pod pod({}, false);
  const Result result = pod.join(NamespaceType::kPid, "pid", "true", use_single);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("create proc: Operation not permitted") &&
                             Contains("another user namespace's: join that one as well"));
}
