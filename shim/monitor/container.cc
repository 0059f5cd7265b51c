// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/container.h"

#include <fcntl.h>
#include <signal.h>

#include <charconv>

#include "shim/monitor/directory.h"
#include "sys/cgroup.h"
#include "sys/error.h"
#include "sys/event.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/procfs.h"
#include "sys/socket.h"
#include "sys/terminal.h"

namespace shim {
namespace {

constexpr const char* kPidFile = "init.pid";
constexpr const char* kCgroupRoot = "/sys/fs/cgroup";
constexpr std::size_t kMaxErrorText = 8192;
constexpr std::size_t kMaxNumber = 32;

// What the runtime has said on this pipe: its error, without its name.
sys::Error read_error(int pipe) {
  constexpr std::string_view kName = "tilla-runtime: ";
  constexpr std::string_view kHint = "\nhint: ";
  char buffer[kMaxErrorText];
  const std::optional<long> length = sys::read_now(pipe, buffer, sizeof(buffer));
  std::string text(buffer, length && *length > 0 ? static_cast<std::size_t>(*length) : 0);
  while (text.ends_with('\n')) text.pop_back();
  if (text.starts_with(kName)) text.erase(0, kName.size());
  if (text.empty()) text = "the runtime failed without a word";
  const std::size_t hint = text.rfind(kHint);
  if (hint == std::string::npos) return sys::Error(text);
  return sys::Error(text.substr(0, hint), 0, text.substr(hint + kHint.size()));
}

// Our end, of which reading and writing must not block.
sys::Fd for_us(sys::Fd fd) {
  sys::set_nonblocking(fd.get(), true);
  return fd;
}

bool runs_well(const std::vector<std::string>& argv, const sys::Streams& streams) {
  const sys::Process process = sys::spawn_with_streams(argv, streams);
  const sys::RawEnd end = sys::wait_raw(process.pidfd.get());
  return end.signal == 0 && end.code == 0;
}

// The line "0::PATH" of /proc/PID/cgroup, as version 2 has it.
std::optional<std::string> unified_path(std::string_view text) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    if (line.starts_with("0::")) return std::string(line.substr(3));
    start = end + 1;
  }
  return std::nullopt;
}

// The number after `name` in lines of "NAME NUMBER".
std::uint64_t count_in(std::string_view text, std::string_view name) {
  std::uint64_t count = 0;
  const std::size_t place = text.find(name);
  if (place == std::string_view::npos) return 0;
  const std::string_view rest = text.substr(place + name.size());
  (void)std::from_chars(rest.data(), rest.data() + rest.size(), count);  // 0 when it is none
  return count;
}

}  // namespace

