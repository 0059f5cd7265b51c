// SPDX-License-Identifier: Apache-2.0
#include "config/seccomp_filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>

#include "config/seccomp_arguments.h"
#include "config/seccomp_evaluate.h"
#include "config/seccomp_notify.h"
#include "config/seccomp_prologue.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/format.h"

namespace config {
namespace {

// A part of the cache's key: to be raised with every change of what this file generates.
constexpr std::string_view kCompilerTag = "tilla seccomp 3";

constexpr std::uint32_t kMaxErrno = 4095;  // MAX_ERRNO
constexpr std::uint32_t kArguments = 6;
constexpr std::uint32_t kWaitKillable = 1U << 5U;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
constexpr std::uint32_t kLow = 0xffffffff;
// libseccomp up to 2.5.4 makes a wrong tree out of no rules, and a tree of few gains nothing.
constexpr std::size_t kTreeFrom = 32;

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

[[noreturn]] void refuse(std::string_view place, std::string_view problem, int code = EINVAL) {
  throw sys::Error(sys::format("/linux/seccomp{}: {}", place, problem), code);
}

// libseccomp returns negative errnos.
void check(int result, std::string_view place, std::string_view what) {
  if (result < 0) {
    throw sys::errno_error(sys::format("/linux/seccomp{}: libseccomp: {}", place, what), -result);
  }
}

std::uint32_t action_of(SeccompAction action, const std::optional<std::uint32_t>& errno_ret,
                        std::string_view place) {
  const std::uint32_t value = errno_ret.value_or(EPERM);
  // Beyond it the number would be cut, to 0 in the worst case: a refused call that reports success.
  if (value > kMaxErrno) refuse(place, sys::format("errno {} is more than {}", value, kMaxErrno));
  switch (action) {
    case SeccompAction::kKillThread:
      return SCMP_ACT_KILL_THREAD;
    case SeccompAction::kKillProcess:
      return SCMP_ACT_KILL_PROCESS;
    case SeccompAction::kTrap:
      return SCMP_ACT_TRAP;
    case SeccompAction::kErrno:
      return SCMP_ACT_ERRNO(value);
    case SeccompAction::kTrace:
      return SCMP_ACT_TRACE(value);
    case SeccompAction::kAllow:
      return SCMP_ACT_ALLOW;
    case SeccompAction::kLog:
      return SCMP_ACT_LOG;
    case SeccompAction::kNotify:
      return SCMP_ACT_NOTIFY;
  }
  refuse(place, "unknown action");
}

scmp_compare operator_of(SeccompOperator op) {
  switch (op) {
    case SeccompOperator::kNe:
      return SCMP_CMP_NE;
    case SeccompOperator::kLt:
      return SCMP_CMP_LT;
    case SeccompOperator::kLe:
      return SCMP_CMP_LE;
    case SeccompOperator::kEq:
      return SCMP_CMP_EQ;
    case SeccompOperator::kGe:
      return SCMP_CMP_GE;
    case SeccompOperator::kGt:
      return SCMP_CMP_GT;
    case SeccompOperator::kMaskedEq:
      return SCMP_CMP_MASKED_EQ;
  }
  refuse("/syscalls", "unknown operator");
}

// "SCMP_ARCH_X86_64" is "x86_64" to libseccomp.
std::uint32_t architecture_of(const std::string& name, std::size_t index) {
  constexpr std::string_view kPrefix = "SCMP_ARCH_";
  std::string word = name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : "";
  for (char& letter : word) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  const std::uint32_t token = word.empty() ? 0 : ::seccomp_arch_resolve_name(word.c_str());
  if (token == 0) {
    refuse(sys::format("/architectures/{}", index),
           sys::format("this libseccomp does not know \"{}\"", name));
  }
  return token;
}

std::vector<std::uint32_t> architectures_of(const Seccomp& profile) {
  std::vector<std::uint32_t> tokens = {::seccomp_arch_native()};
  for (std::size_t i = 0; i < profile.architectures.size(); ++i) {
    const std::uint32_t token = architecture_of(profile.architectures[i], i);
    if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(token);
  }
  return tokens;
}

std::uint32_t kernel_flags_of(const Seccomp& profile) {
  const bool has_listener = notifies(profile);
  std::uint32_t flags = has_listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0U;
  for (std::size_t i = 0; i < profile.flags.size(); ++i) {
    const std::string& name = profile.flags[i];
    if (name == "SECCOMP_FILTER_FLAG_LOG") {
      flags |= SECCOMP_FILTER_FLAG_LOG;
    } else if (name == "SECCOMP_FILTER_FLAG_SPEC_ALLOW") {
      flags |= SECCOMP_FILTER_FLAG_SPEC_ALLOW;
    } else if (name == "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV") {
      // Without a listener it means nothing, and the kernel takes it for an error.
      if (has_listener) flags |= kWaitKillable;
    } else if (name != "SECCOMP_FILTER_FLAG_TSYNC") {  // which one thread does not need
      refuse(sys::format("/flags/{}", i), sys::format("unknown flag \"{}\"", name));
    }
  }
  return flags;
}

std::vector<scmp_arg_cmp> conditions_of(const SeccompRule& rule, const std::string& place) {
  std::vector<scmp_arg_cmp> conditions;
  for (std::size_t i = 0; i < rule.args.size(); ++i) {
    const SeccompArg& arg = rule.args[i];
    if (arg.index >= kArguments) {
      refuse(sys::format("{}/args/{}/index", place, i),
             sys::format("{} is out of range (0 to 5)", arg.index));
    }
    conditions.push_back({.arg = arg.index,
                          .op = operator_of(arg.op),
                          .datum_a = arg.value,
                          .datum_b = arg.value_two});
  }
  return conditions;
}

// A value that the kernel takes for a number of 32 bits, as it is or with its sign extended.
bool is_narrow(std::uint64_t value) {
  return value <= kLow || (value >> 32U == kLow && (value & 0x80000000U) != 0);
}

// As the kernel sees an argument of 32 bits: what else is in its register means nothing.
void narrow(scmp_arg_cmp& condition) {
  if (condition.op == SCMP_CMP_EQ && is_narrow(condition.datum_a)) {
    condition.op = SCMP_CMP_MASKED_EQ;
    condition.datum_b = condition.datum_a & kLow;
    condition.datum_a = kLow;
  } else if (condition.op == SCMP_CMP_MASKED_EQ) {
    condition.datum_a &= kLow;
    condition.datum_b &= kLow;
  } else if (is_narrow(condition.datum_a)) {
    condition.datum_a &= kLow;
  }
}

bool has_repeated_index(const std::vector<scmp_arg_cmp>& conditions) {
  std::uint32_t seen = 0;
  for (const scmp_arg_cmp& condition : conditions) {
    const std::uint32_t bit = 1U << condition.arg;
    if ((seen & bit) != 0) return true;
    seen |= bit;
  }
  return false;
}

class Compiler {
 public:
  Compiler(const Seccomp& profile, std::vector<std::string>& unknown_names)
      : profile_(profile),
        unknown_names_(unknown_names),
        default_action_(
            action_of(profile.default_action, profile.default_errno_ret, "/defaultErrnoRet")),
        architectures_(architectures_of(profile)),
        filter_(::seccomp_init(default_action_)) {
    if (!filter_) refuse("/defaultAction", "libseccomp refuses it");
    for (const std::uint32_t token : architectures_) {
      const int result = ::seccomp_arch_add(filter_.get(), token);
      if (result != -EEXIST) check(result, "/architectures", "add an architecture");
    }
  }

