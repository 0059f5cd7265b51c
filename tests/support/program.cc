// SPDX-License-Identifier: Apache-2.0
// Programs with a time limit: posix_spawn, pipes or a pty, poll on all of it and a pidfd.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "tests/support/harness.h"

extern char** environ;

namespace support {
namespace {

using std::chrono::duration_cast;
using std::chrono::steady_clock;

constexpr int kHigh = 500;  // above every number that a program is to see

// Above the targets, so that no copy hits a source of another one.
sys::Fd moved_up(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, kHigh);
  if (copy < 0) throw sys::errno_error("F_DUPFD_CLOEXEC");
  return sys::Fd(copy);
}

std::vector<std::string> environment(const std::vector<std::string>& changes) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) result.emplace_back(*entry);
  for (const std::string& change : changes) {
    const std::string name = change.substr(0, change.find('='));
    std::erase_if(result, [&](const std::string& old) { return old.starts_with(name + "="); });
    if (change.find('=') != std::string::npos) result.push_back(change);
  }
  return result;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn is to do, freed with it.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t set;
    ::sigemptyset(&set);
    ::posix_spawnattr_setsigmask(&attributes_, &set);
    ::sigaddset(&set, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &set);
    flags_ = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  }
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  void give(int fd, int target) {
    held_.push_back(moved_up(fd));
    ::posix_spawn_file_actions_adddup2(&actions_, held_.back().get(), target);
  }
  void close(int fd) { ::posix_spawn_file_actions_addclose(&actions_, fd); }
  void enter(const std::string& directory) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
  }
  // The first terminal that a session's leader opens is its controlling terminal.
  void take_terminal(const char* path) {
    flags_ |= POSIX_SPAWN_SETSID;
    ::posix_spawn_file_actions_addopen(&actions_, 0, path, O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, 0, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, 0, 2);
  }
  pid_t operator()(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
    ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags_));
    pid_t pid = -1;
    const int code = ::posix_spawnp(&pid, argv.at(0).c_str(), &actions_, &attributes_,
                                    pointers_to(argv).data(), pointers_to(env).data());
    if (code != 0) throw sys::errno_error(sys::format("start \"{}\"", argv.at(0)), code);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  int flags_ = 0;
  std::vector<sys::Fd> held_;
};

struct TestPty {
  sys::Fd master;
  char name[64] = {};
};

TestPty open_pty() {
  TestPty pty;
  pty.master = sys::Fd(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.master || ::unlockpt(pty.master.get()) != 0 ||
      ::ptsname_r(pty.master.get(), pty.name, sizeof pty.name) != 0) {
    throw sys::errno_error("make a pty");
  }
  return pty;
}

}  // namespace

Program::Program(const std::vector<std::string>& argv, const ProgramOptions& options)
    : name_(argv.at(0) + (argv.size() > 1 ? " ... " + argv.back() : "")),
      pending_(options.input),
      deadline_(steady_clock::now() + options.timeout) {
  ::signal(SIGPIPE, SIG_IGN);  // a program may end before it has read all
  Spawn spawn;
  std::vector<sys::Fd> ends;
  if (options.pty) {
    TestPty pty = open_pty();
    spawn.take_terminal(pty.name);
    terminal_ = std::move(pty.master);
    out_ = sys::duplicate(terminal_.get());
  } else {
    sys::Pipe in = sys::make_pipe();
    spawn.give(in.read_end.get(), 0);
    input_ = std::move(in.write_end);
    ends.push_back(std::move(in.read_end));
    if (options.output_file.empty()) {
      sys::Pipe out = sys::make_pipe(), err = sys::make_pipe();
      spawn.give(out.write_end.get(), 1);
      spawn.give(err.write_end.get(), 2);
      out_ = std::move(out.read_end);
      err_ = std::move(err.read_end);
      ends.push_back(std::move(out.write_end));
      ends.push_back(std::move(err.write_end));
    } else {
      ends.push_back(sys::open_path(options.output_file, O_WRONLY | O_CREAT | O_APPEND, 0644));
      spawn.give(ends.back().get(), 1);
      spawn.give(ends.back().get(), 2);
    }
    sys::set_nonblocking(input_.get(), true);
  }
  for (const auto& [fd, target] : options.fds) spawn.give(fd, target);
  if (options.closes_streams) {
    for (int fd = 0; fd <= 2; ++fd) spawn.close(fd);
  }
  if (!options.cwd.empty()) spawn.enter(options.cwd);
  if (out_) sys::set_nonblocking(out_.get(), true);
  if (err_) sys::set_nonblocking(err_.get(), true);
  process_.pid = spawn(argv, environment(options.env));
  process_.pidfd = std::move(*sys::open_process(process_.pid));  // ours: still there, dead or not
}

