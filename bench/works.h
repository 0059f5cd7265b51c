// SPDX-License-Identifier: Apache-2.0
// What is measured. Each function is one work: it makes the contestants and lets them race.
#pragma once

#include <string>
#include <vector>

#include "bench/contest.h"

namespace bench {

/// A program with runc's command line.
struct Runtime {
  std::string name;  // "tilla", "tilla-home", "crun", "runc"
  std::string path;  // absolute
  Argv options;      // before `--root`
};

/// Everything a work needs to know. Nothing in it changes during a run.
struct Setup {
  std::string dir;                // ours: bundles, root filesystem, states
  std::string tools;              // where floor, peak, nothing and the filter are
  std::vector<Runtime> runtimes;  // those that exist here, in racing order
  std::string bwrap;              // absolute path; empty: not there
  std::string strace;             // likewise
  Rounds rounds;
  int cgroup = -1;  // cgroup.procs of one that is ours, with nothing else below it
};

/// Makes root filesystem and bundles under `setup.dir`.
void prepare_bundles(const Setup& setup, const std::string& busybox);

/// `run` of a program that does nothing, the plain rootless specification.
Result race_run(const Setup& setup);

/// The same with Docker's default seccomp profile; the floor loads the same filter.
Result race_run_seccomp(const Setup& setup);

/// The same inside a kept user namespace, with a nested range of ids.
Result race_range(const Setup& setup);

/// create, start, wait for the end of the init, delete.
Result race_lifecycle(const Setup& setup);

/// `exec` of a program that does nothing into a running container.
Result race_exec(const Setup& setup);

/// `--version` against a C program that returns 0.
Result race_start(const Setup& setup);

/// `run` in a cgroup of the container's own, against the same without. We stay in the cgroup in
/// which that is possible: the last of the works.
Result race_cgroup(const Setup& setup);

/// Peak resident memory of `run`, without and with the profile.
Result measure_memory(const Setup& setup);
Result measure_memory_seccomp(const Setup& setup);

/// System calls of `run`, from its own execve to its end, the container's included.
Result count_syscalls(const Setup& setup);

/// The first exception of a program linked as ours are.
Result measure_first_throw(const Setup& setup);

}  // namespace bench