  std::string compile() {
    for (std::size_t i = 0; i < profile_.syscalls.size(); ++i) {
      add_rule(profile_.syscalls[i], sys::format("/syscalls/{}", i));
    }
    if (rule_count_ > kTreeFrom) {
      check(::seccomp_attr_set(filter_.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2), "", "optimize");
    }
    std::string program = make_prologue(prologues()) + exported();
    if (!is_plausible_filter(program)) {
      refuse("", sys::format("the profile makes {} instructions, and the kernel takes {}",
                             program.size() / sizeof(sock_filter), BPF_MAXINSNS));
    }
    return program;
  }

 private:
  void add_rule(const SeccompRule& rule, const std::string& place) {
    const std::uint32_t action = action_of(rule.action, rule.errno_ret, place + "/errnoRet");
    const std::vector<scmp_arg_cmp> conditions = conditions_of(rule, place);
    if (action == default_action_) return;  // says nothing; libseccomp would refuse it
    for (const std::string& name : rule.names) {
      const int number = ::seccomp_syscall_resolve_name(name.c_str());
      if (number == __NR_SCMP_ERROR) {
        note_unknown(name);
        continue;
      }
      const std::vector<scmp_arg_cmp> narrowed = narrow_conditions(name, conditions);
      if (has_repeated_index(narrowed)) {
        // As runc has it, against the letter of the specification: one of them is enough.
        for (const scmp_arg_cmp& condition : narrowed) {
          add(action, number, {condition}, place, name);
        }
      } else {
        add(action, number, narrowed, place, name);
      }
    }
  }

