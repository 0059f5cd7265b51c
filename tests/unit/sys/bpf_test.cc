// SPDX-License-Identifier: Apache-2.0
// Device programs by their effect, in a cgroup that is made below the first mount of cgroup v2.
#include "sys/bpf.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/open.h"
#include "tests/support/harness.h"
#include "tests/support/needs.h"
#include "tests/support/scratch_cgroup.h"

using namespace support;

namespace {

// Whatever is asked for.
sys::BpfProgram always(int answer) {
  bpf_insn set = {}, leave = {};
  set.code = BPF_ALU64 | BPF_MOV | BPF_K;
  set.imm = answer;
  leave.code = BPF_JMP | BPF_EXIT;
  return {set, leave};
}

bool can_open_devices(const std::string& cgroup) {
  return run({"sh", "-c", "echo $$ > " + cgroup + "/cgroup.procs && exec 3< /dev/zero"})
             .exit_code == 0;
}

}  // namespace

TEST_CASE("bpf: a program decides about the devices of its cgroup", "[sys][bpf][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const ScratchCgroup cgroup;
  CHECK(can_open_devices(cgroup.path()));
  sys::set_device_program(cgroup.fd(), always(0));
  CHECK_FALSE(can_open_devices(cgroup.path()));
}

TEST_CASE("bpf: a second program takes the place of the first", "[sys][bpf][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const ScratchCgroup cgroup;
  sys::set_device_program(cgroup.fd(), always(0));
  sys::set_device_program(cgroup.fd(), always(1));
  CHECK(can_open_devices(cgroup.path()));
}

TEST_CASE("bpf: the verifier's words are told", "[sys][bpf][root]") {
  NEEDS(root);
  NEEDS(cgroup2);
  const ScratchCgroup cgroup;
  sys::BpfProgram endless = always(0);
  endless.pop_back();
  CHECK_THROWS_WITH(
      sys::set_device_program(cgroup.fd(), endless),
      Catch::Contains("load the device rules: Invalid argument: ") && Catch::Contains("last insn"));
}

TEST_CASE("bpf: a user may not", "[sys][bpf][user]") {
  NEEDS(user);
  const sys::Fd anything = sys::open_path("/", O_PATH | O_DIRECTORY);
  CHECK_THROWS_WITH(sys::set_device_program(anything.get(), always(1)),
                    Catch::Contains("load the device rules: Operation not permitted"));
}
