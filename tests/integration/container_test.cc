// SPDX-License-Identifier: Apache-2.0
// What a container is made of: ids, mounts, namespaces, limits, seccomp.
#include <sched.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "config/seccomp_filter.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"

using namespace support;
using config::NamespaceType;

namespace {
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
}  // namespace

TEST_CASE("ids: a single id is root inside", "[integration][ids]") {
  CHECK(run_shell("id -u; id -g").out == "0\n0\n");
}

TEST_CASE("ids: a range, through newuidmap, has other users and groups", "[integration][ids]") {
  NEEDS(range);
  const Result result = run_shell("id -u; id -g; id -G", [](config::RuntimeSpec& spec) {
    use_range(spec);
    spec.process->user = {.uid = 5, .gid = 6, .umask = {}, .additional_gids = {7, 8}};
  });
  CHECK(result.out == "5\n6\n6 7 8\n");
}

TEST_CASE("process: umask, working directory, HOME, host name", "[integration][process]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.process->user.umask = 027;
    spec.process->cwd = "/made/for/it";
    spec.hostname = "a-host";
    set_shell(spec, "umask; pwd; echo $HOME; hostname");
  });
  make_directory(bundle.rootfs() + "/etc");
  write_text(bundle.rootfs() + "/etc/passwd", "x:x:9:9::/no:/\nroot:x:0:0::/root/home:/bin/sh\n");
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "0027\n/made/for/it\n/root/home\na-host\n");
}

TEST_CASE("process: limits and the oom score", "[integration][process]") {
  const Result result =
      run_shell("ulimit -n; cat /proc/self/oom_score_adj", [](config::RuntimeSpec& spec) {
        spec.process->rlimits = {{.type = "RLIMIT_NOFILE", .soft = 77, .hard = 88}};
        spec.process->oom_score_adj = 400;
      });
  CHECK(result.out == "77\n400\n");
}

TEST_CASE("process: capabilities and no_new_privs are the bundle's", "[integration][process]") {
  const Result result =
      run_shell("grep -E 'CapEff|CapBnd|NoNew' /proc/self/status", [](config::RuntimeSpec& spec) {
        spec.process->capabilities.emplace();
        auto& sets = *spec.process->capabilities;
        sets.bounding = {"CAP_KILL", "CAP_CHOWN"};
        sets.permitted = sets.effective = {"CAP_KILL"};
      });
  CHECK(has(result.out, "CapEff:\t0000000000000020\n"));
  CHECK(has(result.out, "CapBnd:\t0000000000000021\n"));
  CHECK(has(result.out, "NoNewPrivs:\t1\n"));
}

TEST_CASE("process: an unknown capability is a warning", "[integration][process]") {
  const Result result = run_args({"true"}, [](config::RuntimeSpec& spec) {
    spec.process->capabilities->bounding.push_back("CAP_NOBODY_KNOWS");
    spec.process->capabilities->permitted.push_back("CAP_NOBODY_KNOWS");
  });
  CHECK(result.exit_code == 0);
  const std::size_t told = result.err.find("CAP_NOBODY_KNOWS");
  CHECK(told != std::string::npos);
  CHECK(result.err.find("CAP_NOBODY_KNOWS", told + 1) == std::string::npos);  // once
}

TEST_CASE("time namespace: offsets are in force", "[integration][namespaces]") {
  const Result result = run_shell("cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime",
                                  [](config::RuntimeSpec& spec) {
                                    set_namespace(spec, NamespaceType::kTime);
                                    spec.linux_.time_offsets["boottime"] = {.secs = 86400000};
                                  });
  CHECK(has(result.out, "86400000"));
  CHECK(result.exit_code == 0);
}

TEST_CASE("namespaces: a second container joins the first one's pid namespace",
          "[integration][namespaces]") {
  const Bundle first([](config::RuntimeSpec& spec) { spec.process->args = {"sleep", "100"}; });
  const Runtime runtime;
  runtime.start(first, "first");
  const std::string proc = "/proc/" + std::to_string(runtime.pid("first")) + "/ns/";
  const Bundle second([&](config::RuntimeSpec& spec) {
    if (!is_root()) set_namespace(spec, NamespaceType::kUser, proc + "user");
    if (!is_root()) spec.linux_.uid_mappings.clear(), spec.linux_.gid_mappings.clear();
    set_namespace(spec, NamespaceType::kPid, proc + "pid");
    set_shell(spec, "ps | grep -c '[s]leep 100'");
  });
  CHECK(runtime.run(second).out == "1\n");
}

