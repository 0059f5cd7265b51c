// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/devices.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <utility>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/mount.h"
#include "sys/process.h"

namespace runtime {
namespace {

constexpr std::array<std::pair<const char*, const char*>, 4> kLinks = {
    {{"/proc/self/fd", "fd"},
     {"/proc/self/fd/0", "stdin"},
     {"/proc/self/fd/1", "stdout"},
     {"/proc/self/fd/2", "stderr"}}};

mode_t file_type(char type) {
  if (type == 'b') return S_IFBLK;
  if (type == 'p') return S_IFIFO;
  return S_IFCHR;
}

bool is_device(const struct stat& status, const DeviceStep& step) {
  if ((status.st_mode & S_IFMT) != file_type(step.type)) return false;
  return step.type == 'p' || status.st_rdev == makedev(step.major, step.minor);
}

// INV-5: the clone is checked, not the name; whoever swaps the name afterwards gains nothing.
sys::Fd clone_device(const DeviceStep& step) {
  sys::Fd device = sys::clone_mount(AT_FDCWD, step.path, false);
  if (!is_device(sys::status_of(device.get()), step)) {
    throw sys::Error(sys::format("the host's \"{}\" is another device than {} {}:{}", step.path,
                                 step.type, step.major, step.minor),
                     ENODEV);
  }
  return device;
}

// The host's /dev/null, checked; what masks files.
sys::Fd open_null() {
  sys::Fd null = sys::open_path("/dev/null", O_PATH);
  if (!is_device(sys::status_of(null.get()), {.path = {}, .target = {}, .major = 1, .minor = 3})) {
    throw sys::Error("the host's \"/dev/null\" is another device than c 1:3", ENODEV);
  }
  return null;
}

void bind_device(int dir, const std::string& name, const DeviceStep& step) {
  const sys::Fd device = clone_device(step);
  if (sys::make_file_at(dir, name, 0666)) {
    return sys::attach_mount_at(device.get(), dir, name);
  }
  const sys::Fd target =  // of the image
      sys::make_file_in_root(dir, sys::RelPath::parse(name), 0666, sys::Symlinks::kRefuse);
  sys::attach_mount(device.get(), target.get());
}

void make_device(int dir, const std::string& name, const DeviceStep& step) {
  const mode_t mode = file_type(step.type) | step.mode;
  const dev_t device = makedev(step.major, step.minor);
  if (sys::make_node_at(dir, name, mode, device, step.uid, step.gid)) return;
  // The image has something there: keep what is right, replace the rest by what every container
  // has, whatever it may be. Source of the error: config-linux.md, "Devices".
  const sys::Fd there = sys::open_at(dir, name, O_PATH);
  if (is_device(sys::status_of(there.get()), step)) return;
  if (!step.is_default) throw sys::Error("another file is there", EEXIST);
  (void)sys::unlink_at_if_exists(dir, name);
  if (!sys::make_node_at(dir, name, mode, device, step.uid, step.gid)) {
    throw sys::errno_error("replace what is there", EEXIST);
  }
}

void apply_device(int root, const DeviceStep& step, bool binds) {
  sys::in_context([&] { return sys::format("device \"{}\"", step.path); },
                  [&] {
                    const sys::Fd dir = sys::make_directories_in_root(root, step.target.parent(),
                                                                      0755, sys::Symlinks::kRefuse);
                    if (binds) return bind_device(dir.get(), step.target.name(), step);
                    make_device(dir.get(), step.target.name(), step);
                  });
}

void make_links(int dev) {
  for (const auto& [target, name] : kLinks) (void)sys::make_symlink_at(target, dev, name);
  if (!sys::make_symlink_at("pts/ptmx", dev, "ptmx")) {
    // Of the image: a node of the host's numbers would be the host's multiplexer.
    (void)sys::unlink_at_if_exists(dev, "ptmx");
    (void)sys::make_symlink_at("pts/ptmx", dev, "ptmx");
  }
}

// A directory gets an empty read-only tmpfs, the same one for all, anything else /dev/null. A
// detached mount can't be cloned before Linux 6.15, so the first is placed and cloned from there.
void hide(int target, MaskSources& sources) {
  if (!sys::is_directory(target)) {
    if (!sources.null) sources.null = open_null();
    return sys::attach_mount(sys::clone_mount(sources.null.get(), false).get(), target);
  }
  if (!sources.empty) {
    std::vector<std::string> parameters = {"size=0k"};
    if (!sources.label.empty()) parameters.push_back("context=" + sources.label);
    sources.empty = sys::make_filesystem("tmpfs", "tmpfs", parameters, config::kMountAttrRdonly);
    return sys::attach_mount(sources.empty.get(), target);
  }
  sys::attach_mount(sys::clone_mount(sources.empty.get(), false).get(), target);
}

void make_readonly(int target) {
  const sys::Fd same = sys::clone_mount(target, true);
  sys::set_mount_attributes(same.get(), config::kMountAttrRdonly, 0, true);
  sys::attach_mount(same.get(), target);
}

// INV-5: merely opening what an image has there may block or do something, so it is looked at
// first. What is on a devpts was put there by the kernel, and is the same when it is opened again.
sys::Fd open_multiplexer(int devpts) {
  const auto name = sys::RelPath::parse("ptmx");
  const sys::Fd ptmx = sys::open_on_mount(devpts, name, O_PATH);
  if (!is_device(sys::status_of(ptmx.get()), {.path = {}, .target = {}, .major = 5, .minor = 2})) {
    throw sys::Error("/dev/pts/ptmx is another device than c 5:2", ENODEV);
  }
  return sys::open_on_mount(devpts, name, O_RDWR | O_NOCTTY);
}

}  // namespace

void apply_devices(int root, const RootPlan& plan) {
  if (!plan.makes_devices) return;
  sys::set_umask(0);
  const sys::Fd dev = sys::in_context("\"/dev\"", [&] {
    return sys::make_directories_in_root(root, sys::RelPath::parse("dev"), 0755,
                                         sys::Symlinks::kRefuse);
  });
  for (const DeviceStep& step : plan.devices) {
    const bool is_in_dev = step.target.parent().str() == "dev";
    if (is_in_dev && is_bound(plan, step)) {
      sys::in_context([&] { return sys::format("device \"{}\"", step.path); },
                      [&] { bind_device(dev.get(), step.target.name(), step); });
    } else {
      apply_device(root, step, is_bound(plan, step));
    }
  }
  make_links(dev.get());
  sys::set_umask(022);
}

void apply_masks(int root, std::span<const MaskStep> masks, MaskSources& sources) {
  for (const MaskStep& step : masks) {
    try {
      const auto target = sys::open_in_root_if_exists(root, step.target, O_PATH);
      if (!target) continue;
      if (step.hides) {
        hide(target->get(), sources);
      } else {
        make_readonly(target->get());
      }
    } catch (sys::Error& error) {
      error.add_context(
          sys::format("{} \"{}\"", step.hides ? "hide" : "make read-only", step.path));
      throw;
    }
  }
}

sys::Pty open_pty(int root) {
  return sys::in_context("terminal", [&] {
    const std::optional<sys::Fd> devpts =
        sys::open_beneath_if_exists(root, sys::RelPath::parse("dev/pts"), O_PATH | O_DIRECTORY);
    if (!devpts) throw sys::Error("the container has no /dev/pts: mount a devpts there", ENOENT);
    if (sys::filesystem_type(devpts->get()) != DEVPTS_SUPER_MAGIC) {
      throw sys::Error("/dev/pts is not a devpts", EINVAL);
    }
    return sys::make_pty(open_multiplexer(devpts->get()));
  });
}

void bind_console(int root, const sys::Pty& pty) {
  sys::in_context("\"/dev/console\"", [&] {
    const sys::Fd dev = sys::make_directories_in_root(root, sys::RelPath::parse("dev"), 0755,
                                                      sys::Symlinks::kRefuse);
    const sys::Fd target = sys::make_file_in_root(dev.get(), sys::RelPath::parse("console"), 0620,
                                                  sys::Symlinks::kRefuse);
    const sys::Fd console = sys::clone_mount(pty.slave.get(), false);
    sys::attach_mount(console.get(), target.get());
  });
}

}  // namespace runtime
