// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/monitor.h"

#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <charconv>

#include "shim/monitor/directory.h"
#include "shim/monitor/protocol.h"
#include "shim/monitor/start_monitor.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/resident.h"
#include "sys/socket.h"
#include "sys/spawn.h"

namespace shim {
namespace {

using std::chrono::steady_clock;

constexpr mode_t kFileMode = 0600;
constexpr long long kMaxComplaints = 65536;
constexpr std::chrono::seconds kDrainTime{2};
constexpr milliseconds kTerminalPause{100};
constexpr int kMaxSignal = 64;
constexpr int kReadsAtOnce = 16;
constexpr std::size_t kMaxChannelMessage = 64;

LogTime now_in_log() { return std::chrono::system_clock::now(); }

// Numbers, separated by blanks; what is none ends the list.
std::vector<int> parse_numbers(std::string_view text) {
  std::vector<int> numbers;
  const char* place = text.data();
  const char* end = place + text.size();
  for (int number = 0; place < end;) {
    const auto [next, failure] = std::from_chars(place, end, number);
    if (failure != std::errc()) break;
    numbers.push_back(number);
    place = next + (next < end ? 1 : 0);
  }
  return numbers;
}

bool is_signal(int number) { return number > 0 && number <= kMaxSignal; }

}  // namespace

Complaints::Complaints(int directory)
    : file_(sys::open_at(directory, kComplaintsFile, O_WRONLY | O_APPEND | O_CREAT, kFileMode)) {
  if (sys::status_of(file_.get()).st_size > kMaxComplaints) {
    file_ = sys::open_at(directory, kComplaintsFile, O_WRONLY | O_APPEND | O_TRUNC);
  }
}

void Complaints::add(std::string_view text) const {
  try {  // on a full disk there is nobody left to tell
    sys::write_all(file_.get(), sys::format("{} {}\n", format_log_time(now_in_log()), text));
  } catch (const sys::Error&) {
  }
}

Monitor::Monitor(const MonitorConfig& config, Inheritance inheritance, const Complaints& complaints)
    : config_(config),
      own_(std::move(inheritance)),
      complaints_(complaints),
      sockets_(sys::open_private_directory(config.sockets)),
      signals_(sys::divert_signals()),
      log_(config.log, [this](const std::string& text) { complaints_.add(text); }),
      clients_(sockets_.get(), config,
               {.request = [this](char letter, std::string_view text) { obey(letter, text); },
                .end_input = [this] { end_input(); }}),
      container_(config, sockets_.get()),
      health_(config, sockets_.get()),
      chunk_(std::make_unique_for_overwrite<char[]>(kMaxOutput)) {
  status_.monitor = sys::own_pid();
  if (own_.attachment) clients_.add(std::move(own_.attachment));
}

void Monitor::run() {
  sys::set_subreaper();  // the container's init is ours when the runtime has ended
  bool runs = start_first();
  while (runs) {
    stay_until_end();
    note_end();
    if (status_.state != RunState::kRestarting) break;
    const nanoseconds ran_for = steady_clock::now() - started_;
    remove_container();
    runs = wait_for_restart(backoff_.next(ran_for)) && start_again();
  }
  if (status_.state == RunState::kExited) remove_container();
  finish();
}

// ---------------------------------------------------------------------------- beginning

bool Monitor::start_first() {
  bool is_created = false;
  try {  // it is the client who is to know
    hear_all();
    if (is_start_asked_) {  // it waits for nothing in between
      status_.started = format_log_time(now_in_log());
      container_.create(Container::Stage::kRun);
      tell_client(sys::format("created {}", container_.pid()));
    } else {
      create_first(is_created);
    }
    note_start();
    tell_client("started");
    return true;
  } catch (const sys::Error& error) {
    fail(error, is_created);
    return false;
  }
}

void Monitor::create_first(bool& is_created) {
  container_.create(Container::Stage::kCreate);
  is_created = true;
  status_.pid = container_.pid();
  status_.state = RunState::kCreated;
  write_status();
  tell_client(sys::format("created {}", container_.pid()));
  wait_for_start();
  status_.started = format_log_time(now_in_log());
  container_.start();
}

bool Monitor::start_again() {
  try {  // there is nobody to know but who reads the record
    has_ended_ = false;
    ++status_.restarts;
    status_.started = format_log_time(now_in_log());
    container_.create(Container::Stage::kRun);
    note_start();
    return true;
  } catch (const sys::Error& error) {
    complaints_.add(sys::format("restart: {}", error.what()));
    fail(error, false);
    return false;
  }
}

void Monitor::wait_for_start() {
  while (!is_start_asked_) {
    if (!own_.channel) throw sys::Error("whoever asked for the container went before its start");
    serve_once();
  }
}

void Monitor::note_start() {
  started_ = steady_clock::now();
  status_.state = RunState::kRunning;
  status_.pid = container_.pid();
  status_.finished.clear();
  status_.exit_code = status_.signal = 0;
  status_.was_oom_killed = false;
  health_.begin(started_);
  write_status();
  sys::release_program_pages();  // what only the start needed
}

void Monitor::fail(const sys::Error& error, bool is_created) {
  status_.error = error.what();
  if (!error.hint().empty()) status_.error += "\nhint: " + error.hint();
  if (is_created) {
    remove_container();
    if (container_.signal(SIGKILL)) (void)container_.collect();
  }
  status_.state = RunState::kFailed;
  status_.exit_code = exit_code_of_failure(status_.error);
  status_.pid = 0;
  write_status();
  tell_client("failed " + status_.error);
}

// ---------------------------------------------------------------------------- running

void Monitor::stay_until_end() {
  while (!has_ended_ || container_.has_output()) serve_once();
}

void Monitor::note_end() {
  status_.was_oom_killed = container_.was_oom_killed();
  const sys::RawEnd end = container_.collect();
  health_.end();
  status_.health = health_.health();
  status_.signal = end.signal;
  status_.exit_code = end.signal == 0 ? end.code : 128 + end.signal;
  status_.pid = 0;
  kill_at_.reset();
  const bool again = !status_.was_stopped_by_hand &&
                     is_to_be_restarted(config_.restart, status_.exit_code, status_.restarts);
  status_.state = again ? RunState::kRestarting : RunState::kExited;
  if (!again) status_.monitor = 0;
  write_status();
}

bool Monitor::wait_for_restart(milliseconds delay) {
  restart_at_ = steady_clock::now() + delay;
  while (restart_at_ && !status_.was_stopped_by_hand) serve_once();
  restart_at_.reset();
  if (!status_.was_stopped_by_hand) return true;
  status_.state = RunState::kExited;
  status_.monitor = 0;
  write_status();
  return false;
}

void Monitor::serve_once() {
  if (container_.input() < 0) clients_.pass_input(-1);
  const Moment before = steady_clock::now();
  const bool reads = !clients_.is_behind();
  const bool reads_output = reads && !terminal_at_;
  entries_.clear();
  entries_.push_back({.fd = signals_.get(), .wants_input = true});
  entries_.push_back({.fd = own_.channel.get(), .wants_input = true});
  entries_.push_back({.fd = container_.pidfd(), .wants_input = !has_ended_});
  entries_.push_back({.fd = container_.output(), .wants_input = reads_output});
  entries_.push_back({.fd = container_.error_output(), .wants_input = reads});
  entries_.push_back({.fd = container_.input(), .wants_output = clients_.has_input()});
  constexpr std::size_t kHealth = 6, kClients = kHealth + HealthChecks::kEntries;
  health_.wait_on(entries_);
  clients_.wait_on(entries_);
  sys::wait_for_any(entries_, timeout(before));

  const Moment now = steady_clock::now();
  // First the clients: who is attached before the start gets the first byte.
  clients_.handle(entries_.data() + kClients, now);
  if (entries_[5].has_output) clients_.pass_input(container_.input());
  if (entries_[3].has_input) pass_output(container_.output(), false);
  if (entries_[4].has_input) pass_output(container_.error_output(), true);
  if (health_.handle(entries_.data() + kHealth, now)) write_status();
  if (entries_[2].has_input) {
    has_ended_ = true;
    drained_at_ = now + kDrainTime;
    terminal_at_.reset();
    status_.finished = format_log_time(now_in_log());
  }
  if (entries_[1].has_input) hear_channel();
  if (entries_[0].has_input) {
    // Nothing but an end of the container's ends us: not the end of a session, nor a terminal's.
    while (sys::read_signal(signals_.get())) {
    }
    sys::reap_all_but({container_.pid(), health_.pid()});
  }
  act_on_time(now);
}

int Monitor::timeout(Moment now) const {
  std::optional<Moment> first;
  for (const std::optional<Moment>& one : {kill_at_, drained_at_, terminal_at_, restart_at_,
                                           clients_.deadline(), health_.deadline()}) {
    if (one && (!first || *one < *first)) first = one;
  }
  if (!first) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*first - now).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

void Monitor::act_on_time(Moment now) {
  if (kill_at_ && now >= *kill_at_) {
    (void)container_.signal(SIGKILL);
    kill_at_.reset();
  }
  if (terminal_at_ && now >= *terminal_at_) terminal_at_.reset();
  if (restart_at_ && now >= *restart_at_) restart_at_.reset();
  if (!drained_at_ || !has_ended_) return;
  if (!container_.has_output()) return drained_at_.reset();
  // A slow client has its own time; a process outside of the container that holds a pipe has not.
  if (now < *drained_at_) return;
  drained_at_ = now + kDrainTime;
  if (clients_.is_behind()) return;
  while (container_.error_output() >= 0) container_.close_output(container_.error_output());
  while (container_.output() >= 0) container_.close_output(container_.output());
}

void Monitor::pass_output(int fd, bool is_error) {
  // Several at once, since each look at everything costs as much as a read; a signal waits no
  // longer for it than for a large read.
  for (int i = 0; i < kReadsAtOnce && fd >= 0 && !clients_.is_behind(); ++i) {
    const std::optional<long> count = sys::read_now(fd, chunk_.get(), kMaxOutput);
    if (!count) return;
    if (*count <= 0) return note_closed(fd);
    const std::string_view data(chunk_.get(), static_cast<std::size_t>(*count));
    log_.write(is_error, data, now_in_log());
    clients_.send_output(is_error ? kErrorOutput : kOutput, data, steady_clock::now());
    if (data.size() < kMaxOutput) return;
  }
}

void Monitor::note_closed(int fd) {
  if (!config_.has_terminal || has_ended_) return container_.close_output(fd);
  // Nobody has it open for now, which poll(2) reports without end; systemd opens it again.
  terminal_at_ = steady_clock::now() + kTerminalPause;
}

// ---------------------------------------------------------------------------- who asks

void Monitor::hear_channel() {
  const std::optional<sys::Message> message =
      sys::receive_message(own_.channel.get(), kMaxChannelMessage);
  if (!message) {
    own_.channel.reset();
    is_taken_over_ = false;
  } else if (message->text == "start") {
    is_start_asked_ = true;
  } else if (message->text == "mine") {
    is_taken_over_ = true;
  }
}

void Monitor::hear_all() {
  std::vector<sys::Waiting> channel(1);
  do {
    channel[0] = {.fd = own_.channel.get(), .wants_input = true};
    sys::wait_for_any(channel, 0);
    if (channel[0].has_input) hear_channel();
  } while (channel[0].has_input);
}

void Monitor::tell_client(const std::string& message) {
  if (own_.channel && !sys::send_message(own_.channel.get(), message)) own_.channel.reset();
}

void Monitor::obey(char letter, std::string_view text) {
  const std::vector<int> numbers = parse_numbers(text);
  if (letter == kStop) return obey_stop(text);
  if (letter == kReopenLog) return log_.reopen();
  if (letter == kNoRestart) {
    status_.was_stopped_by_hand = true;
    return;
  }
  if (letter == kSendSignal && numbers.size() == 1 && is_signal(numbers[0])) {
    (void)container_.signal(numbers[0]);  // it may have ended
  }
  if (letter == kWindow && numbers.size() == 2) {
    constexpr int kMost = 65535;
    container_.resize(static_cast<std::uint16_t>(std::clamp(numbers[0], 0, kMost)),
                      static_cast<std::uint16_t>(std::clamp(numbers[1], 0, kMost)));
  }
}

void Monitor::obey_stop(std::string_view text) {
  const std::vector<int> numbers = parse_numbers(text);
  if (numbers.size() != 2) return;
  status_.was_stopped_by_hand = true;
  const int number = is_signal(numbers[0]) ? numbers[0] : static_cast<int>(config_.stop_signal);
  (void)container_.signal(number);  // it may have ended
  if (numbers[1] >= 0) kill_at_ = steady_clock::now() + std::chrono::seconds(numbers[1]);
}

void Monitor::end_input() {
  if (config_.input == Input::kOnce) container_.close_input();
}

// ---------------------------------------------------------------------------- end

void Monitor::remove_container() {
  try {  // what is left is for the next command; the end is true in any case
    container_.remove();
  } catch (const sys::Error& error) {
    complaints_.add(error.what());
  }
}

void Monitor::write_status() {
  status_.health = health_.health();
  try {  // a disk that is full must not end the container
    sys::replace_file_at(own_.directory.get(), kStatusFile, shim::write_status(status_), kFileMode);
  } catch (const sys::Error& error) {
    complaints_.add(error.what());
  }
}

void Monitor::finish() {
  clients_.close_door(sockets_.get());
  own_.lock.reset();  // free for anybody, before anybody is told
  if (!is_taken_over_) run_on_exit();
  clients_.say_goodbye(status_.exit_code);
  tell_client("over");
  if (is_taken_over_ && (!own_.channel || sys::went_unheard(own_.channel.get()))) run_on_exit();
}

void Monitor::run_on_exit() {
  if (config_.on_exit.empty()) return;
  const sys::Process program = sys::spawn_with_streams(
      config_.on_exit, {.output = complaints_.fd(), .error = complaints_.fd()});
  const sys::RawEnd end = sys::wait_raw(program.pidfd.get());
  if (end.code == 0 && end.signal == 0) return;
  complaints_.add(sys::format("\"{}\" ended with code {}, signal {}", config_.on_exit.front(),
                              end.code, end.signal));
}

}  // namespace shim