TEST_CASE("namespaces: a path of another type is refused", "[integration][namespaces]") {
  const Result result = run_args({"true"}, [](config::RuntimeSpec& spec) {
    set_namespace(spec, NamespaceType::kNetwork, "/proc/self/ns/uts");
  });
  CHECK(has(result.err, "is a uts namespace"));
}

TEST_CASE("network: a new namespace has lo, up", "[integration][namespaces]") {
  const Result result =
      run_shell("cat /sys/class/net/lo/flags; ls /sys/class/net", [](config::RuntimeSpec& spec) {
        set_namespace(spec, NamespaceType::kNetwork);
        drop_mount(spec, "/sys/fs/cgroup");
        drop_mount(spec, "/sys");
        add_mount(spec, "/sys", "sysfs", "sysfs", {"ro"});
      });
  CHECK(result.out == "0x9\nlo\n");
}

TEST_CASE("mounts: options are those of the bundle", "[integration][mounts]") {
  const Result result =
      run_shell("grep ' /m ' /proc/self/mountinfo", [](config::RuntimeSpec& spec) {
        add_mount(spec, "/m", "tmpfs", "tmpfs",
                  {"ro", "nosuid", "nodev", "noexec", "noatime", "size=64k"});
      });
  CHECK(has(result.out, " /m ro,nosuid,nodev,noexec,noatime "));
  CHECK(has(result.out, "size=64k"));
}

TEST_CASE("mounts: binds of directories and files, read-only ones too", "[integration][mounts]") {
  const TempDirectory source;
  write_text(source / "file", "content\n");
  const Result result = run_shell("cat /d/file /f; echo x > /d/new && echo writable; echo x > /f",
                                  [&](config::RuntimeSpec& spec) {
                                    add_mount(spec, "/d", "bind", source.path(), {"rbind"});
                                    add_mount(spec, "/f", "bind", source / "file", {"bind", "ro"});
                                  });
  CHECK(result.out == "content\ncontent\nwritable\n");
  CHECK(has(result.err, "Read-only file system"));
  CHECK(exists(source / "new"));
}

TEST_CASE("mounts: tmpcopyup starts with what the image has", "[integration][mounts]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    add_mount(spec, "/data", "tmpfs", "tmpfs", {"tmpcopyup"});
    set_shell(spec, "cat /data/a/file; readlink /data/link; echo changed > /data/a/file");
  });
  make_directory(bundle.rootfs() + "/data");
  make_directory(bundle.rootfs() + "/data/a");
  write_text(bundle.rootfs() + "/data/a/file", "kept\n");
  REQUIRE(::symlink("nowhere", (bundle.rootfs() + "/data/link").c_str()) == 0);
  const Runtime runtime;
  CHECK(runtime.run(bundle).out == "kept\nnowhere\n");
  CHECK(read_text(bundle.rootfs() + "/data/a/file") == "kept\n");
}

TEST_CASE("root: read-only when the bundle says so", "[integration][mounts]") {
  const Result result =
      run_shell("echo x > /file", [](config::RuntimeSpec& spec) { spec.root.readonly = true; });
  CHECK(has(result.err, "Read-only file system"));
}

TEST_CASE("paths: masked ones are empty, read-only ones refuse", "[integration][mounts]") {
  const Bundle bundle([](config::RuntimeSpec& spec) {
    spec.linux_.masked_paths = {"/m/file", "/m/dir", "/m/missing"};
    spec.linux_.readonly_paths = {"/r"};
    set_shell(spec, "cat /m/file; ls /m/dir; echo x > /r/new");
  });
  for (const char* dir : {"/m", "/m/dir", "/r"}) make_directory(bundle.rootfs() + dir);
  write_text(bundle.rootfs() + "/m/file", "secret\n");
  write_text(bundle.rootfs() + "/m/dir/inside", "secret\n");
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.out.empty());
  CHECK(has(result.err, "Read-only file system"));
}

