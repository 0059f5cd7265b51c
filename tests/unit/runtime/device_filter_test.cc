// SPDX-License-Identifier: Apache-2.0
// The device rules as instructions, run by an interpreter of the few that there are: what it says
// is what the kernel would.
#include "runtime/plan/device_filter.h"

#include <array>
#include <catch2/catch.hpp>

#include "runtime/plan/cgroup_plan.h"

using namespace runtime;
using config::DeviceRule;

namespace {

constexpr unsigned kRead = BPF_DEVCG_ACC_READ, kWrite = BPF_DEVCG_ACC_WRITE;
constexpr unsigned kMknod = BPF_DEVCG_ACC_MKNOD;

struct Device {
  char type = 'c';
  std::uint32_t major = 0, minor = 0;
};

class Interpreter {
 public:
  Interpreter(const Device& device, unsigned access) {
    const unsigned type = device.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
    context_ = {(access << 16) | type, device.major, device.minor};
  }

  std::uint64_t run(const sys::BpfProgram& program) {
    for (std::size_t at = 0; at < program.size(); ++at) {
      const bpf_insn& one = program[at];
      if (one.code == (BPF_JMP | BPF_EXIT)) return registers_[0];
      if (BPF_CLASS(one.code) == BPF_JMP32) {
        if (jumps(one)) at += static_cast<std::size_t>(one.off);
      } else if (BPF_CLASS(one.code) == BPF_LDX) {
        registers_[one.dst_reg] = context_.at(static_cast<std::size_t>(one.off) / 4);
      } else {
        compute(one);
      }
    }
    FAIL("it runs off its end");
    return 0;
  }

 private:
  bool jumps(const bpf_insn& one) const {
    const auto value = static_cast<std::uint32_t>(registers_[one.dst_reg]);
    const bool is_equal = value == static_cast<std::uint32_t>(one.imm);
    return BPF_OP(one.code) == BPF_JEQ ? is_equal : !is_equal;
  }
  void compute(const bpf_insn& one) {
    std::uint64_t& target = registers_[one.dst_reg];
    const auto operand =
        BPF_SRC(one.code) == BPF_X ? registers_[one.src_reg] : static_cast<std::uint64_t>(one.imm);
    REQUIRE(BPF_CLASS(one.code) == BPF_ALU64);
    switch (BPF_OP(one.code)) {
      case BPF_MOV:
        target = operand;
        break;
      case BPF_AND:
        target &= operand;
        break;
      case BPF_RSH:
        target >>= operand;
        break;
      default:
        FAIL("an instruction that isn't known");
    }
  }

  std::array<std::uint32_t, 3> context_ = {};
  std::array<std::uint64_t, 11> registers_ = {};
};

bool allows(const std::vector<DeviceRule>& rules, const Device& device, unsigned access) {
  return Interpreter(device, access).run(compile_device_rules(effective_device_rules(rules))) != 0;
}

const DeviceRule kDenyAll = {.allow = false, .access = "rwm"};
const DeviceRule kAllowAll = {.allow = true, .access = "rwm"};
constexpr Device kNull = {'c', 1, 3};
constexpr Device kKmsg = {'c', 1, 11};
constexpr Device kDisk = {'b', 8, 0};

DeviceRule rule(bool allow, const char* type, std::int64_t major, std::int64_t minor,
                const char* access) {
  return {.allow = allow, .type = type, .major = major, .minor = minor, .access = access};
}

}  // namespace

TEST_CASE("devices: all containers get /dev/null and its like, terminals and nodes", "[devices]") {
  const Device device = GENERATE(values<Device>(
      {kNull, {'c', 1, 5}, {'c', 5, 0}, {'c', 5, 2}, {'c', 136, 7}, {'c', 10, 200}}));
  CHECK(allows({kDenyAll}, device, kRead | kWrite));
  CHECK(allows({kDenyAll}, kDisk, kMknod));
}

