// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/health_checks.h"

#include <signal.h>

#include <algorithm>
#include <charconv>

#include "shim/monitor/container.h"
#include "shim/monitor/log_format.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/spawn.h"

namespace shim {
namespace {

constexpr std::size_t kMaxOutput = 4096;
constexpr std::size_t kMaxResults = 5;
constexpr std::size_t kMaxNumber = 32;
constexpr const char* kPidFile = "health.pid";
constexpr int kNoExitCode = -1;

std::string now_as_text() { return format_log_time(std::chrono::system_clock::now()); }

}  // namespace

void add_result(Health& health, HealthResult result, const HealthConfig& config, bool is_early) {
  if (result.exit_code == 0) {
    health.failing_streak = 0;
    health.status = "healthy";
  } else if (!is_early || health.status == "healthy") {
    ++health.failing_streak;
    if (health.failing_streak >= std::max(config.retries, 1U)) health.status = "unhealthy";
  }
  health.log.push_back(std::move(result));
  if (health.log.size() > kMaxResults) health.log.erase(health.log.begin());
}

void HealthChecks::begin(Moment now) {
  if (config_.health.command.empty()) return;
  health_ = Health{.status = "starting", .log = {}};
  started_ = now;
  deadline_ = now + config_.health.interval;
}

void HealthChecks::end() {
  if (process_.pidfd) {
    kill_check();
    (void)sys::wait_raw(process_.pidfd.get());
    process_ = {};
  }
  output_.reset();
  deadline_.reset();
}

void HealthChecks::wait_on(std::vector<sys::Waiting>& entries) const {
  entries.push_back({.fd = process_.pidfd.get(), .wants_input = true});
  entries.push_back({.fd = output_.get(), .wants_input = true});
}

bool HealthChecks::handle(const sys::Waiting* entries, Moment now) {
  if (!deadline_) return false;
  if (entries[1].has_input) read_output();
  if (process_.pidfd && entries[0].has_input) {
    read_output();
    const sys::RawEnd end = sys::wait_raw(process_.pidfd.get());
    finish_check(end.signal == 0 ? end.code : 128 + end.signal, now);
    return true;
  }
  if (now < *deadline_) return false;
  if (!process_.pidfd) {
    start_check(now);
    return false;
  }
  kill_check();
  (void)sys::wait_raw(process_.pidfd.get());
  result_.output = sys::format("the check took longer than {} s",
                               std::chrono::duration<double>(config_.health.timeout).count());
  finish_check(kNoExitCode, now);
  return true;
}

void HealthChecks::start_check(Moment now) {
  result_ = {.start = now_as_text(), .end = {}, .output = {}};
  std::vector<std::string> words = {"exec", "--pid-file",
                                    sys::format("{}/{}", config_.sockets, kPidFile), config_.id};
  words.insert(words.end(), config_.health.command.begin(), config_.health.command.end());
  (void)sys::unlink_at_if_exists(sockets_, kPidFile);
  sys::Pipe pipe = sys::make_pipe();
  sys::set_nonblocking(pipe.read_end.get(), true);
  process_ = sys::spawn_with_streams(
      runtime_call(config_, words), {.output = pipe.write_end.get(), .error = pipe.write_end.get()},
      true);
  output_ = std::move(pipe.read_end);
  deadline_ = now + config_.health.timeout;
}

void HealthChecks::read_output() {
  char buffer[kMaxOutput];
  while (output_) {
    const std::optional<long> count = sys::read_now(output_.get(), buffer, sizeof(buffer));
    if (!count) return;
    if (*count <= 0) return output_.reset();
    const std::size_t room = kMaxOutput - result_.output.size();
    result_.output.append(buffer, std::min(room, static_cast<std::size_t>(*count)));
  }
}

// The runtime waits for the check and has not collected it, so the number is its own.
void HealthChecks::kill_check() {
  const auto text = sys::read_file_at_if_exists(sockets_, kPidFile, kMaxNumber);
  pid_t pid = 0;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), pid);
  const std::optional<sys::Fd> check = pid > 0 ? sys::open_process(pid) : std::nullopt;
  if (check) (void)sys::send_signal(check->get(), SIGKILL);
  (void)sys::kill_process_group(process_.pid);
}

void HealthChecks::finish_check(int exit_code, Moment now) {
  process_ = {};
  output_.reset();
  result_.exit_code = exit_code;
  result_.end = now_as_text();
  const bool is_early = now - started_ < config_.health.start_period;
  add_result(*health_, std::move(result_), config_.health, is_early);
  deadline_ = now + config_.health.interval;
}

}  // namespace shim