TEST_CASE("paths: the default masks hide keys and firmware", "[integration][mounts]") {
  CHECK(run_shell("wc -c < /proc/keys; ls /sys/firmware | wc -l").out == "0\n0\n");
}

TEST_CASE("devices: the defaults can be used", "[integration][devices]") {
  const Result result = run_shell(
      "echo x > /dev/null && head -c 3 /dev/zero | wc -c && head -c 5 /dev/urandom | wc -c; "
      "readlink /dev/fd; readlink /dev/ptmx");
  CHECK(result.out == "3\n5\n/proc/self/fd\npts/ptmx\n");
}

TEST_CASE("no-pivot: works as well", "[integration][mounts]") {
  const Bundle bundle([](config::RuntimeSpec& spec) { set_shell(spec, "ls -d /proc/self; pwd"); });
  const Runtime runtime;
  CHECK(runtime.run(bundle, {"--no-pivot"}).out == "/proc/self\n/\n");
}

TEST_CASE("seccomp: the profile's errno is what the program gets", "[integration][seccomp]") {
  const Result result = run_shell(
      "mkdir /made; echo $?; grep Seccomp: /proc/self/status", [](config::RuntimeSpec& spec) {
        spec.linux_.seccomp.emplace();
        spec.linux_.seccomp->default_action = config::SeccompAction::kAllow;
        spec.linux_.seccomp->syscalls = {{.names = {"mkdir", "mkdirat", "no_such_call"},
                                          .action = config::SeccompAction::kErrno,
                                          .errno_ret = 13,
                                          .args = {}}};
      });
  CHECK(result.out == "1\nSeccomp:\t2\n");
  CHECK(has(result.err, "Permission denied"));
}

TEST_CASE("seccomp: without no_new_privs it is loaded all the same", "[integration][seccomp]") {
  const Result result =
      run_shell("grep -E 'Seccomp:|NoNew|CapEff' /proc/self/status", [](config::RuntimeSpec& spec) {
        spec.process->no_new_privileges = false;
        spec.process->capabilities.emplace();
        spec.linux_.seccomp.emplace();
        spec.linux_.seccomp->default_action = config::SeccompAction::kAllow;
      });
  CHECK(has(result.out, "NoNewPrivs:\t0\n"));
  CHECK(has(result.out, "Seccomp:\t2\n"));
  CHECK(has(result.out, "CapEff:\t0000000000000000\n"));
}

TEST_CASE("mounts: copy-symlink makes a symlink of the same text", "[integration][mounts]") {
  const TempDirectory source;
  std::filesystem::create_symlink("../etc/passwd", source / "link");
  write_text(source / "file", "mounted");
  const Result result = run_shell("readlink /a/b; cat /c", [&](config::RuntimeSpec& spec) {
    add_mount(spec, "/a/b", "bind", source / "link", {"rbind", "copy-symlink", "ro"});
    add_mount(spec, "/c", "bind", source / "file", {"bind", "copy-symlink"});
  });
  CHECK(result.all() == "../etc/passwd\nmounted");
}

TEST_CASE("mounts: copy-symlink accepts the same symlink and nothing else",
          "[integration][mounts]") {
  const TempDirectory source;
  std::filesystem::create_symlink("x", source / "link");
  const bool is_same = GENERATE(false, true);
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    add_mount(spec, "/a", "bind", source / "link", {"bind", "copy-symlink"});
  });
  std::filesystem::create_symlink(is_same ? "x" : "y", bundle.rootfs() + "/a");
  const Runtime runtime;
  const Result result = runtime.run(bundle);
  CHECK(result.exit_code == (is_same ? 0 : 1));
  CHECK(has(result.err, "is there already") != is_same);
}

TEST_CASE("mounts: copy-symlink is for binds", "[integration][mounts]") {
  const Result result = run_shell("true", [](config::RuntimeSpec& spec) {
    add_mount(spec, "/a", "tmpfs", "tmpfs", {"copy-symlink"});
  });
  CHECK(result.exit_code == 1);
  CHECK(has(result.err, "copy-symlink is for binds"));
}

TEST_CASE("features: the version is that of the libseccomp that the program is linked with",
          "[integration][features]") {
  const Runtime runtime;
  CHECK(has(runtime.must({"features"}),
            "\"io.github.seccomp.libseccomp.version\": \"" + config::libseccomp_version() + "\""));
}