TEST_CASE("devices: what is not named is denied, also by an empty list", "[devices]") {
  const Device device = GENERATE(values({kKmsg, kDisk}));
  const unsigned access = GENERATE(kRead, kWrite, kRead | kWrite, kRead | kMknod);
  CHECK_FALSE(allows({kDenyAll}, device, access));
  CHECK_FALSE(allows({}, device, access));
}

TEST_CASE("devices: a rule allows the letters that it has and no others", "[devices]") {
  const std::vector<DeviceRule> rules = {kDenyAll, rule(true, "b", 8, 0, "r")};
  CHECK(allows(rules, kDisk, kRead));
  CHECK_FALSE(allows(rules, kDisk, kWrite));
  CHECK_FALSE(allows(rules, kDisk, kRead | kWrite));
  CHECK_FALSE(allows(rules, {'c', 8, 0}, kRead));
  CHECK_FALSE(allows(rules, {'b', 8, 1}, kRead));
  CHECK_FALSE(allows(rules, {'b', 9, 0}, kRead));
}

TEST_CASE("devices: letters may come from different rules", "[devices]") {
  CHECK(allows({kDenyAll, rule(true, "b", 8, -1, "r"), rule(true, "b", 8, 0, "w")}, kDisk,
               kRead | kWrite));
}

TEST_CASE("devices: -1 and nothing are all numbers, and no letters are all letters", "[devices]") {
  CHECK(allows({kDenyAll, rule(true, "b", -1, -1, "")}, kDisk, kRead | kWrite));
  CHECK(allows({kDenyAll, {.allow = true, .type = "b", .major = 8, .access = "rw"}}, kDisk, kRead));
}

TEST_CASE("devices: the last rule that fits decides", "[devices]") {
  const DeviceRule disk = rule(true, "b", 8, -1, "rwm");
  const DeviceRule first = rule(false, "b", 8, 0, "w");
  CHECK_FALSE(allows({kDenyAll, disk, first}, kDisk, kWrite));
  CHECK_FALSE(allows({kDenyAll, disk, first}, kDisk, kRead | kWrite));
  CHECK(allows({kDenyAll, disk, first}, kDisk, kRead));
  CHECK(allows({kDenyAll, disk, first}, {'b', 8, 1}, kWrite));
  CHECK(allows({kDenyAll, first, disk}, kDisk, kWrite));
}

TEST_CASE("devices: where all is allowed, a rule takes away", "[devices]") {
  CHECK(allows({kAllowAll}, kDisk, kRead | kWrite | kMknod));
  CHECK(effective_device_rules({kAllowAll}).size() == 1);
  const std::vector<DeviceRule> rules = {kAllowAll, rule(false, "b", 8, 0, "w")};
  CHECK_FALSE(allows(rules, kDisk, kRead | kWrite));
  CHECK(allows(rules, kDisk, kRead));
  CHECK(allows(rules, kKmsg, kRead));
}

TEST_CASE("devices: a rule for all makes those before it void", "[devices]") {
  CHECK_FALSE(allows({kAllowAll, kDenyAll}, kDisk, kRead));
  CHECK(effective_device_rules({rule(true, "b", 8, 0, "r"), kDenyAll}) ==
        effective_device_rules({kDenyAll}));
}

TEST_CASE("devices: a look at whether it is there asks for no letter", "[devices]") {
  CHECK(allows({kDenyAll}, kDisk, 0));
}

TEST_CASE("devices: rules are for the host's root, an empty list is no failure", "[devices]") {
  CgroupPlan plan;
  plan.manager = CgroupManager::kCgroupfs;
  plan_device_rules({}, CgroupPolicy::kByCaller, plan);
  CHECK_FALSE(plan.devices.empty());
  CHECK(plan.devices_need == Need::kOptional);
  plan_device_rules({kDenyAll}, CgroupPolicy::kByCaller, plan);
  CHECK(plan.devices_need == Need::kRequired);
  CgroupPlan rootless;
  rootless.manager = CgroupManager::kCgroupfs;
  rootless.is_rootless = true;
  plan_device_rules({kDenyAll}, CgroupPolicy::kByCaller, rootless);
  CHECK(rootless.devices.empty());
}
