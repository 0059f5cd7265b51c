// SPDX-License-Identifier: Apache-2.0
#include "sys/stub.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "sys/capability.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/process.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3; Debian 12's headers are older
#endif

// The bytes of the stub, put here by stub/embed.S.
extern char** environ;

extern "C" {
extern const char tilla_stub_begin[];
extern const char tilla_stub_end[];
}

namespace sys {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr uid_t kOverflowId = 65534;

Fd make_executable_memory_file(const char* name) {
  int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd >= 0) return Fd(fd);
  Error error = errno_error("memfd_create");
  if (error.code() == EACCES) {
    error.set_hint(
        "vm.memfd_noexec is 2; install the runtime where no id of the container can write it, and "
        "it needs no memory file");
  }
  throw error;
}

// 65534 also stands for every owner that our own namespace has no id for. Such a file is beyond the
// container too, and the kernel says so when we, who may override modes, cannot write it either.
bool is_beyond_our_namespace(int file) {
  if ((own_capabilities().effective & (CapabilitySet{1} << CAP_DAC_OVERRIDE)) == 0) return false;
  const long result = ::syscall(SYS_faccessat2, file, "", W_OK, AT_EMPTY_PATH | AT_EACCESS);
  return result < 0 && errno == EACCES;
}

bool is_sealed(int file) {
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals >= 0 && (seals & F_SEAL_WRITE) != 0;
}

void seal(int file, mode_t mode) {
  if (::fchmod(file, mode) < 0) throw errno_error("fchmod of a memory file");
  if (::fcntl(file, F_ADD_SEALS, kSeals) < 0) throw errno_error("seal a memory file");
}

Fd make_sealed_copy(int file) {
  Fd copy = make_executable_memory_file("tilla-runtime");
  copy_content(file, copy.get());
  seal(copy.get(), 0755);
  return copy;
}

}  // namespace

Fd make_sealed_stub() {
  Fd stub = make_executable_memory_file("tilla-stub");
  write_all(stub.get(), {tilla_stub_begin, tilla_stub_end});
  seal(stub.get(), 0111);
  return stub;
}

bool runtime_binary_is_reachable(const Procfs& proc, bool own_user_namespace, const IdMap& uids) {
  if (!own_user_namespace) return true;
  const Fd binary = proc.open_magic_link("self/exe", O_PATH);  // followed on purpose
  const struct stat status = status_of(binary.get());
  // Whatever ids are mapped: a container without setgroups(2) keeps our supplementary groups. With
  // an access control list, the group's bits are its mask and say nothing about whom.
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return true;
  if (!maps_outside(uids, status.st_uid)) return false;
  return status.st_uid != kOverflowId || !is_beyond_our_namespace(binary.get());
}

void run_from_sealed_copy(const Procfs& proc) {
  constexpr std::size_t kMaxWords = std::size_t{8} << 20;        // the kernel's limit is 6 MiB
  const Fd binary = proc.open_magic_link("self/exe", O_RDONLY);  // followed on purpose
  if (is_sealed(binary.get())) return;
  const Fd copy =
      in_context("protect the runtime's binary", [&] { return make_sealed_copy(binary.get()); });
  std::string words = proc.read("self/cmdline", kMaxWords);
  std::vector<char*> argv;
  for (std::size_t start = 0; start < words.size(); start = words.find('\0', start) + 1) {
    argv.push_back(words.data() + start);
  }
  argv.push_back(nullptr);
  throw errno_error("execute the runtime anew", execute(copy.get(), "", argv.data(), environ));
}

}  // namespace sys
