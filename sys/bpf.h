// SPDX-License-Identifier: Apache-2.0
// The program that decides, for a cgroup, which devices can be opened and made: bpf(2) without a
// library. Nothing else of BPF is here.
#pragma once

#include <linux/bpf.h>

#include <vector>

namespace sys {

using BpfProgram = std::vector<bpf_insn>;

/// Makes `program` decide about the devices of `cgroup` (a directory of cgroup v2), in the place of
/// one that we attached before. Others' programs there stay; a device needs the consent of all.
/// Errors: EPERM without CAP_BPF and CAP_NET_ADMIN (or CAP_SYS_ADMIN) in the initial user
/// namespace; EINVAL and what the verifier says when it does not like the program.
/// Source: bpf(2); linux/Documentation/bpf/prog_cgroup_sockopt.rst for BPF_F_ALLOW_MULTI.
void set_device_program(int cgroup, const BpfProgram& program);

}  // namespace sys
