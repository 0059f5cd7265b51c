// SPDX-License-Identifier: Apache-2.0
// The part of validate() that an `exec` needs too.
#include <limits>
#include <set>

#include "config/cpu_list.h"
#include "config/json.h"
#include "config/problems.h"
#include "sys/format.h"

namespace config {
namespace {

void check_user(Problems& problems, const User& user) {
  problems.check_id("/process/user/uid", user.uid);
  problems.check_id("/process/user/gid", user.gid);
  for (size_t i = 0; i < user.additional_gids.size(); ++i) {
    problems.check_id(sys::format("/process/user/additionalGids/{}", i), user.additional_gids[i]);
  }
  if (user.umask.value_or(0) > 0777) {
    problems.add("/process/user/umask", sys::format("{:#o} is more than 0777", *user.umask));
  }
}

void check_args(Problems& problems, const Process& process) {
  if (process.args.empty()) {
    problems.add("/process/args", "must not be empty");
  } else if (process.args[0].empty()) {
    // The words that callers look for, to exit with 127: it is what runc says.
    problems.add("/process/args/0", R"(exec: "": executable file not found in $PATH)");
  }
  problems.check_texts("/process/args", process.args);
}

void check_environment(Problems& problems, const std::vector<std::string>& env) {
  for (size_t i = 0; i < env.size(); ++i) {
    const size_t equals = env[i].find('=');
    if (equals != std::string::npos && equals != 0) continue;
    problems.add(sys::format("/process/env/{}", i),
                 sys::format("invalid environment variable {}: {}", quote_for_message(env[i]),
                             equals == 0 ? "the name is empty" : "no \"=\" in it"));
  }
  problems.check_texts("/process/env", env);
}

void check_rlimits(Problems& problems, const std::vector<Rlimit>& rlimits) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < rlimits.size(); ++i) {
    const Rlimit& rlimit = rlimits[i];
    const std::string place = sys::format("/process/rlimits/{}", i);
    if (!seen.insert(rlimit.type).second) {
      problems.add(place + "/type", sys::format("{} is there twice", rlimit.type));
    }
    if (rlimit.soft > rlimit.hard) {
      problems.add(place + "/soft",
                   sys::format("{} is more than the hard limit, {}", rlimit.soft, rlimit.hard));
    }
  }
}

/// Source: sched_setattr(2).
void check_scheduler(Problems& problems, const Scheduler& scheduler) {
  const bool is_realtime = scheduler.policy == "SCHED_FIFO" || scheduler.policy == "SCHED_RR";
  const bool has_deadline =
      scheduler.runtime != 0 || scheduler.deadline != 0 || scheduler.period != 0;
  if (scheduler.nice < -20 || scheduler.nice > 19) {
    problems.add("/process/scheduler/nice",
                 sys::format("{} is out of range (-20 to 19)", scheduler.nice));
  }
  if (scheduler.policy == "SCHED_ISO") {
    problems.add("/process/scheduler/policy", "SCHED_ISO is reserved, and in no kernel");
  }
  if (is_realtime && (scheduler.priority < 1 || scheduler.priority > 99)) {
    problems.add("/process/scheduler/priority",
                 sys::format("{} is out of range (1 to 99)", scheduler.priority));
  }
  if (scheduler.priority != 0 && !is_realtime) {
    problems.add("/process/scheduler/priority",
                 sys::format("{} has no priority", scheduler.policy));
  }
  if (has_deadline && scheduler.policy != "SCHED_DEADLINE") {
    problems.add("/process/scheduler",
                 sys::format("{} has no runtime, deadline and period", scheduler.policy));
  }
  for (size_t i = 0; i < scheduler.flags.size(); ++i) {
    if (!scheduler.flags[i].starts_with("SCHED_FLAG_UTIL_CLAMP")) continue;
    problems.add(
        sys::format("/process/scheduler/flags/{}", i),
        sys::format("{} clamps to a value, for which there is no field", scheduler.flags[i]));
  }
}

void check_cpu_list(Problems& problems, std::string_view pointer, const std::string& list) {
  if (list.empty() || parse_cpu_list(list)) return;
  problems.add(pointer,
               sys::format("{} is not a list of processors as \"0-3,7\"", quote_for_message(list)));
}

void check_console_size(Problems& problems, const ConsoleSize& size) {
  constexpr uint32_t kMax = std::numeric_limits<uint16_t>::max();  // struct winsize
  if (size.height > kMax || size.width > kMax) {
    problems.add("/process/consoleSize",
                 sys::format("{} by {} is more than {}", size.width, size.height, kMax));
  }
}

void check_capabilities(Problems& problems, const Capabilities& capabilities) {
  problems.check_texts("/process/capabilities/bounding", capabilities.bounding);
  problems.check_texts("/process/capabilities/effective", capabilities.effective);
  problems.check_texts("/process/capabilities/inheritable", capabilities.inheritable);
  problems.check_texts("/process/capabilities/permitted", capabilities.permitted);
  problems.check_texts("/process/capabilities/ambient", capabilities.ambient);
}

}  // namespace

void check_process(Problems& problems, const Process& process) {
  check_user(problems, process.user);
  check_args(problems, process);
  check_environment(problems, process.env);
  problems.check_absolute("/process/cwd", process.cwd);
  if (process.capabilities) check_capabilities(problems, *process.capabilities);
  check_rlimits(problems, process.rlimits);
  const int32_t oom = process.oom_score_adj.value_or(0);
  if (oom < -1000 || oom > 1000) {
    problems.add("/process/oomScoreAdj", sys::format("{} is out of range (-1000 to 1000)", oom));
  }
  problems.check_text("/process/apparmorProfile", process.apparmor_profile);
  problems.check_text("/process/selinuxLabel", process.selinux_label);
  if (process.console_size) check_console_size(problems, *process.console_size);
  if (process.scheduler) check_scheduler(problems, *process.scheduler);
  const int32_t io_priority = process.io_priority ? process.io_priority->priority : 0;
  if (io_priority < 0 || io_priority > 7) {
    problems.add("/process/ioPriority/priority",
                 sys::format("{} is out of range (0 to 7)", io_priority));
  }
  if (process.exec_cpu_affinity) {
    check_cpu_list(problems, "/process/execCPUAffinity/initial",
                   process.exec_cpu_affinity->initial);
    check_cpu_list(problems, "/process/execCPUAffinity/final", process.exec_cpu_affinity->final_);
  }
}

std::vector<std::string> validate_process(const Process& process) {
  Problems problems;
  check_process(problems, process);
  return problems.take();
}

}  // namespace config