  // A condition on an argument of 32 bits that can't be expressed as one on these alone ("not 40")
  // makes the call guarded: a register that says 40 to the kernel says 40 to the filter, too.
  std::vector<scmp_arg_cmp> narrow_conditions(const std::string& name,
                                              std::vector<scmp_arg_cmp> conditions) {
    const std::uint32_t arguments = conditions.empty() ? 0 : narrow_arguments(name);
    for (scmp_arg_cmp& condition : conditions) {
      const std::uint32_t bit = 1U << condition.arg;
      if ((arguments & bit) == 0) continue;
      narrow(condition);
      if (condition.op == SCMP_CMP_MASKED_EQ || condition.op == SCMP_CMP_EQ) continue;
      GuardedCall& guard = guarded_[name];
      guard.arguments |= bit;
      // Of two ways to say a number above it, the profile has this one.
      if (condition.datum_a > 0x7fffffff) guard.unsigned_arguments |= bit;
    }
    return conditions;
  }

  void add(std::uint32_t action, int number, const std::vector<scmp_arg_cmp>& conditions,
           const std::string& place, const std::string& name) {
    ++rule_count_;
    check(::seccomp_rule_add_array(filter_.get(), action, number,
                                   static_cast<unsigned>(conditions.size()), conditions.data()),
          place, name);
  }

  void note_unknown(const std::string& name) {
    if (std::ranges::find(unknown_names_, name) == unknown_names_.end()) {
      unknown_names_.push_back(name);
    }
  }

  std::string exported() const {
    // Straight from the kernel, not from sys/: a plain scratch file is needed nowhere else.
    const sys::Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
    if (!file) throw sys::errno_error("memfd_create");
    check(::seccomp_export_bpf(filter_.get(), file.get()), "", "export the filter");
    if (::lseek(file.get(), 0, SEEK_SET) < 0) throw sys::errno_error("lseek");
    return sys::read_all(file.get(), std::size_t{1} << 24);
  }

  // The highest system call that the profile names, per architecture; 0 when it names none.
  std::uint32_t highest_call(std::uint32_t token) const {
    int highest = 0;
    for (const SeccompRule& rule : profile_.syscalls) {
      for (const std::string& name : rule.names) {
        highest = std::max(highest, ::seccomp_syscall_resolve_name_arch(token, name.c_str()));
      }
    }
    return static_cast<std::uint32_t>(highest);
  }

  bool wants_unknown_calls_stub() const {
    // A tracer answers for itself, and what is permitted or logged reaches the kernel, which knows.
    if (profile_.default_action == SeccompAction::kAllow ||
        profile_.default_action == SeccompAction::kLog ||
        profile_.default_action == SeccompAction::kTrace) {
      return false;
    }
    return default_action_ != SCMP_ACT_ERRNO(ENOSYS);
  }

