// SPDX-License-Identifier: Apache-2.0
#include "tests/support/monitored.h"

#include <fcntl.h>
#include <signal.h>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/socket.h"

namespace support {
namespace {

constexpr std::size_t kMaxResult = 64;

Change shell_change(const std::string& line) {
  return [line](config::RuntimeSpec& spec) { set_shell(spec, line); };
}

}  // namespace

std::string program_beside_runtime(const std::string& name) {
  const std::string runtime = sys::absolute_path(runtime_program());
  return runtime.substr(0, runtime.rfind('/') + 1) + name;
}

Monitored::Monitored(const Change& change) : bundle_(change) {
  directory_ = sys::open_path(files_.path(), O_RDONLY | O_DIRECTORY);
  make_directory(sockets_ / "s");
  config.id = "test";
  config.bundle = bundle_.path();
  config.runtime = sys::absolute_path(runtime_program());
  config.runtime_arguments = runtime_.argv({});
  config.runtime_arguments.erase(config.runtime_arguments.begin());
  config.sockets = sockets_ / "s";
  config.log.path = files_ / "container.log";
}

Monitored::Monitored(const std::string& shell_line) : Monitored(shell_change(shell_line)) {}

Monitored::~Monitored() {
  try {  // a destructor; the runtime ends what the monitor leaves
    const std::optional<shim::RunStatus> last = shim::read_status(fd());
    if (last && last->monitor > 0 && shim::is_monitor_alive(fd())) {
      (void)::kill(last->monitor, SIGKILL);
      (void)eventually([&] { return !shim::is_monitor_alive(fd()); });
    }
    (void)runtime_.call({"delete", "--force", "test"});
  } catch (const std::exception&) {
  }
}

shim::Starting Monitored::begin(bool attach, bool attach_input) {
  return shim::start_monitor({.program = program_beside_runtime("tilla-monitor"),
                              .directory = files_.path(),
                              .at_once = at_once,
                              .attach = attach,
                              .attach_input = attach_input},
                             config);
}

void Monitored::start() {
  shim::Starting starting = begin();
  (void)starting.wait_created();
  starting.start();
}

sys::Fd Monitored::connect() const {
  const sys::Fd sockets = sys::open_path(config.sockets, O_RDONLY | O_DIRECTORY);
  auto connection = shim::connect_monitor(sockets.get());
  if (!connection) throw sys::Error("nobody listens on attach.sock");
  return std::move(*connection);
}

shim::RunStatus Monitored::status() const {
  const auto status = shim::read_status(fd());
  if (!status) throw sys::Error("no status.json");
  return *status;
}

bool Monitored::wait_for_state(shim::RunState state, milliseconds limit) const {
  return eventually([&] { return status().state == state; }, limit);
}

shim::RunStatus Monitored::wait_until_over() const {
  if (!eventually([&] { return !shim::is_monitor_alive(fd()); }, milliseconds(15000))) {
    throw sys::Error("the monitor does not end: " + read_text(files_ / "status.json"));
  }
  return status();
}

std::vector<std::string> Monitored::log_lines(shim::LogOptions options) const {
  std::vector<std::string> lines;
  std::string parts[2];
  options.path = config.log.path;
  options.directory = fd();
  options.sink = [&](const shim::LogLine& line) {
    std::string& part = parts[line.is_error ? 1 : 0];
    part += line.text;
    if (!line.is_complete) return true;
    lines.push_back((line.is_error ? "e:" : "o:") + part);
    part.clear();
    return true;
  };
  shim::read_log(options);
  return lines;
}

std::string Monitored::logged_output() const {
  std::string text;
  shim::LogOptions options;
  options.path = config.log.path;
  options.sink = [&](const shim::LogLine& line) {
    if (!line.is_error) text += line.text;
    if (!line.is_error && line.is_complete) text += '\n';
    return true;
  };
  shim::read_log(options);
  return text;
}

Attacher::Attacher(sys::Fd connection, const std::string& letters, bool pty,
                   const std::string& keys)
    : result_(sys::make_pipe()),
      program_({own_directory() + "/attacher", letters, keys},
               {.pty = pty, .fds = {{connection.get(), 3}, {result_.write_end.get(), 4}}}) {
  result_.write_end.reset();
}

std::string Attacher::wait() {
  const Result result = program_.wait();
  out = result.out;
  err = result.err;
  return sys::read_some(result_.read_end.get(), kMaxResult);
}

}  // namespace support
