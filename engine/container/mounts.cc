// SPDX-License-Identifier: Apache-2.0
#include "engine/container/mounts.h"

#include <fcntl.h>
#include <linux/capability.h>

#include "sys/capability.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/mount.h"
#include "sys/open.h"
#include "sys/process.h"

namespace engine {
namespace {

std::string folder_path(const std::string& runtime_directory) {
  return runtime_directory + "/mounts";
}

}  // namespace

bool may_mount_here() {
  return sys::effective_uid() == 0 &&
         ((sys::own_capabilities().effective >> CAP_SYS_ADMIN) & 1U) != 0;
}

std::optional<std::string> find_mounted(const std::string& runtime_directory,
                                        const std::string& id) {
  const std::string path = folder_path(runtime_directory) + "/" + id;
  const auto directory = sys::open_path_if_exists(path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!directory || !sys::is_mount_root(directory->get())) return std::nullopt;
  return path;
}

std::string attach_mounted(const std::string& runtime_directory, const std::string& id,
                           const sys::Fd& mount) {
  const std::string folder = folder_path(runtime_directory);
  const sys::Fd parent = sys::open_private_directory(folder);
  sys::make_directory_at(parent.get(), id, 0700);
  const sys::Fd target = sys::open_at(parent.get(), id, O_PATH | O_DIRECTORY);
  sys::attach_mount(mount.get(), target.get());
  return folder + "/" + id;
}

bool detach_mounted(const std::string& runtime_directory, const std::string& id) {
  const std::optional<std::string> path = find_mounted(runtime_directory, id);
  if (!path) return false;
  sys::unmount(*path);
  const sys::Fd parent = sys::open_path(folder_path(runtime_directory), O_PATH | O_DIRECTORY);
  sys::remove_directory_if_empty(parent.get(), id);
  return true;
}

std::vector<std::string> list_mounted(const std::string& runtime_directory) {
  std::vector<std::string> ids;
  const auto folder =
      sys::open_path_if_exists(folder_path(runtime_directory), O_RDONLY | O_DIRECTORY);
  if (!folder) return ids;
  for (std::string& id : sys::list_directory(folder->get())) {
    if (find_mounted(runtime_directory, id)) ids.push_back(std::move(id));
  }
  return ids;
}

}  // namespace engine
