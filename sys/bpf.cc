// SPDX-License-Identifier: Apache-2.0
#include "sys/bpf.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"

namespace sys {
namespace {

// By which an update knows its predecessor.
constexpr std::string_view kName = "tilla_devices";
static_assert(kName.size() < BPF_OBJ_NAME_LEN);
// The kernel takes at most as many for one cgroup (BPF_CGROUP_MAX_PROGS).
constexpr std::size_t kMostPrograms = 64;

template <typename Pointer>
__u64 address_of(const Pointer* pointer) {
  return static_cast<__u64>(reinterpret_cast<std::uintptr_t>(pointer));
}

// Unused members must be zero, padding included.
bpf_attr cleared() {
  bpf_attr attributes;
  std::memset(&attributes, 0, sizeof(attributes));
  return attributes;
}

long call_bpf(bpf_cmd command, bpf_attr& attributes) {
  long result = 0;
  do {  // the verifier gives way to signals
    result = ::syscall(SYS_bpf, command, &attributes, sizeof(attributes));
  } while (result < 0 && errno == EAGAIN);
  return result;
}

long try_to_load(const BpfProgram& program, std::string* log) {
  bpf_attr attributes = cleared();
  attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  attributes.insns = address_of(program.data());
  attributes.insn_cnt = static_cast<__u32>(program.size());
  attributes.license = address_of("Apache-2.0");
  kName.copy(attributes.prog_name, kName.size());
  if (log != nullptr) {
    attributes.log_buf = address_of(log->data());
    attributes.log_size = static_cast<__u32>(log->size());
    attributes.log_level = 1;
  }
  return call_bpf(BPF_PROG_LOAD, attributes);
}

Fd load(const BpfProgram& program) {
  long fd = try_to_load(program, nullptr);
  if (fd < 0 && errno == EINVAL) {  // once more, for the verifier's words
    std::string log(std::size_t{16} << 10, '\0');
    fd = try_to_load(program, &log);
    const Error error = errno_error("load the device rules");
    if (fd < 0) throw Error(format("{}: {}", error.what(), log.c_str()), error.code());
  }
  if (fd < 0) throw errno_error("load the device rules");
  return Fd(static_cast<int>(fd));
}

Fd open_program(__u32 id) {
  bpf_attr attributes = cleared();
  attributes.prog_id = id;
  const long fd = call_bpf(BPF_PROG_GET_FD_BY_ID, attributes);
  if (fd < 0 && errno != ENOENT) throw errno_error("open the device rules");
  return Fd(static_cast<int>(fd));  // empty: it has just gone
}

bool is_ours(int program) {
  bpf_prog_info info;
  std::memset(&info, 0, sizeof(info));
  bpf_attr attributes = cleared();
  attributes.info.bpf_fd = static_cast<__u32>(program);
  attributes.info.info_len = sizeof(info);
  attributes.info.info = address_of(&info);
  if (call_bpf(BPF_OBJ_GET_INFO_BY_FD, attributes) < 0)
    throw errno_error("look at the device rules");
  return kName == std::string_view(info.name, ::strnlen(info.name, sizeof(info.name)));
}

// The one that we attached to `cgroup` itself; empty: none.
Fd find_ours(int cgroup) {
  std::array<__u32, kMostPrograms> ids = {};
  bpf_attr attributes = cleared();
  attributes.query.target_fd = static_cast<__u32>(cgroup);
  attributes.query.attach_type = BPF_CGROUP_DEVICE;
  attributes.query.prog_cnt = ids.size();
  attributes.query.prog_ids = address_of(ids.data());
  if (call_bpf(BPF_PROG_QUERY, attributes) < 0) throw errno_error("list the device rules");
  const std::size_t count = std::min<std::size_t>(attributes.query.prog_cnt, ids.size());
  for (std::size_t i = 0; i < count; ++i) {
    Fd program = open_program(ids.at(i));
    if (program && is_ours(program.get())) return program;
  }
  return {};
}

}  // namespace

void set_device_program(int cgroup, const BpfProgram& program) {
  const Fd made = load(program);
  const Fd old = find_ours(cgroup);
  bpf_attr attributes = cleared();
  attributes.target_fd = static_cast<__u32>(cgroup);
  attributes.attach_bpf_fd = static_cast<__u32>(made.get());
  attributes.attach_type = BPF_CGROUP_DEVICE;
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  if (old) {
    attributes.attach_flags |= BPF_F_REPLACE;
    attributes.replace_bpf_fd = static_cast<__u32>(old.get());
  }
  if (call_bpf(BPF_PROG_ATTACH, attributes) < 0) throw errno_error("attach the device rules");
}

}  // namespace sys
