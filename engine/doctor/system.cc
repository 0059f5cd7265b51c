// SPDX-License-Identifier: Apache-2.0
// The kernel, and what it says of user namespaces and of what is in them.
#include <fcntl.h>
#include <sched.h>

#include <charconv>
#include <cstring>
#include <optional>

#include "engine/doctor/checks.h"
#include "engine/doctor/parameter.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/trial.h"

namespace engine {
namespace {

constexpr int kOldestMajor = 5, kOldestMinor = 14;

struct Version {
  int major = 0, minor = 0;
};
Version parse_version(const std::string& release) {
  Version version;
  const char* const end = release.data() + release.size();
  const auto [dot, problem] = std::from_chars(release.data(), end, version.major);
  if (problem == std::errc{} && dot != end) (void)std::from_chars(dot + 1, end, version.minor);
  return version;
}

bool is_zero(const std::optional<std::string>& value) { return value == "0"; }

std::string sysctl_fix(std::string_view name, std::string_view value) {
  return sys::format("sysctl -w {0}={1}\necho '{0} = {1}' > /etc/sysctl.d/90-tilla.conf", name,
                     value);
}

constexpr std::string_view kUserNamespaces = "user namespaces";

Finding forbidden(std::string id, std::string text, std::string fix) {
  return {.id = std::move(id),
          .subject = std::string(kUserNamespaces),
          .health = Health::kBroken,
          .text = std::move(text),
          .fix = std::move(fix)};
}

/// A root that is no mount was entered by chroot(2).
bool is_chrooted() { return !sys::is_mount_root(sys::open_path("/", O_PATH | O_DIRECTORY).get()); }

bool has_seccomp_filter() {
  const std::optional<std::string> status = read_parameter("self/status");
  return status && status->find("\nSeccomp:\t2") != std::string::npos;
}

constexpr std::string_view kAppArmorKey = "kernel.apparmor_restrict_unprivileged_userns";
bool is_restricted_by_apparmor() {
  return read_parameter("sys/kernel/apparmor_restrict_unprivileged_userns") == "1";
}

/// Who forbids user namespaces, when the kernel has answered `code`.
Finding explain_user_namespaces(int code) {
  if (!sys::open_path_if_exists("/proc/self/ns/user", O_PATH)) {
    return forbidden("userns-not-built", "this kernel was built without them (CONFIG_USER_NS)",
                     "install a kernel of the distribution");
  }
  if (is_zero(read_parameter("sys/kernel/unprivileged_userns_clone"))) {
    return forbidden("userns-sysctl", "kernel.unprivileged_userns_clone is 0",
                     sysctl_fix("kernel.unprivileged_userns_clone", "1"));
  }
  if (is_zero(read_parameter("sys/user/max_user_namespaces"))) {
    return forbidden("userns-maximum-zero", "user.max_user_namespaces is 0",
                     sysctl_fix("user.max_user_namespaces", "15000"));
  }
  if (code == EPERM && is_chrooted()) {
    return forbidden("userns-chroot", "this is a chroot, in which the kernel refuses them",
                     "enter the directory with pivot_root instead, as `bwrap --bind DIR / ...` or "
                     "`systemd-nspawn -D DIR` do");
  }
  if (code == EPERM && is_restricted_by_apparmor()) {
    return forbidden("userns-apparmor",
                     sys::format("AppArmor forbids them ({} is 1)", kAppArmorKey),
                     sysctl_fix(kAppArmorKey, "0"));
  }
  if (code == EPERM && has_seccomp_filter()) {
    return forbidden("userns-seccomp",
                     "a seccomp filter around us forbids them, as docker's default profile does",
                     "start the container around us with `--security-opt seccomp=unconfined`");
  }
  if (code == ENOSPC || code == EUSERS) {
    return forbidden("userns-maximum",
                     "there are too many of them, or they are nested too deep (32 at most)",
                     "lsns -t user   # shows who has them; user.max_user_namespaces is the limit");
  }
  return forbidden("userns-refused",
                   sys::format("the kernel refuses them: {}", std::strerror(code)),
                   "journalctl -k -g -i 'apparmor|selinux|audit'   # may say who");
}

// ---------------------------------------------------------------------------- in one of them

struct Kind {
  std::uint64_t type;
  const char* name;       // "mount"
  const char* parameter;  // of /proc/sys/user
};
constexpr Kind kKinds[] = {{CLONE_NEWNS, "mount", "max_mnt_namespaces"},
                           {CLONE_NEWPID, "pid", "max_pid_namespaces"},
                           {CLONE_NEWNET, "network", "max_net_namespaces"},
                           {CLONE_NEWIPC, "ipc", "max_ipc_namespaces"},
                           {CLONE_NEWUTS, "uts", "max_uts_namespaces"},
                           {CLONE_NEWCGROUP, "cgroup", "max_cgroup_namespaces"}};

void check_kind(Findings& findings, const Kind& kind) {
  const sys::Refusal refusal = sys::try_in_namespaces(CLONE_NEWUSER | kind.type, [] {});
  if (!refusal) return;
  const bool is_at_limit = is_zero(read_parameter(sys::format("sys/user/{}", kind.parameter)));
  findings.push_back(
      {.id = sys::format("{}-namespace-{}", kind.name, is_at_limit ? "maximum-zero" : "refused"),
       .subject = "isolation",
       .health = Health::kBroken,
       .text = is_at_limit
                   ? sys::format("user.{} is 0: no {} namespace", kind.parameter, kind.name)
                   : sys::format("no {} namespace: {}", kind.name, std::strerror(refusal.code)),
       .fix = is_at_limit ? sysctl_fix(sys::format("user.{}", kind.parameter), "15000") : ""});
}

void try_filesystem(const char* type) { (void)sys::make_filesystem(type, type, {}, 0); }

void check_mounts(Findings& findings) {
  constexpr std::uint64_t kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
  if (const sys::Refusal refusal = sys::try_in_namespaces(kAll, [] { try_filesystem("tmpfs"); })) {
    const bool is_apparmor = is_restricted_by_apparmor();
    findings.push_back(
        {.id = is_apparmor ? "mounts-apparmor" : "mounts-refused",
         .subject = "isolation",
         .health = Health::kBroken,
         .text =
             is_apparmor
                 ? sys::format("AppArmor forbids mounts in user namespaces ({} is 1)", kAppArmorKey)
                 : sys::format("no mounts in user namespaces: {}", std::strerror(refusal.code)),
         .fix = is_apparmor ? sysctl_fix(kAppArmorKey, "0") : ""});
    return;
  }
  if (sys::try_in_namespaces(kAll, [] { try_filesystem("proc"); })) {
    findings.push_back({.id = "proc-masked",
                        .subject = "isolation",
                        .health = Health::kDegraded,
                        .text =
                            "parts of /proc are hidden from us, so that containers get no /proc "
                            "of their own: those with their own pid namespace fail",
                        .fix = "start the container around us with `--security-opt unmask=ALL` "
                               "(podman) or `--security-opt systempaths=unconfined` (docker)"});
  }
  if (sys::try_in_namespaces(kAll, [] { try_filesystem("sysfs"); })) {
    findings.push_back({.id = "sys-masked",
                        .subject = "isolation",
                        .health = Health::kDegraded,
                        .text = "parts of /sys are hidden from us: containers with their own "
                                "network see the host's network devices in /sys, or no /sys",
                        .fix = "start the container around us with `--security-opt unmask=ALL` "
                               "(podman) or `--security-opt systempaths=unconfined` (docker)"});
  }
}

}  // namespace

void check_kernel(Findings& findings) {
  const std::string release = sys::kernel_release();
  const Version version = parse_version(release);
  const bool is_old = version.major < kOldestMajor ||
                      (version.major == kOldestMajor && version.minor < kOldestMinor);
  findings.push_back({.id = is_old ? "kernel-old" : "kernel",
                      .subject = "kernel",
                      .health = is_old ? Health::kBroken : Health::kGood,
                      .text = is_old ? sys::format("Linux {}: {}.{} or later is needed", release,
                                                   kOldestMajor, kOldestMinor)
                                     : sys::format("Linux {}", release),
                      .fix = is_old ? "install a newer kernel of the distribution" : ""});
  if (!read_parameter("sys/kernel/seccomp/actions_avail")) {
    findings.push_back({.id = "seccomp-not-built",
                        .subject = "kernel",
                        .health = Health::kBroken,
                        .text = "no seccomp filters (CONFIG_SECCOMP_FILTER)",
                        .fix = "install a kernel of the distribution"});
  }
  if (read_parameter("sys/vm/memfd_noexec") == "2") {
    findings.push_back({.id = "memfd-noexec",
                        .subject = "kernel",
                        .health = Health::kDegraded,
                        .text = "vm.memfd_noexec is 2: a tilla-runtime that its own user could "
                                "change can't protect itself from containers, and starts none",
                        .fix = sysctl_fix("vm.memfd_noexec", "1")});
  }
}

void check_user_namespaces(Findings& findings) {
  const sys::Refusal refusal = sys::try_in_namespaces(CLONE_NEWUSER, [] {});
  if (refusal) {
    findings.push_back(explain_user_namespaces(refusal.code));
  } else {
    findings.push_back({.id = "userns",
                        .subject = std::string(kUserNamespaces),
                        .health = Health::kGood,
                        .text = "can be made by this user"});
  }
}

void check_isolation(Findings& findings) {
  if (sys::try_in_namespaces(CLONE_NEWUSER, [] {})) return;  // told already
  const std::size_t before = findings.size();
  for (const Kind& kind : kKinds) check_kind(findings, kind);
  if (findings.size() == before) check_mounts(findings);
  if (findings.size() == before) {
    findings.push_back({.id = "isolation",
                        .subject = "isolation",
                        .health = Health::kGood,
                        .text = "all namespaces, mounts, /proc and /sys of their own"});
  }
}

}  // namespace engine