std::vector<std::string> runtime_call(const MonitorConfig& config,
                                      const std::vector<std::string>& words) {
  std::vector<std::string> argv = {config.runtime};
  argv.insert(argv.end(), config.runtime_arguments.begin(), config.runtime_arguments.end());
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

void Container::create(Stage stage) {
  terminal_.reset();
  input_.reset();
  output_.reset();
  error_.reset();
  cgroup_.reset();
  (void)sys::unlink_at_if_exists(sockets_, kPidFile);
  if (config_.has_terminal) {
    create_with_terminal(stage);
  } else {
    create_with_pipes(stage);
  }
  find_init();
  open_cgroup();
}

std::vector<std::string> Container::create_call(Stage stage) const {
  std::vector<std::string> words = {"create"};
  if (stage == Stage::kRun) words = {"run", "--detach"};
  words.insert(words.end(), {"--bundle", config_.bundle, "--pid-file",
                             sys::format("{}/{}", config_.sockets, kPidFile)});
  if (config_.has_terminal) {
    words.insert(words.end(),
                 {"--console-socket", sys::format("{}/{}", config_.sockets, kConsoleSocket)});
  }
  words.insert(words.end(), config_.create_arguments.begin(), config_.create_arguments.end());
  words.push_back(config_.id);
  return runtime_call(config_, words);
}

void Container::create_with_terminal(Stage stage) {
  (void)sys::unlink_at_if_exists(sockets_, kConsoleSocket);
  const sys::Fd listener = sys::listen_stream_at(sockets_, kConsoleSocket);
  sys::Pipe errors = sys::make_pipe();
  sys::set_nonblocking(errors.read_end.get(), true);
  const bool is_created = runs_well(create_call(stage), {.error = errors.write_end.get()});
  (void)sys::unlink_at_if_exists(sockets_, kConsoleSocket);
  if (!is_created) throw read_error(errors.read_end.get());
  const sys::Fd connection = sys::accept_connection(listener.get());
  auto message = sys::receive_message(connection.get(), kMaxErrorText);
  if (!message || message->fds.size() != 1) throw sys::Error("the runtime sent no terminal");
  terminal_ = for_us(std::move(message->fds[0]));
}

void Container::create_with_pipes(Stage stage) {
  sys::Pipe output = sys::make_pipe(), error = sys::make_pipe(), input;
  if (config_.input != Input::kNone) input = sys::make_pipe();
  output_ = for_us(std::move(output.read_end));
  error_ = for_us(std::move(error.read_end));
  if (input.write_end) input_ = for_us(std::move(input.write_end));
  const bool is_created = runs_well(create_call(stage), {.input = input.read_end.get(),
                                                         .output = output.write_end.get(),
                                                         .error = error.write_end.get()});
  if (!is_created) throw read_error(error_.get());
}

void Container::find_init() {
  const std::string text = sys::read_file_at(sockets_, kPidFile, kMaxNumber);
  (void)sys::unlink_at_if_exists(sockets_, kPidFile);
  pid_t pid = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), pid);
  // It is our child and nobody has collected it: the number is its own.
  std::optional<sys::Fd> pidfd = pid > 0 ? sys::open_process(pid) : std::nullopt;
  if (!pidfd) throw sys::Error(sys::format("the runtime wrote no process id: \"{}\"", text));
  init_ = {.pid = pid, .pidfd = std::move(*pidfd)};
}

void Container::open_cgroup() {
  try {  // of a record it is the least
    const sys::Procfs proc = sys::Procfs::open();
    const auto path = unified_path(proc.read(sys::format("{}/cgroup", init_.pid)));
    if (!path) return;
    auto cgroup = sys::open_path_if_exists(kCgroupRoot + *path, O_RDONLY | O_DIRECTORY);
    if (cgroup) cgroup_ = std::move(*cgroup);
    oom_kills_before_ = oom_kills();
  } catch (const sys::Error&) {  // it ended already, and `was_oom_killed` can't be told
    cgroup_.reset();
  }
}

std::uint64_t Container::oom_kills() const {
  if (!cgroup_) return 0;
  const auto events = sys::read_cgroup_file(cgroup_.get(), "memory.events");
  return events ? count_in(*events, "oom_kill ") : 0;
}

bool Container::was_oom_killed() const {
  try {  // as above
    return oom_kills() > oom_kills_before_;
  } catch (const sys::Error&) {  // the cgroup is gone
    return false;
  }
}

void Container::run_runtime(const std::vector<std::string>& words) {
  const sys::Pipe errors = sys::make_pipe();
  sys::set_nonblocking(errors.read_end.get(), true);
  if (!runs_well(runtime_call(config_, words), {.error = errors.write_end.get()})) {
    throw read_error(errors.read_end.get());
  }
}

void Container::start() { run_runtime({"start", config_.id}); }

void Container::remove() { run_runtime({"delete", "--force", config_.id}); }

bool Container::signal(int number) const {
  return init_.pidfd && sys::send_signal(init_.pidfd.get(), number);
}

sys::RawEnd Container::collect() {
  const sys::RawEnd end = sys::wait_raw(init_.pidfd.get());
  init_ = {};
  return end;
}

void Container::close_input() { input_.reset(); }

void Container::close_output(int fd) {
  if (fd == error_.get()) return error_.reset();
  output_.reset();
  terminal_.reset();
}

void Container::resize(std::uint16_t rows, std::uint16_t columns) const {
  if (terminal_) sys::set_window_size(terminal_.get(), {.rows = rows, .columns = columns});
}

}  // namespace shim
