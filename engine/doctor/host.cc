// SPDX-License-Identifier: Apache-2.0
// What else of the host containers want: a network, cgroups, directories, programs.
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>

#include "engine/container/identity.h"
#include "engine/doctor/checks.h"
#include "engine/doctor/parameter.h"
#include "engine/network/pasta.h"
#include "snapshotter/snapshot/driver.h"
#include "sys/cgroup.h"
#include "sys/detached.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/helper_program.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/storage.h"

namespace engine {
namespace {

/// Findings of one subject.
class Subject {
 public:
  Subject(Findings& findings, const char* name) : findings_(findings), name_(name) {}
  void add(std::string id, Health health, std::string text, std::string fix = {}) const {
    findings_.push_back({.id = std::move(id),
                         .subject = name_,
                         .health = health,
                         .text = std::move(text),
                         .fix = std::move(fix)});
  }

 private:
  Findings& findings_;
  const char* name_;
};

constexpr const char* kCgroupRoot = "/sys/fs/cgroup";
constexpr std::uint64_t kLittleSpace = std::uint64_t{1} << 30;
constexpr std::uint64_t kFewFiles = 10000;

/// 0, or the errno with which the file can't be opened for reading and writing.
int refusal_of(const std::string& path) {
  try {
    (void)sys::open_path(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
    return 0;
  } catch (const sys::Error& error) {
    return error.code();
  }
}

// ---------------------------------------------------------------------------- cgroups

/// Our own place below the mount of version 2: the line "0::/PATH".
std::optional<std::string> own_cgroup() {
  const std::optional<std::string> text = read_parameter("self/cgroup");
  if (!text) return std::nullopt;
  const std::size_t at = text->starts_with("0::") ? 0 : text->find("\n0::");
  if (at == std::string::npos) return std::nullopt;
  std::string line = text->substr(at == 0 ? 3 : at + 4);
  line.resize(std::strcspn(line.c_str(), "\n"));
  return line;
}

Finding no_limits(std::string id, std::string text, std::string fix) {
  return {.id = std::move(id),
          .subject = "cgroups",
          .health = Health::kDegraded,
          .text = sys::format("{}: containers run without limits, and asking for one is an error",
                              text),
          .fix = std::move(fix)};
}

/// Controllers of version 1, or none: what /sys/fs/cgroup is then.
Finding without_version_2() {
  const std::optional<std::string> own = read_parameter("self/cgroup");
  const bool is_legacy = own && own->find(":memory:") != std::string::npos;
  constexpr const char* kFix =
      "add systemd.unified_cgroup_hierarchy=1 to the kernel's command line, and boot";
  if (!is_legacy) {
    return no_limits(
        "cgroup-unmounted",
        sys::format("no cgroup file system of version 2 is mounted on {}", kCgroupRoot), kFix);
  }
  if (sys::effective_uid() != 0)
    return no_limits("cgroup-v1", "this host has cgroup version 1", kFix);
  return {.id = "cgroup-v1-root",
          .subject = "cgroups",
          .health = Health::kGood,
          .text = "version 1, which is enough for the host's root"};
}

constexpr const char* kDelegation =
    "mkdir -p /etc/systemd/system/user@.service.d\n"
    "printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > "
    "/etc/systemd/system/user@.service.d/delegate.conf\n"
    "systemctl daemon-reload   # then log in anew";

void check_controllers(Findings& findings, const std::string& cgroup) {
  const auto dir = sys::open_path_if_exists(kCgroupRoot + cgroup, O_PATH | O_DIRECTORY);
  const std::optional<std::string> controllers =
      dir ? sys::read_cgroup_file(dir->get(), "cgroup.controllers") : std::nullopt;
  std::string missing;
  for (const char* const wanted : {"cpu", "memory", "pids", "io"}) {
    const std::string padded = " " + controllers.value_or("") + " ";
    std::string spaced = padded;
    for (char& c : spaced) c = c == '\n' ? ' ' : c;
    if (spaced.find(sys::format(" {} ", wanted)) == std::string::npos) {
      missing += (missing.empty() ? "" : ", ") + std::string(wanted);
    }
  }
  if (!missing.empty()) {
    findings.push_back({.id = "cgroup-controllers",
                        .subject = "cgroups",
                        .health = Health::kDegraded,
                        .text = sys::format("not delegated to us: {}; limits of that kind are "
                                            "errors",
                                            missing),
                        .fix = kDelegation});
  } else {
    findings.push_back({.id = "cgroups",
                        .subject = "cgroups",
                        .health = Health::kGood,
                        .text = "version 2, with cpu, memory, pids and io"});
  }
}

// ---------------------------------------------------------------------------- directories

/// The nearest directory on the way to `path` that exists.
std::string nearest_existing(std::string path) {
  while (!sys::open_path_if_exists(path, O_PATH | O_DIRECTORY)) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return "/";
    path.resize(slash);
  }
  return path;
}

/// An empty directory in `parent`, which goes with the object, whatever is in it by then.
class TrialDirectory {
 public:
  explicit TrialDirectory(int parent) : parent_(parent) {
    (void)sys::make_directory_at(parent_, name_, 0700);
  }
  ~TrialDirectory() {
    try {
      sys::remove_tree_at(parent_, name_);
    } catch (const sys::Error&) {  // what it was for has been told
    }
  }
  TrialDirectory(const TrialDirectory&) = delete;
  TrialDirectory& operator=(const TrialDirectory&) = delete;
  sys::Fd open() const { return sys::open_at(parent_, name_, O_RDONLY | O_DIRECTORY); }

