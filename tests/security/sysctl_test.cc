// SPDX-License-Identifier: Apache-2.0
// INV-2: kernel parameters are written to the kernel, and to nothing that is the host's.
#include <catch2/catch.hpp>

#include "tests/security/scene.h"
#include "tests/support/needs.h"

using config::NamespaceType;
using config::RuntimeSpec;
using support::Bundle;
using support::Runtime;

TEST_CASE("t_sysctl_redirect: an image's own /proc gets none of the writes", "[security][inv2]") {
  // CVE-2019-16884, CVE-2025-52881: a write to /proc/sys that the image had led elsewhere.
  const Canary canary;
  const Bundle bundle([](RuntimeSpec& spec) {
    support::set_namespace(spec, NamespaceType::kNetwork);
    support::drop_mount(spec, "/proc");
    spec.linux_.masked_paths.clear();
    spec.linux_.readonly_paths.clear();
    spec.linux_.sysctl["net.ipv4.ip_default_ttl"] = "66";
    support::set_shell(spec, "ls -l /proc/sys/net/ipv4");
  });
  support::make_directory(bundle.rootfs() + "/proc");
  support::make_directory(bundle.rootfs() + "/proc/sys");
  support::make_directory(bundle.rootfs() + "/proc/sys/net");
  support::make_directory(bundle.rootfs() + "/proc/sys/net/ipv4");
  const bool is_link = GENERATE(false, true);
  if (is_link) {
    plant_symlink(canary.file(), bundle.rootfs() + "/proc/sys/net/ipv4/ip_default_ttl");
  } else {
    support::write_text(bundle.rootfs() + "/proc/sys/net/ipv4/ip_default_ttl", "image");
  }
  const Runtime runtime;
  CHECK(runtime.run(bundle).exit_code == 0);
  CHECK(canary.is_untouched());
  if (!is_link) {
    CHECK(support::read_text(bundle.rootfs() + "/proc/sys/net/ipv4/ip_default_ttl") == "image");
  }
}

TEST_CASE("t_sysctl_redirect: a volume that covers parts of /proc/sys in the container gets none",
          "[security][inv2]") {
  const Runtime runtime;
  const Bundle bundle([&](RuntimeSpec& spec) {
    support::set_namespace(spec, NamespaceType::kNetwork);
    support::add_mount(spec, "/proc/sys/net", "tmpfs", "tmpfs");
    spec.linux_.sysctl["net.ipv4.ip_default_ttl"] = "66";
  });
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("/proc") != std::string::npos);
}

TEST_CASE("t_sysctl_host: no bundle sets what is the host's", "[security][inv2]") {
  const std::string name =
      GENERATE("kernel.core_pattern", "kernel.modprobe", "vm.overcommit_memory", "kernel.pid_max",
               "net/../kernel/core_pattern", "net.//.kernel.core_pattern", "fs.file-max",
               "kernel.hostname", "kernel.shm+kernel.core_pattern", "fs.binfmt_misc.register");
  CAPTURE(name);
  const std::string before = support::read_text("/proc/sys/kernel/core_pattern");
  const Runtime runtime;
  const Bundle bundle([&](RuntimeSpec& spec) {
    support::set_namespace(spec, NamespaceType::kNetwork);
    spec.linux_.sysctl[name] = "|/evil";
  });
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("/linux/sysctl/") != std::string::npos);
  CHECK(support::read_text("/proc/sys/kernel/core_pattern") == before);
}

TEST_CASE("t_sysctl_host: not by naming our own namespace either", "[security][inv2]") {
  NEEDS(root);
  const std::string before = support::read_text("/proc/sys/net/ipv4/ip_default_ttl");
  const Runtime runtime;
  const Bundle bundle([&](RuntimeSpec& spec) {
    support::set_namespace(spec, NamespaceType::kNetwork, "/proc/self/ns/net");
    spec.linux_.sysctl["net.ipv4.ip_default_ttl"] = "66";
  });
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find("namespace that we run in") != std::string::npos);
  CHECK(support::read_text("/proc/sys/net/ipv4/ip_default_ttl") == before);
}
