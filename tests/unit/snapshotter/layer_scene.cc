// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/snapshotter/layer_scene.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/attribute.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/idmap.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/procfs.h"
#include "tests/support/harness.h"

namespace scene {
namespace {

using snapshotter::Mapping;

struct Task {
  const std::function<std::string(const Ground&)>& work;
  std::string path;
  int result;
};

Mapping enter() {
  Mapping mapping;
  if (support::is_root()) {
    mapping.overlay_prefix = "trusted.overlay.";
    return mapping;
  }
  const uid_t uid = sys::effective_uid();
  const gid_t gid = sys::effective_gid();
  sys::unshare(CLONE_NEWUSER);
  const sys::Procfs proc = sys::Procfs::open();
  sys::write_id_maps(proc, "self", {{.inside = 0, .outside = uid, .count = 1}},
                     {{.inside = 0, .outside = gid, .count = 1}}, true);
  mapping.ownership = snapshotter::Ownership::kRecorded;
  return mapping;
}

void run_task(void* argument) noexcept {
  const Task& task = *static_cast<Task*>(argument);
  std::string text;
  try {
    text = task.work({.mapping = enter(), .path = task.path});
  } catch (const sys::Error& error) {
    text = sys::format("error: {}", error.what());
  }
  try {
    sys::write_all(task.result, text);
  } catch (const sys::Error&) {
    sys::exit_now(1);
  }
  sys::exit_now(0);
}

std::string describe(const std::string& full, const std::string& shown, const struct stat& status) {
  const std::string who =
      sys::format("{:o} {}:{}", status.st_mode & 07777U, status.st_uid, status.st_gid);
  if (S_ISLNK(status.st_mode)) return sys::format("l {}->{}", shown, sys::read_link(full));
  if (S_ISDIR(status.st_mode)) return sys::format("d {} {}", who, shown);
  if (S_ISREG(status.st_mode)) {
    return sys::format("f {} {}={}", who, shown, support::read_text(full).substr(0, 100));
  }
  if (S_ISCHR(status.st_mode) && status.st_rdev == 0) return sys::format("w {}", shown);
  return sys::format("? {:o} {}", status.st_mode, shown);
}

void list_below(const std::string& path, const std::string& shown, std::string& text) {
  const sys::Fd dir = sys::open_path(path, O_RDONLY | O_DIRECTORY);
  for (const std::string& name : sys::list_directory(dir.get())) {
    const std::string full = path + "/" + name;
    const std::string below = shown.empty() ? name : shown + "/" + name;
    struct stat status = {};
    (void)::lstat(full.c_str(), &status);
    text += describe(full, below, status);
    if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
      const sys::Fd file = sys::open_path(full, O_RDONLY);
      for (const std::string& attribute : sys::attribute_names(file.get())) {
        text += sys::format(" {}={}", attribute, *sys::attribute(file.get(), attribute.c_str()));
      }
    }
    text += '\n';
    if (S_ISDIR(status.st_mode)) list_below(full, below, text);
  }
}

}  // namespace

std::string inside(const std::function<std::string(const Ground&)>& work) {
  const support::TempDirectory directory;
  const sys::Fd result = file_of("");
  Task task = {.work = work, .path = directory.path(), .result = result.get()};
  const sys::Process child = sys::clone_child(sys::CloneOptions{}, run_task, &task);
  const sys::ExitStatus status = sys::wait_child(child);
  if (status.code != 0) return sys::format("the child ended with {}", status.code);
  sys::rewind(result.get());
  return sys::read_all(result.get(), 1U << 28U);
}

std::string worker_program() {
  const std::string runtime = support::runtime_program();
  return runtime.substr(0, runtime.rfind('/')) + "/tilla-layers";
}

sys::Fd file_of(std::string_view content) {
  sys::Fd file(::memfd_create("archive", MFD_CLOEXEC));
  sys::write_all(file.get(), content);
  sys::rewind(file.get());
  return file;
}

Layers::Layers(const Ground& ground)
    : ground_(ground),
      staging_(sys::open_path(ground.path, O_RDONLY | O_DIRECTORY)),
      worker_({.program = worker_program(), .staging = staging_.get(), .progress = {}}) {}

snapshotter::Unpacked Layers::unpack(std::string_view archive, const std::string& name,
                                     const std::function<void(snapshotter::UnpackJob&)>& change) {
  (void)sys::make_directory_at(staging(), name, 0755);
  const sys::Fd directory = sys::open_at(staging(), name, O_RDONLY | O_DIRECTORY);
  const sys::Fd owners =
      sys::open_at(staging(), name + ".owners", O_RDWR | O_CREAT | O_TRUNC, 0600);
  const sys::Fd file = file_of(archive);
  snapshotter::UnpackJob job;
  job.archive = file.get();
  job.directory = directory.get();
  job.owners = owners.get();
  job.mapping = ground_.mapping;
  if (change) change(job);
  return worker_.unpack({job})[0];
}

std::string Layers::pack(const std::string& name,
                         const std::function<void(snapshotter::PackJob&)>& change) {
  const sys::Fd directory = sys::open_at(staging(), name, O_RDONLY | O_DIRECTORY);
  const std::optional<sys::Fd> owners =
      sys::open_at_if_exists(staging(), name + ".owners", O_RDONLY);
  const sys::Fd output = file_of("");
  snapshotter::PackJob job;
  job.sources = {directory.get()};
  job.owners = {owners ? owners->get() : -1};
  job.whole = true;
  job.output = output.get();
  job.mapping = ground_.mapping;
  if (change) change(job);
  (void)worker_.pack({job});
  sys::rewind(output.get());
  return sys::read_all(output.get(), 1U << 28U);
}

std::string Layers::list(const std::string& name) const {
  std::string text;
  list_below(ground_.path + "/" + name, "", text);
  return text;
}

std::string outcome(std::string_view archive,
                    const std::function<void(snapshotter::UnpackJob&)>& change) {
  return inside([&](const Ground& ground) {
    Layers layers(ground);
    (void)layers.unpack(archive, "layer", change);
    return layers.list();
  });
}

}  // namespace scene