 private:
  const int parent_;
  const std::string name_ = ".tilla-doctor." + sys::random_name();
};

}  // namespace

void check_network(Findings& findings) {
  const Subject network(findings, "network");
  const std::size_t before = findings.size();
  if (!find_pasta()) {
    network.add("pasta-missing", Health::kDegraded,
                "pasta is not installed: containers have no network, unless they share the host's "
                "(--network host)",
                "apt-get install passt");
  }
  if (const int code = refusal_of("/dev/net/tun"); code != 0 && code != EBADFD) {
    const bool is_missing = code == ENOENT;
    network.add(is_missing ? "tun-missing" : "tun-refused", Health::kDegraded,
                sys::format("/dev/net/tun: {}: pasta can't make a network", std::strerror(code)),
                is_missing ? "modprobe tun   # or, in a container: --device /dev/net/tun"
                           : "chmod 0666 /dev/net/tun");
  }
  if (read_parameter("sys/net/ipv4/ping_group_range") == "1\t0") {
    network.add("ping-forbidden", Health::kDegraded,
                "net.ipv4.ping_group_range is \"1 0\": no ping from containers",
                "sysctl -w net.ipv4.ping_group_range='0 2147483647'\n"
                "echo 'net.ipv4.ping_group_range = 0 2147483647' > "
                "/etc/sysctl.d/90-tilla-ping.conf");
  }
  if (findings.size() == before) network.add("network", Health::kGood, "pasta is there");
}

void check_cgroups(Findings& findings) {
  const auto root = sys::open_path_if_exists(kCgroupRoot, O_PATH | O_DIRECTORY);
  const sys::CgroupVersion version =
      root ? sys::cgroup_version(root->get()) : sys::CgroupVersion::kNone;
  if (version != sys::CgroupVersion::kUnified) {
    findings.push_back(without_version_2());
    return;
  }
  const std::optional<std::string> own = own_cgroup();
  const auto dir =
      own ? sys::open_path_if_exists(kCgroupRoot + *own, O_RDONLY | O_DIRECTORY) : std::nullopt;
  if (!dir) {
    findings.push_back(no_limits("cgroup-out-of-sight",
                                 "our own cgroup is not to be seen in the one that is mounted",
                                 "enter by a login, not by nsenter or docker exec"));
  } else if (sys::may_make_cgroups(dir->get()) != 0) {
    findings.push_back(no_limits(
        "cgroup-not-delegated", "our cgroup is not ours",
        "systemd-run --user --scope -p Delegate=yes $SHELL   # or a login with a user session"));
  } else {
    check_controllers(findings, *own);
  }
}

void check_runtime_directory(Findings& findings) {
  const Subject directory(findings, "runtime directory");
  const char* const xdg = ::getenv("XDG_RUNTIME_DIR");
  const std::string path = xdg == nullptr ? "" : xdg;
  if (path.empty()) {
    directory.add("runtime-directory", Health::kGood,
                  sys::format("XDG_RUNTIME_DIR is not set: {} is taken", runtime_directory()));
    return;
  }
  const auto dir = sys::open_path_if_exists(path, O_PATH | O_DIRECTORY);
  if (!dir) {
    directory.add("runtime-directory-missing", Health::kDegraded,
                  sys::format("XDG_RUNTIME_DIR is \"{}\", which is no directory", path),
                  "unset XDG_RUNTIME_DIR   # or: loginctl enable-linger");
    return;
  }
  const struct stat status = sys::status_of(dir->get());
  if (status.st_uid != sys::effective_uid()) {
    directory.add("runtime-directory-foreign", Health::kBroken,
                  sys::format("XDG_RUNTIME_DIR is \"{}\", which belongs to uid {}, as after su",
                              path, status.st_uid),
                  "unset XDG_RUNTIME_DIR   # or log in as this user (machinectl shell, ssh)");
  } else if ((status.st_mode & 022) != 0) {
    directory.add("runtime-directory-open", Health::kBroken,
                  sys::format("XDG_RUNTIME_DIR is \"{}\", which others can write to", path),
                  sys::format("chmod 0700 {}", path));
  } else {
    directory.add("runtime-directory", Health::kGood, path);
  }
}

void check_programs(Findings& findings) {
  const Subject programs(findings, "programs");
  const std::size_t before = findings.size();
  for (const char* const program :
       {"tilla-layers", "tilla-runtime", "tilla-monitor", "tilla-init"}) {
    try {
      (void)sys::find_helper_program(program);
    } catch (const sys::Error& error) {
      programs.add("program-missing", Health::kBroken, error.what(), "make install   # anew");
    }
  }
  if (findings.size() == before) {
    programs.add("programs", Health::kGood, "all of them are where they belong");
  }
}

void check_store(Findings& findings, const std::string& store) {
  const Subject subject(findings, "store");
  const std::string path = nearest_existing(store);
  const sys::Fd dir = sys::open_path(path, O_RDONLY | O_DIRECTORY);
  if (const int code = sys::check_writable(dir.get()); code != 0) {
    subject.add(code == EROFS ? "store-read-only" : "store-refused", Health::kBroken,
                sys::format("{}: {}", path, std::strerror(code)),
                "choose another place: tilla --root DIR, or TILLA_ROOT=DIR");
    return;
  }
  const sys::FreeSpace space = sys::free_space(dir.get());
  if (space.bytes < kLittleSpace || (space.counts_files && space.files < kFewFiles)) {
    subject.add("store-full", Health::kDegraded,
                sys::format("{} has room for {} MiB and {} more files", path, space.bytes >> 20,
                            space.counts_files ? std::to_string(space.files) : "any number of"),
                "tilla system prune   # or: choose another place by TILLA_ROOT=DIR");
    return;
  }
  subject.add("store", Health::kGood, sys::format("{}: {} GiB are free", store, space.bytes >> 30));
}

void check_drivers(Findings& findings, const std::string& store) {
  const Subject drivers(findings, "drivers");
  try {
    const std::string parent = nearest_existing(store);
    const Identity identity =
        enter_identity({.forced = {}, .runtime_directory = runtime_directory()});
    enter_mount_namespace();
    const sys::Fd dir = sys::open_path(parent, O_RDONLY | O_DIRECTORY);
    const TrialDirectory trial(dir.get());
    const auto probes = snapshotter::probe_drivers(trial.open().get(), identity.mapping);
    for (const snapshotter::DriverProbe& probe : probes) {
      const std::string driver(snapshotter::name_of(probe.kind));
      if (probe.works) {
        drivers.add("driver-" + driver, Health::kGood,
                    sys::format("{} makes the roots of containers, identity {}", driver,
                                name_of(identity.mode)));
        return;
      }
      drivers.add(driver + "-refused", Health::kDegraded,
                  sys::format("{} can't be used on {}: {}", driver, parent, probe.reason),
                  probe.kind == snapshotter::DriverKind::kFuseOverlayfs
                      ? "apt-get install fuse-overlayfs   # and /dev/fuse must be there, mode 0666"
                      : "choose a store on another file system (ext4, xfs, btrfs): TILLA_ROOT=DIR");
    }
    drivers.add("no-driver", Health::kBroken, "no driver makes roots of containers here");
  } catch (const sys::Error& error) {
    drivers.add("drivers-untried", Health::kBroken, error.what(), error.hint());
  }
}

}  // namespace engine
