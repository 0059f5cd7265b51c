// SPDX-License-Identifier: Apache-2.0
#include "config/signal_names.h"

#include <signal.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace config {
namespace {

struct SignalName {
  std::string_view name;
  int number;
};

/// Source: signal(7).
constexpr SignalName kSignals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"BUS", SIGBUS},       {"CHLD", SIGCHLD},
    {"CLD", SIGCHLD},  {"CONT", SIGCONT}, {"FPE", SIGFPE},       {"HUP", SIGHUP},
    {"ILL", SIGILL},   {"INT", SIGINT},   {"IO", SIGIO},         {"IOT", SIGABRT},
    {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"POLL", SIGIO},       {"PROF", SIGPROF},
    {"PWR", SIGPWR},   {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},     {"STKFLT", SIGSTKFLT},
    {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},     {"TRAP", SIGTRAP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},     {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2}, {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH},
    {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
};

// What programs mean by RTMIN: glibc keeps the kernel's 32 and 33 for itself.
constexpr int kRealTimeMin = 34;
constexpr int kRealTimeMax = 64;

std::optional<int> parse_number(std::string_view text) {
  int number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < 0 || number > kRealTimeMax) return std::nullopt;
  return number;
}

/// `name` is "RTMIN", "RTMIN+n", "RTMAX" or "RTMAX-n".
std::optional<int> parse_real_time(std::string_view name) {
  const bool is_from_min = name.starts_with("RTMIN");
  if (!is_from_min && !name.starts_with("RTMAX")) return std::nullopt;
  const int base = is_from_min ? kRealTimeMin : kRealTimeMax;
  name.remove_prefix(5);
  if (name.empty()) return base;
  if (name.front() != (is_from_min ? '+' : '-')) return std::nullopt;
  const auto offset = parse_number(name.substr(1));
  if (!offset || *offset > kRealTimeMax - kRealTimeMin) return std::nullopt;
  return is_from_min ? base + *offset : base - *offset;
}

}  // namespace

std::optional<int> parse_signal(std::string_view text) {
  if (const auto number = parse_number(text)) return number;
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  std::string_view name = upper;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto* found = std::ranges::find(kSignals, name, &SignalName::name);
  if (found != std::end(kSignals)) return found->number;
  return parse_real_time(name);
}

}  // namespace config
