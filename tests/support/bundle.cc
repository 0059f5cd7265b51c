// SPDX-License-Identifier: Apache-2.0
// Bundles: a root of busybox and a default configuration that tests change.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "tests/support/harness.h"

namespace support {
namespace {

constexpr const char* kBusybox = "/bin/busybox";  // Debian's busybox-static

// All that the tests' shell lines call.
constexpr const char* kCommands =
    "ash awk basename cat chgrp chmod chown chroot cp cut date dd df dirname dmesg du echo env "
    "expr false find free grep groups head hexdump hostname id ifconfig ip kill ln ls mkdir "
    "mkfifo mknod mktemp mount mv nc nproc nsenter od pgrep ping printf ps pwd readlink realpath "
    "reset rm rmdir sed seq setpriv setsid sh sleep sort stat stty su sync tail tar tee test time "
    "timeout top touch tr true truncate tty umount uname uniq unlink unshare usleep wc which "
    "whoami xargs xxd yes";

void copy_program(const std::string& from, const std::string& to) {
  const sys::Fd source = sys::open_path(from, O_RDONLY);
  const sys::Fd copy = sys::open_path(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
  sys::copy_content(source.get(), copy.get());
  ::fchmod(copy.get(), 0755);
}

void fill_root(const std::string& root) {
  for (const char* name : {"bin", "etc", "proc", "sys", "dev", "tmp", "root", "home", "mnt"}) {
    make_directory(root + "/" + name);
  }
  ::chmod((root + "/tmp").c_str(), 01777);
  copy_program(kBusybox, root + "/bin/busybox");
  copy_program(own_directory() + "/probe", root + "/bin/probe");
  std::istringstream commands(kCommands);
  const sys::Fd bin = sys::open_path(root + "/bin", O_PATH | O_DIRECTORY);
  for (std::string name; commands >> name;) {
    (void)sys::make_symlink_at("busybox", bin.get(), name);
  }
  write_text(root + "/etc/passwd",
             "root:x:0:0:root:/root:/bin/sh\ndaemon:x:7:8::/var/daemon:/bin/sh\n");
  write_text(root + "/etc/group", "root:x:0:\nstaff:x:50:\n");
}

}  // namespace

config::RuntimeSpec default_spec() {
  config::RuntimeSpec spec = is_root() ? config::default_runtime_spec()
                                       : config::default_rootless_spec(::geteuid(), ::getegid());
  spec.process->terminal = false;
  spec.process->args = {"true"};
  spec.root.readonly = false;
  return spec;
}

void use_single(config::RuntimeSpec& spec) {
  set_namespace(spec, config::NamespaceType::kUser);
  spec.linux_.uid_mappings = {{.container_id = 0, .host_id = ::geteuid(), .size = 1}};
  spec.linux_.gid_mappings = {{.container_id = 0, .host_id = ::getegid(), .size = 1}};
  for (config::Mount& mount : spec.mounts) std::erase(mount.options, "gid=5");  // it is not there
}

void use_range(config::RuntimeSpec& spec) {
  use_single(spec);
  const sys::IdExtent uids = subordinate_uids(), gids = subordinate_gids();
  spec.linux_.uid_mappings.push_back(
      {.container_id = 1, .host_id = uids.outside, .size = uids.count});
  spec.linux_.gid_mappings.push_back(
      {.container_id = 1, .host_id = gids.outside, .size = gids.count});
}

void set_namespace(config::RuntimeSpec& spec, config::NamespaceType type, std::string path) {
  drop_namespace(spec, type);
  spec.linux_.namespaces.push_back({.type = type, .path = std::move(path)});
}

void drop_namespace(config::RuntimeSpec& spec, config::NamespaceType type) {
  std::erase_if(spec.linux_.namespaces,
                [&](const config::Namespace& one) { return one.type == type; });
}

config::Mount& mount_on(config::RuntimeSpec& spec, std::string_view destination) {
  const auto found = std::ranges::find(spec.mounts, destination, &config::Mount::destination);
  if (found == spec.mounts.end()) throw sys::Error(sys::format("no mount on {}", destination));
  return *found;
}

void add_mount(config::RuntimeSpec& spec, std::string destination, std::string type,
               std::string source, std::vector<std::string> options) {
  spec.mounts.push_back({.destination = std::move(destination),
                         .type = std::move(type),
                         .source = std::move(source),
                         .options = std::move(options),
                         .uid_mappings = {},
                         .gid_mappings = {}});
}

void drop_mount(config::RuntimeSpec& spec, std::string_view destination) {
  std::erase_if(spec.mounts,
                [&](const config::Mount& mount) { return mount.destination == destination; });
}

void set_shell(config::RuntimeSpec& spec, std::string line) {
  spec.process->args = {"sh", "-c", std::move(line)};
}

Bundle::Bundle(const Change& change) {
  fill_root(rootfs());
  configure(change);
}

void Bundle::configure(const Change& change) {
  config::RuntimeSpec spec = default_spec();
  if (change) change(spec);
  write_text(directory_ / "config.json", config::write_runtime_spec(spec));
}

}  // namespace support
