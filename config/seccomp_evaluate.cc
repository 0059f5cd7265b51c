// SPDX-License-Identifier: Apache-2.0
// An interpreter for classic BPF as seccomp has it. Source: seccomp(2), linux/filter.h.
#include "config/seccomp_evaluate.h"

#include <linux/bpf_common.h>
#include <linux/filter.h>

#include <cstring>

#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

sock_filter instruction_at(std::string_view program, std::size_t index) {
  if (index >= program.size() / sizeof(sock_filter)) {
    throw sys::Error("a seccomp filter that jumps out of itself", EINVAL);
  }
  sock_filter instruction = {};
  std::memcpy(&instruction, program.data() + index * sizeof(sock_filter), sizeof(sock_filter));
  return instruction;
}

std::uint32_t load(const seccomp_data& call, std::uint32_t offset) {
  std::uint32_t word = 0;
  if (offset > sizeof(call) - sizeof(word) || offset % sizeof(word) != 0) {
    throw sys::Error("a seccomp filter that loads from beyond the call", EINVAL);
  }
  std::memcpy(&word, reinterpret_cast<const char*>(&call) + offset, sizeof(word));
  return word;
}

bool compare(const sock_filter& jump, std::uint32_t accumulator) {
  switch (BPF_OP(jump.code)) {
    case BPF_JEQ:
      return accumulator == jump.k;
    case BPF_JGT:
      return accumulator > jump.k;
    case BPF_JGE:
      return accumulator >= jump.k;
    default:  // BPF_JSET
      return (accumulator & jump.k) != 0;
  }
}

}  // namespace

bool is_plausible_filter(std::string_view program) {
  const std::size_t count = program.size() / sizeof(sock_filter);
  if (program.size() % sizeof(sock_filter) != 0 || count < 1 || count > BPF_MAXINSNS) return false;
  return BPF_CLASS(instruction_at(program, count - 1).code) == BPF_RET;
}

std::uint32_t evaluate_filter(std::string_view program, const seccomp_data& call) {
  std::uint32_t accumulator = 0;
  // Ends: every jump goes forwards.
  for (std::size_t at = 0;; ++at) {
    const sock_filter instruction = instruction_at(program, at);
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        accumulator = load(call, instruction.k);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= instruction.k;
        break;
      case BPF_JMP | BPF_JA:
        at += instruction.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
      case BPF_JMP | BPF_JGT | BPF_K:
      case BPF_JMP | BPF_JGE | BPF_K:
      case BPF_JMP | BPF_JSET | BPF_K:
        at += compare(instruction, accumulator) ? instruction.jt : instruction.jf;
        break;
      case BPF_RET | BPF_K:
        return instruction.k;
      default:
        throw sys::Error(
            sys::format("a seccomp filter with instruction {:#x} at {}", instruction.code, at),
            EINVAL);
    }
  }
}

}  // namespace config
