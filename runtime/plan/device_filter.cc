// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/device_filter.h"

#include <cstddef>

#include "runtime/plan/cgroup_plan.h"

namespace runtime {
namespace {

constexpr std::string_view kAllLetters = "rwm";

config::DeviceRule allow(const char* type, std::optional<int64_t> major,
                         std::optional<int64_t> minor, const char* access = "rwm") {
  return {.allow = true, .type = type, .major = major, .minor = minor, .access = access};
}

std::vector<config::DeviceRule> default_rules() {
  return {
      allow("c", {}, {}, "m"),                    // a node that is made can't be opened yet
      allow("b", {}, {}, "m"), allow("c", 1, 3),  // null
      allow("c", 1, 8),                           // random
      allow("c", 1, 7),                           // full
      allow("c", 5, 0),                           // tty
      allow("c", 1, 5),                           // zero
      allow("c", 1, 9),                           // urandom
      allow("c", 136, {}),                        // pts
      allow("c", 5, 2),                           // ptmx
      allow("c", 10, 200),                        // net/tun
  };
}

// -1 and nothing both mean all numbers.
bool is_wildcard(const std::optional<int64_t>& number) { return !number || *number == -1; }

bool has(const config::DeviceRule& rule, char letter) {
  return rule.access.empty() || rule.access.find(letter) != std::string::npos;
}

std::int32_t access_bits(const config::DeviceRule& rule) {
  return (has(rule, 'm') ? BPF_DEVCG_ACC_MKNOD : 0) | (has(rule, 'r') ? BPF_DEVCG_ACC_READ : 0) |
         (has(rule, 'w') ? BPF_DEVCG_ACC_WRITE : 0);
}

// ---------------------------------------------------------------------------- instructions

// What the program keeps where. The kernel passes bpf_cgroup_dev_ctx in the first register.
enum Register : unsigned {
  kResult = BPF_REG_0,
  kContext = BPF_REG_1,
  kType = BPF_REG_2,
  kAsked = BPF_REG_3,  // the letters that no rule has decided about yet
  kMajor = BPF_REG_4,
  kMinor = BPF_REG_5,
  kScratch = BPF_REG_6,
};

class Program {
 public:
  void load(Register to, std::size_t offset) {
    add(BPF_LDX | BPF_MEM | BPF_W, to, kContext, static_cast<__s16>(offset));
  }
  void copy(Register to, Register from) { add(BPF_ALU64 | BPF_MOV | BPF_X, to, from); }
  void compute(unsigned operation, Register to, std::int32_t operand) {
    add(BPF_ALU64 | operation | BPF_K, to, kResult, 0, operand);
  }
  /// Skips `count` instructions when it holds. Compares 32 bits: all that the kernel passes.
  void skip_if(unsigned comparison, Register what, std::int32_t with, std::size_t count) {
    add(BPF_JMP32 | comparison | BPF_K, what, kResult, static_cast<__s16>(count), with);
  }
  void leave(bool is_allowed) {
    compute(BPF_MOV, kResult, is_allowed ? 1 : 0);
    add(BPF_JMP | BPF_EXIT, kResult, kResult);
  }
  void append(const Program& other) {
    code_.insert(code_.end(), other.code_.begin(), other.code_.end());
  }
  std::size_t size() const { return code_.size(); }
  sys::BpfProgram take() { return std::move(code_); }

 private:
  void add(unsigned code, unsigned to, unsigned from, __s16 offset = 0, __s32 operand = 0) {
    bpf_insn instruction = {};
    instruction.code = static_cast<__u8>(code);
    instruction.dst_reg = to & 0xFU;  // bit fields of four
    instruction.src_reg = from & 0xFU;
    instruction.off = offset;
    instruction.imm = operand;
    code_.push_back(instruction);
  }
  sys::BpfProgram code_;
};

void add_prologue(Program& program) {
  program.load(kType, offsetof(bpf_cgroup_dev_ctx, access_type));
  program.copy(kAsked, kType);
  program.compute(BPF_AND, kType, 0xFFFF);
  program.compute(BPF_RSH, kAsked, 16);
  program.load(kMajor, offsetof(bpf_cgroup_dev_ctx, major));
  program.load(kMinor, offsetof(bpf_cgroup_dev_ctx, minor));
  program.skip_if(BPF_JNE, kAsked, 0, 2);
  program.leave(true);  // no letter: only whether it is there
}

// What happens for a device that fits `rule`.
Program verdict(const config::DeviceRule& rule) {
  Program program;
  if (rule.allow) {
    program.compute(BPF_AND, kAsked, ~access_bits(rule));
    program.skip_if(BPF_JNE, kAsked, 0, 2);
    program.leave(true);
  } else {
    program.copy(kScratch, kAsked);
    program.compute(BPF_AND, kScratch, access_bits(rule));
    program.skip_if(BPF_JEQ, kScratch, 0, 2);
    program.leave(false);
  }
  return program;
}

void add_rule(Program& program, const config::DeviceRule& rule) {
  const Program body = verdict(rule);
  const bool has_type = rule.type != "a";
  const bool has_major = !is_wildcard(rule.major), has_minor = !is_wildcard(rule.minor);
  std::size_t left = body.size() + (has_major ? 1 : 0) + (has_minor ? 1 : 0);
  if (has_type) {
    const int type = rule.type == "b" ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
    program.skip_if(BPF_JNE, kType, type, left);
  }
  if (has_major) program.skip_if(BPF_JNE, kMajor, static_cast<std::int32_t>(*rule.major), --left);
  if (has_minor) program.skip_if(BPF_JNE, kMinor, static_cast<std::int32_t>(*rule.minor), --left);
  program.append(body);
}

}  // namespace

bool is_about_all(const config::DeviceRule& rule) {
  bool all = rule.type == "a" && is_wildcard(rule.major) && is_wildcard(rule.minor);
  for (const char letter : kAllLetters) all = all && has(rule, letter);
  return all;
}

std::vector<config::DeviceRule> effective_device_rules(
    const std::vector<config::DeviceRule>& rules) {
  std::vector<config::DeviceRule> effective;
  for (const config::DeviceRule& rule : rules) {
    if (is_about_all(rule)) effective.clear();
    effective.push_back(rule);
  }
  // Where everything is allowed the rest would change nothing.
  if (effective.size() == 1 && effective.front().allow && is_about_all(effective.front()))
    return effective;
  for (config::DeviceRule& rule : default_rules()) effective.push_back(std::move(rule));
  return effective;
}

void plan_device_rules(const std::vector<config::DeviceRule>& rules, CgroupPolicy policy,
                       CgroupPlan& plan) {
  if (plan.is_rootless || plan.manager == CgroupManager::kNobody) return;
  plan.devices = effective_device_rules(rules);
  if (rules.empty()) return;  // not asked for
  plan.devices_need = policy == CgroupPolicy::kBestEffort ? Need::kWanted : Need::kRequired;
}

sys::BpfProgram compile_device_rules(const std::vector<config::DeviceRule>& rules) {
  Program program;
  add_prologue(program);
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) add_rule(program, *rule);
  program.leave(false);
  return program.take();
}

}  // namespace runtime
