// SPDX-License-Identifier: Apache-2.0
#include "config/seccomp_prologue.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <bit>
#include <cerrno>
#include <cstddef>

namespace config {
namespace {

using Instructions = std::vector<sock_filter>;

constexpr unsigned kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr unsigned kGo = BPF_JMP | BPF_JA;
constexpr std::uint32_t kToTheEnd = 0xffffffff;  // a distance that is filled in at the end
constexpr std::uint32_t kX32Bit = 0x40000000;    // __X32_SYSCALL_BIT
constexpr std::uint32_t kSign = 0x80000000;
constexpr std::uint32_t kArguments = 6;

sock_filter statement(unsigned code, std::uint32_t k) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = k};
}

sock_filter branch(unsigned code, std::uint32_t k, std::size_t if_true, std::size_t if_false) {
  return {.code = static_cast<std::uint16_t>(BPF_JMP | BPF_K | code),
          .jt = static_cast<std::uint8_t>(if_true),
          .jf = static_cast<std::uint8_t>(if_false),
          .k = k};
}

sock_filter refuse_with(int code) {
  return statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(code));
}

void append(Instructions& to, const Instructions& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// With the call's number loaded, which stays.
Instructions refuse_above(std::uint32_t highest) {
  if (highest == 0) return {};
  return {branch(BPF_JGT, highest, 0, 1), refuse_with(ENOSYS)};
}

Instructions refuse_unknown(std::uint32_t audit_arch, const Prologue& prologue) {
  const Instructions plain = refuse_above(prologue.highest);
  if (audit_arch != AUDIT_ARCH_X86_64) return plain;
  Instructions x32 = refuse_above(prologue.highest_x32);
  if (!plain.empty()) x32.push_back(statement(kGo, static_cast<std::uint32_t>(plain.size())));
  Instructions both = {branch(BPF_JSET, kX32Bit, 0, x32.size())};
  append(both, x32);
  append(both, plain);
  return both;
}

Instructions check_argument(std::uint32_t index, bool is_unsigned) {
  const std::size_t word = sizeof(std::uint32_t);
  const std::size_t place = offsetof(seccomp_data, args) + index * 2 * word;
  constexpr bool kLowFirst = std::endian::native == std::endian::little;
  const auto low = static_cast<std::uint32_t>(kLowFirst ? place : place + word);
  const auto high = static_cast<std::uint32_t>(kLowFirst ? place + word : place);
  if (is_unsigned) {
    return {statement(kLoad, high), branch(BPF_JEQ, 0, 1, 0), refuse_with(EINVAL)};
  }
  return {statement(kLoad, high), branch(BPF_JEQ, 0, 4, 0),      branch(BPF_JEQ, 0xffffffff, 0, 2),
          statement(kLoad, low),  branch(BPF_JSET, kSign, 1, 0), refuse_with(EINVAL)};
}

// With the call's number loaded, which it is no more for a call that is guarded.
Instructions check_call(const GuardedCall& call) {
  Instructions checks;
  for (std::uint32_t i = 0; i < kArguments; ++i) {
    const std::uint32_t bit = 1U << i;
    if ((call.arguments & bit) == 0) continue;
    append(checks, check_argument(i, (call.unsigned_arguments & bit) != 0));
  }
  checks.push_back(statement(kGo, kToTheEnd));
  Instructions all = {branch(BPF_JEQ, call.number, 0, checks.size())};
  append(all, checks);
  return all;
}

Instructions section_for(std::uint32_t audit_arch, const Prologue& prologue) {
  Instructions section = {statement(kLoad, offsetof(seccomp_data, nr))};
  append(section, refuse_unknown(audit_arch, prologue));
  for (const GuardedCall& call : prologue.guarded) append(section, check_call(call));
  section.push_back(statement(kGo, kToTheEnd));
  return section;
}

}  // namespace

std::string make_prologue(const std::map<std::uint32_t, Prologue>& by_architecture) {
  Instructions all = {statement(kLoad, offsetof(seccomp_data, arch))};
  for (const auto& [audit_arch, prologue] : by_architecture) {
    if (prologue.highest == 0 && prologue.highest_x32 == 0 && prologue.guarded.empty()) continue;
    const Instructions section = section_for(audit_arch, prologue);
    all.push_back(branch(BPF_JEQ, audit_arch, 1, 0));
    all.push_back(statement(kGo, static_cast<std::uint32_t>(section.size())));
    append(all, section);
  }
  if (all.size() == 1) return {};
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].code != kGo || all[i].k != kToTheEnd) continue;
    all[i].k = static_cast<std::uint32_t>(all.size() - i - 1);
  }
  return {reinterpret_cast<const char*>(all.data()), all.size() * sizeof(sock_filter)};
}

}  // namespace config
