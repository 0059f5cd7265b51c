// SPDX-License-Identifier: Apache-2.0
// What of cgroup v1 other machines have no hierarchy for: huge pages, the classes of network
// traffic, and controllers that are mounted together.
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <catch2/catch.hpp>

#include "sys/format.h"
#include "tests/support/harness.h"

using namespace support;
using Catch::Matchers::Contains;
using config::Resources;
using config::RuntimeSpec;

namespace {

Change limited(const std::function<void(Resources&)>& limit) {
  return [=](RuntimeSpec& spec) {
    spec.process->args = {"sleep", "1000"};
    limit(spec.linux_.resources.emplace());
  };
}

// Where the container is in the hierarchy of these controllers.
std::string cgroup_in(const Runtime& runtime, const std::string& controllers) {
  const std::string text = read_text("/proc/" + std::to_string(runtime.pid("test")) + "/cgroup");
  const std::size_t at = text.find(":" + controllers + ":");
  REQUIRE(at != std::string::npos);
  const std::size_t start = at + controllers.size() + 2;
  return "/sys/fs/cgroup/" + controllers + text.substr(start, text.find('\n', start) - start);
}

}  // namespace

TEST_CASE("v1: huge pages beyond the limit can't be had", "[vm][legacy]") {
  write_text("/proc/sys/vm/nr_hugepages", "8");
  const Bundle bundle(limited([](Resources& resources) {
    resources.hugepage_limits = {{.page_size = "2MB", .limit = 2 << 20}};
  }));
  const Runtime runtime;
  runtime.start(bundle, "test");
  // mmap(NULL, LENGTH, read and write, private, anonymous, huge, -1, 0)
  const auto map = [&](const char* length) {
    return runtime
        .call({"exec", "test", "probe", "syscall", "9", "0", length, "3", "0x40022", "-1", "0"})
        .out;
  };
  CHECK(map("0x400000") == "errno 12\n");
  CHECK_THAT(map("0x200000"), !Contains("errno"));
  write_text("/proc/sys/vm/nr_hugepages", "0");
}

TEST_CASE("v1: a disk is read no faster than the limit", "[vm][legacy]") {
  constexpr const char* kFile = "/usr/bin/podman";
  struct stat status = {};
  REQUIRE(::stat(kFile, &status) == 0);
  const Bundle bundle([&](RuntimeSpec& spec) {
    limited([&](Resources& resources) {
      resources.block_io.emplace().read_bps = {
          {.major = major(status.st_dev), .minor = minor(status.st_dev), .rate = 65536}};
    })(spec);
    add_mount(spec, "/data", "bind", kFile, {"bind", "ro"});
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  // 4 MB past the page cache: no time at all, or a minute.
  const std::vector<std::string> read = {
      "exec", "test", "sh", "-c",
      "timeout 4 dd if=/data of=/dev/null bs=64k count=64 iflag=direct 2>/dev/null && echo read"};
  CHECK(runtime.call(read).out.empty());
  write_text(cgroup_in(runtime, "blkio") + "/blkio.throttle.read_bps_device",
             sys::format("{}:{} 0", major(status.st_dev), minor(status.st_dev)));
  CHECK(runtime.call(read).out == "read\n");
}

TEST_CASE("v1: the classes of the network's traffic", "[vm][legacy]") {
  const Bundle bundle(limited([](Resources& resources) {
    resources.network.emplace().class_id = 0x100001;
    resources.network->priorities = {{.name = "lo", .priority = 5}};
  }));
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string place = cgroup_in(runtime, "net_cls,net_prio");
  CHECK(read_text(place + "/net_cls.classid") == "1048577\n");
  CHECK_THAT(read_text(place + "/net_prio.ifpriomap"), Contains("lo 5\n"));
  CHECK(read_text(place + "/cgroup.procs") == std::to_string(runtime.pid("test")) + "\n");
  runtime.must({"delete", "--force", "test"});
  CHECK_FALSE(exists(place));
}

TEST_CASE("v1: controllers that are mounted together are one cgroup", "[vm][legacy]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    limited([](Resources& resources) { resources.cpu.emplace().shares = 512; })(spec);
    add_mount(spec, "/cgroups", "cgroup", "cgroup", {"ro"});
  });
  const Runtime runtime;
  runtime.start(bundle, "test");
  const std::string place = cgroup_in(runtime, "cpu,cpuacct");
  CHECK(read_text(place + "/cpu.shares") == "512\n");
  CHECK(exists(place + "/cpuacct.usage"));
  CHECK(runtime.must({"exec", "test", "cat", "/cgroups/cpu,cpuacct/cpu.shares"}) == "512\n");
  CHECK_THAT(runtime.must({"events", "--stats", "test"}), Contains("\"percpu\""));
  runtime.must({"delete", "--force", "test"});
  CHECK_FALSE(exists(place));
}
