// SPDX-License-Identifier: Apache-2.0
#include "sys/trial.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

#include <array>
#include <cstring>

#include "sys/error.h"
#include "sys/idmap.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/procfs.h"

namespace sys {
namespace {

struct Task {
  std::uint64_t types;
  const std::function<void()>& trial;
  uid_t uid;
  gid_t gid;
  int report;  // where a Refusal is written
};

void perform(const Task& task) noexcept {
  Refusal refusal;
  try {
    if ((task.types & CLONE_NEWUSER) != 0) {
      refusal.step = Refusal::Step::kIdMaps;
      write_id_maps(Procfs::open(), "self", {{.inside = 0, .outside = task.uid, .count = 1}},
                    {{.inside = 0, .outside = task.gid, .count = 1}}, true);
    }
    refusal.step = Refusal::Step::kTrial;
    task.trial();
    refusal = {};
  } catch (const Error& error) {
    refusal.code = error.code();
  } catch (const std::exception&) {
    refusal.code = EIO;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(&refusal), sizeof(refusal));
  try {
    write_all(task.report, bytes);
  } catch (const Error&) {
    exit_now(1);
  }
}

void child_main(void* argument) noexcept {
  perform(*static_cast<const Task*>(argument));
  exit_now(0);
}

}  // namespace

Refusal try_in_namespaces(std::uint64_t types, const std::function<void()>& trial) {
  const Pipe pipe = make_pipe();
  Task task = {.types = types,
               .trial = trial,
               .uid = effective_uid(),
               .gid = effective_gid(),
               .report = pipe.write_end.get()};
  Process child;
  try {
    CloneOptions options;
    options.namespaces = types;
    child = clone_child(options, child_main, &task);
  } catch (const Error& error) {
    return {.step = Refusal::Step::kNamespaces, .code = error.code()};
  }
  (void)wait_child(child);
  set_nonblocking(pipe.read_end.get(), true);
  Refusal refusal = {.step = Refusal::Step::kTrial, .code = EIO};  // of one that was killed
  try {
    const std::string bytes = read_some(pipe.read_end.get(), sizeof(refusal));
    if (bytes.size() == sizeof(refusal)) std::memcpy(&refusal, bytes.data(), sizeof(refusal));
  } catch (const Error&) {
    return refusal;
  }
  return refusal;
}

std::string kernel_release() {
  utsname name{};
  if (::uname(&name) != 0) throw errno_error("uname");
  return name.release;
}

FilePowers file_powers(const std::string& path, int capability) {
  const Fd file = open_path(path, O_PATH | O_CLOEXEC);
  struct statvfs mount {};
  if (::fstatvfs(file.get(), &mount) == 0 && (mount.f_flag & ST_NOSUID) != 0) {
    return FilePowers::kNosuid;
  }
  const struct stat status = status_of(file.get());
  if (status.st_uid == 0 && (status.st_mode & S_ISUID) != 0) return FilePowers::kYes;
  vfs_ns_cap_data data{};
  const ssize_t size = ::getxattr(path.c_str(), "security.capability", &data, sizeof(data));
  if (size < static_cast<ssize_t>(XATTR_CAPS_SZ_1)) return FilePowers::kNone;
  const auto index = static_cast<std::size_t>(capability) / 32;
  const std::uint32_t bit = 1U << (static_cast<unsigned>(capability) % 32);
  return index < 2 && (data.data[index].permitted & bit) != 0 ? FilePowers::kYes
                                                              : FilePowers::kNone;
}

}  // namespace sys
