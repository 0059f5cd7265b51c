// SPDX-License-Identifier: Apache-2.0
// INV-3: nobody inside gets at the host's tilla-init to write it, which a container has at
// /dev/init. Bound as docs/monitor.md says.
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using namespace support;
using Catch::Matchers::Contains;

namespace {

// An installation that the container's root owns.
struct OwnInit {
  OwnInit() { write_text(program, "#!/bin/busybox sh\necho untouched\n", 0755); }
  TempDirectory directory;
  std::string program = directory / "tilla-init";

  // The container, with all that root of a user namespace can have.
  Result attack(const std::string& setup, const std::string& line) const {
    return run_among_mounts(setup, [&](config::RuntimeSpec& spec) {
      add_mount(spec, "/dev/init", "bind", program, {"bind", "ro", "nosuid", "nodev"});
      const std::vector<std::string> all = {"CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_CHOWN",
                                            "CAP_FOWNER"};
      spec.process->capabilities->bounding = all;
      spec.process->capabilities->effective = all;
      spec.process->capabilities->permitted = all;
      set_shell(spec, line);
    });
  }
};

const std::string kAttack =
    "echo evil > /dev/init; mount -o remount,bind,rw /dev/init; echo evil > /dev/init; "
    "mount -t tmpfs t /mnt; touch /mnt/i; mount --bind /dev/init /mnt/i; "
    "mount -o remount,bind,rw /mnt/i; echo evil > /mnt/i; umount /dev/init; cat /dev/init";

}  // namespace

TEST_CASE("t_init_file: what the engine has bound read-only stays so", "[security][init]") {
  const OwnInit init;
  const Result result = init.attack("mount --bind " + init.program + " " + init.program +
                                        " && mount -o remount,bind,ro " + init.program,
                                    kAttack);
  CHECK(read_text(init.program) == "#!/bin/busybox sh\necho untouched\n");
  CHECK_THAT(result.err, Contains("/dev/init"));
}

TEST_CASE("init: the read-only flag of a bundle alone can be taken off", "[security][init]") {
  // Why the engine has to bind it: should this ever fail, the kernel has become stricter.
  const OwnInit init;
  (void)init.attack("true", kAttack);
  CHECK_THAT(read_text(init.program), Contains("evil"));
}