  // A system call that is newer than the profile gets ENOSYS, upon which a libc falls back to an
  // older one; EPERM it takes for an answer.
  std::map<std::uint32_t, Prologue> prologues() const {
    std::map<std::uint32_t, Prologue> made;  // by AUDIT_ARCH_*
    const bool is_stopped_above = wants_unknown_calls_stub();
    for (const std::uint32_t token : architectures_) {
      const bool is_x32 = token == SCMP_ARCH_X32;
      Prologue& prologue = made[is_x32 ? SCMP_ARCH_X86_64 : token];
      if (is_stopped_above) {
        (is_x32 ? prologue.highest_x32 : prologue.highest) = highest_call(token);
      }
      if (is_x32 || (token & __AUDIT_ARCH_64BIT) != 0) add_guarded(token, prologue.guarded);
    }
    return made;
  }

  void add_guarded(std::uint32_t token, std::vector<GuardedCall>& guarded) const {
    for (auto [name, call] : guarded_) {
      const int number = ::seccomp_syscall_resolve_name_arch(token, name.c_str());
      if (number < 0) continue;
      call.number = static_cast<std::uint32_t>(number);
      guarded.push_back(call);
    }
  }

  const Seccomp& profile_;
  std::vector<std::string>& unknown_names_;
  std::uint32_t default_action_;
  std::vector<std::uint32_t> architectures_;
  Filter filter_;
  std::map<std::string, GuardedCall> guarded_;  // by name; without their numbers
  std::size_t rule_count_ = 0;
};

// Numbers have a fixed width and text its length in front: nothing can be read in two ways.
class KeyWriter {
 public:
  void number(std::uint64_t value) {
    key_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void small(std::uint32_t value) {
    key_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void optional(const std::optional<std::uint32_t>& value) {
    small(value ? 1 : 0);
    small(value.value_or(0));
  }
  void text(std::string_view value) {
    small(static_cast<std::uint32_t>(value.size()));  // a document is smaller than 4 GiB
    key_.append(value);
  }
  void texts(const std::vector<std::string>& values) {
    small(static_cast<std::uint32_t>(values.size()));
    for (const std::string& value : values) text(value);
  }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

}  // namespace

bool CompiledFilter::has_listener() const {
  return (kernel_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
}

std::uint32_t CompiledFilter::flags_without_listener() const {
  constexpr std::uint32_t kOfListeners = SECCOMP_FILTER_FLAG_NEW_LISTENER | kWaitKillable;
  return kernel_flags & ~kOfListeners;
}

CompiledFilter compile_seccomp(const Seccomp& profile, std::vector<std::string>& unknown_names) {
  CompiledFilter filter;
  filter.kernel_flags = kernel_flags_of(profile);
  filter.program = Compiler(profile, unknown_names).compile();
  return filter;
}

std::string seccomp_key(const Seccomp& profile) {
  KeyWriter key;
  key.text(kCompilerTag);
  const scmp_version* version = ::seccomp_version();
  for (const unsigned part : {version->major, version->minor, version->micro}) key.small(part);
  key.small(::seccomp_arch_native());
  key.small(static_cast<std::uint32_t>(profile.default_action));
  key.optional(profile.default_errno_ret);
  key.texts(profile.architectures);
  key.texts(profile.flags);
  key.small(static_cast<std::uint32_t>(profile.syscalls.size()));
  for (const SeccompRule& rule : profile.syscalls) {
    key.texts(rule.names);
    key.small(static_cast<std::uint32_t>(rule.action));
    key.optional(rule.errno_ret);
    key.small(static_cast<std::uint32_t>(rule.args.size()));
    for (const SeccompArg& arg : rule.args) {
      key.small(arg.index);
      key.small(static_cast<std::uint32_t>(arg.op));
      key.number(arg.value);
      key.number(arg.value_two);
    }
  }
  return key.take();
}

std::string libseccomp_version() {
  const scmp_version* version = ::seccomp_version();
  return sys::format("{}.{}.{}", version->major, version->minor, version->micro);
}

}  // namespace config
