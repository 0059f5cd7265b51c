// SPDX-License-Identifier: Apache-2.0
// INV-8: whoever takes tilla-layers over from inside reaches nothing but the staging directory. The
// child confines itself as the worker does, then attacks what is outside.
#include "snapshotter/worker/confinement.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/unit/snapshotter/layer_scene.h"

namespace {

struct Attack {
  std::string outside;  // an absolute path
  int staging, channel, leaked;
  pid_t victim;
};

// Every way that leads to the file under one name.
std::string attack_path(const std::string& path) {
  std::string reached;
  const auto attempt = [&](const char* what, long result) {
    if (result >= 0) reached += sys::format("{} {}\n", what, path);
  };
  const char* name = path.c_str();
  struct stat status = {};
  attempt("open", ::open(name, O_RDONLY));
  attempt("open for writing", ::open(name, O_WRONLY | O_TRUNC));
  attempt("stat", ::stat(name, &status));
  attempt("chmod", ::chmod(name, 0777));
  attempt("chown", ::chown(name, 0, 0));
  attempt("setxattr", ::setxattr(name, "user.reached", "1", 1, 0));
  attempt("getxattr", ::getxattr(name, "user.kept", nullptr, 0));
  attempt("utimes", ::utimensat(AT_FDCWD, name, nullptr, 0));
  attempt("unlink", ::unlink(name));
  attempt("link", ::linkat(AT_FDCWD, name, AT_FDCWD, "caught", 0));
  attempt("rename", ::rename(name, "caught"));
  attempt("truncate", ::truncate(name, 0));
  attempt("symlink and open", ::symlinkat(name, AT_FDCWD, "way") < 0 ? -1 : ::open("way", O_RDWR));
  (void)::unlink("way");
  return reached;
}

std::string attack_process(const Attack& attack) {
  std::string reached;
  const auto attempt = [&](const char* what, long result) {
    if (result >= 0) reached += sys::format("{}\n", what);
  };
  attempt("kill", ::kill(attack.victim, SIGKILL));
  attempt("kill all", ::kill(-1, SIGKILL));
  attempt("tgkill", ::syscall(SYS_tgkill, attack.victim, attack.victim, SIGKILL));
  attempt("pidfd", ::syscall(SYS_pidfd_open, attack.victim, 0));
  attempt("ptrace", ::ptrace(PTRACE_ATTACH, attack.victim, nullptr, nullptr));
  attempt("socket", ::socket(AF_INET, SOCK_STREAM, 0));
  attempt("unix socket", ::socket(AF_UNIX, SOCK_STREAM, 0));
  attempt("fork", ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
  attempt("user namespace", ::unshare(CLONE_NEWUSER));
  attempt("mount", ::syscall(SYS_mount, "none", "/", "tmpfs", 0, nullptr));
  attempt("chroot", ::chroot("."));
  attempt("handle", ::syscall(SYS_open_by_handle_at, AT_FDCWD, nullptr, 0));
  attempt("io_uring", ::syscall(SYS_io_uring_setup, 1, nullptr));
  attempt("exec", ::execl("/bin/true", "true", nullptr));
  attempt("inherited descriptor", ::fchmod(attack.leaked, 0777));
  attempt("standard input", ::fchmod(0, 0777));
  attempt("standard error", ::write(2, "x", 1));
  attempt("bpf", ::syscall(SYS_bpf, 0, nullptr, 0));
  return reached;
}

void run_attack(void* argument) noexcept {
  const Attack& attack = *static_cast<Attack*>(argument);
  std::string reached;
  try {
    snapshotter::confine(attack.staging, attack.channel);
    const std::string up = "../../../../../../../..";
    for (const std::string& path :
         {attack.outside, up + attack.outside, "/proc/1/root" + attack.outside,
          "/proc/self/root" + attack.outside, sys::format("/proc/{}/cwd", attack.victim),
          sys::format("/proc/self/fd/{}", attack.leaked), std::string("/etc/passwd"),
          std::string("/dev/null"), up + "/etc/passwd"}) {
      reached += attack_path(path);
    }
    reached += attack_process(attack);
    // The staging directory is what it may reach.
    const int own = ::openat(AT_FDCWD, "own", O_WRONLY | O_CREAT, 0600);
    reached += own < 0 ? "not even its own directory" : "done";
    (void)sys::send_message(attack.channel, reached);
  } catch (const sys::Error& error) {
    (void)sys::send_message(attack.channel, error.what());
  }
  sys::exit_now(0);
}

}  // namespace

TEST_CASE("t_worker_confinement: from inside the worker nothing outside is reached",
          "[snapshotter][worker][inv8]") {
  const std::string said = scene::inside([](const scene::Ground& ground) {
    const std::string outside = ground.path + "/outside";
    support::write_text(outside, "secret", 0640);
    support::make_directory(ground.path + "/staging");
    const sys::Fd leaked = sys::open_path(outside, O_RDWR);
    (void)::fsetxattr(leaked.get(), "user.kept", "1", 1, 0);
    const struct stat before = sys::status_of(leaked.get());
    const sys::Fd staging = sys::open_path(ground.path + "/staging", O_RDONLY | O_DIRECTORY);
    sys::SocketPair pair = sys::make_channel();
    Attack attack = {.outside = outside,
                     .staging = staging.get(),
                     .channel = pair.second.get(),
                     .leaked = leaked.get(),
                     .victim = ::getpid()};
    sys::CloneOptions options;
    options.namespaces = CLONE_NEWPID;
    const sys::Process child = sys::clone_child(options, run_attack, &attack);
    pair.second.reset();
    const auto answer = sys::receive_message(pair.first.get(), 30'000);
    (void)sys::wait_child(child);
    const struct stat after = sys::status_of(leaked.get());
    const bool is_same = before.st_mode == after.st_mode && before.st_uid == after.st_uid &&
                         before.st_mtim.tv_nsec == after.st_mtim.tv_nsec &&
                         before.st_ctim.tv_nsec == after.st_ctim.tv_nsec &&
                         before.st_nlink == after.st_nlink &&
                         support::read_text(outside) == "secret";
    return (answer ? answer->text : "nothing said") + (is_same ? "" : ", and it was changed");
  });
  REQUIRE(said == "done");
}

TEST_CASE("worker: called by hand it says whose it is", "[snapshotter][worker]") {
  const support::Result result = support::run({scene::worker_program()});
  REQUIRE(result.exit_code == 1);
  REQUIRE(result.err.find("started by tilla") != std::string::npos);
  REQUIRE(support::run({scene::worker_program(), "--version"}).exit_code == 0);
  REQUIRE(support::run({scene::worker_program(), "--help"}).out.find("usage:") == 0);
}
