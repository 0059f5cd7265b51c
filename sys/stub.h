// SPDX-License-Identifier: Apache-2.0
// The last exec of a container whose ids could write the runtime's own binary (INV-3): through a
// sealed copy of a tiny program (stub/stub.c), so that /proc/self/exe never leads to the host's.
// Source: CVE-2019-5736, memfd_create(2), F_ADD_SEALS in fcntl(2).
#pragma once

#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/procfs.h"

namespace sys {

/// The stub as a memory file that nobody can write, to be run by execute(fd, "", argv, envp):
///
///     argv[0]  status descriptor in decimal, or "-"
///     argv[1]  descriptor of a file that holds a seccomp filter, or "-"
///     argv[2]  SECCOMP_FILTER_FLAG_* in decimal
///     argv[3]  descriptor of the directory of our attributes in the trusted /proc (O_PATH), or "-"
///     argv[4]  what to write to "apparmor/exec" in it, "exec NAME"; empty: nothing
///     argv[5]  what to write to "exec" in it, an SELinux context; empty: nothing
///     argv[6]  what to execute; argv[7] and so on are that program's arguments
///
/// The descriptors must not be close-on-exec; none reaches the program. The labels are for the
/// stub to set, for an exec consumes them, and a profile need not permit the stub. The filter's
/// file must be sealed (sealed_memory_file), never the cache's: the container may open it by its
/// pid. Status: nothing on success; if not, one int of a StubStep and an errno. Exit: 127 no such
/// program, 126 another failed exec, 1 the filter or a label is not in force.
///
/// The stub's mode is 0111: exec makes a program dumpable unless it cannot read its file. A
/// caller without CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH in its effective set (exec recomputes
/// it) thus stays undumpable, and no process of the container traces it before the filter is
/// loaded. Where the profile permits that execveat, load the filter before it instead.
/// Errors: EACCES when vm.memfd_noexec is 2.
Fd make_sealed_stub();

/// What failed, in the upper half of the int; the errno is in the lower.
enum class StubStep { kExec = 0, kFilter = 1, kLabel = 2, kListener = 3 };
constexpr int stub_word(StubStep step, int code) { return static_cast<int>(step) << 16 | code; }

/// Whether a process of a container with these maps could write the file that this process runs.
/// own_user_namespace: false when the container shares ours: true is the answer then.
/// uids: outside ids as this process's user namespace counts them (translate them when the
/// container's namespace is not a direct child of it).
bool runtime_binary_is_reachable(const Procfs& proc, bool own_user_namespace, const IdMap& uids);

/// Where a container shares our user namespace and sees our child (INV-3): runs this program anew
/// out of a sealed copy, so that whoever may trace the child gets at nothing that can be written
/// through its /proc/PID/exe. (A read-only mount would be cheaper, but whoever tries to write there
/// makes every start of the binary fail with ETXTBSY meanwhile.) Returns when we run out of one
/// already. Source: CVE-2019-5736.
void run_from_sealed_copy(const Procfs& proc);

}  // namespace sys