Program::~Program() {
  if (process_.pid < 0) return;
  try {
    (void)sys::send_signal(pidfd(), SIGKILL);
    (void)sys::wait_child(process_);
  } catch (const sys::Error&) {  // it was waited for
  }
}

void Program::read_from(sys::Fd& fd, std::string& text) {
  char buffer[16384];
  while (fd) {
    const ssize_t count = ::read(fd.get(), buffer, sizeof buffer);
    if (count > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    } else {
      fd.reset();  // end of file, or the pty's other side is gone
    }
  }
}

// Waits for something to happen; true when the program has ended.
bool Program::pump(bool until_ended) {
  do {
    const auto left = duration_cast<milliseconds>(deadline_ - steady_clock::now()).count();
    if (left <= 0) {
      signal(SIGKILL);
      throw sys::Error(sys::format("\"{}\" took too long; so far: {}", name_, result_.all()));
    }
    pollfd fds[] = {{pidfd(), POLLIN, 0},
                    {out_.get(), POLLIN, 0},
                    {err_.get(), POLLIN, 0},
                    {pending_.empty() ? -1 : input_.get(), POLLOUT, 0}};
    if (::poll(fds, 4, static_cast<int>(left)) < 0 && errno != EINTR)
      throw sys::errno_error("poll");
    read_from(out_, result_.out);
    read_from(err_, result_.err);
    if (fds[3].revents != 0) {
      const ssize_t count = ::write(input_.get(), pending_.data(), pending_.size());
      if (count < 0 && errno != EAGAIN) input_.reset();
      pending_.erase(0, input_ && count > 0 ? static_cast<std::size_t>(count) : 0);
      if (!input_) pending_.clear();
      if (pending_.empty()) input_.reset();
    }
    if (fds[0].revents != 0) {
      read_from(out_, result_.out);
      read_from(err_, result_.err);
      return true;
    }
  } while (until_ended);
  return false;
}

void Program::send(std::string_view text) {
  sys::write_all(terminal_ ? terminal_.get() : input_.get(), text);
}

void Program::wait_for(std::string_view text) {
  while (result_.out.find(text) == std::string::npos) {
    if (pump(false) && result_.out.find(text) == std::string::npos) {
      throw sys::Error(sys::format("\"{}\" ended without \"{}\": {}", name_, text, result_.all()));
    }
  }
}

Result Program::wait() {
  if (pending_.empty()) input_.reset();
  (void)pump(true);
  result_.exit_code = sys::wait_child(process_).code;
  process_.pid = -1;
  return result_;
}

Result run(const std::vector<std::string>& argv, const ProgramOptions& options) {
  return Program(argv, options).wait();
}

bool eventually(const std::function<bool()>& is_true, milliseconds limit) {
  const auto deadline = steady_clock::now() + limit;
  for (;;) {
    if (is_true()) return true;
    if (steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds(5));  // of other processes' doings nothing tells us
  }
}

std::string read_terminal(int master, std::string_view until) {
  std::string text;
  const auto deadline = steady_clock::now() + milliseconds(10000);
  while (until.empty() || text.find(until) == std::string::npos) {
    pollfd fd = {master, POLLIN, 0};
    const auto left = duration_cast<milliseconds>(deadline - steady_clock::now()).count();
    if (left <= 0) throw sys::Error("the terminal says nothing more than: " + text);
    if (::poll(&fd, 1, static_cast<int>(left)) <= 0) continue;
    char buffer[4096];
    const ssize_t count = ::read(master, buffer, sizeof buffer);
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace support
