// SPDX-License-Identifier: Apache-2.0
// What tests of whole programs share: programs with a time limit, directories that go, bundles, and
// the runtime under test with a state directory of its own. Errors are sys::Error, which Catch
// reports as the test's failure.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/runtime_spec.h"
#include "sys/fd.h"
#include "sys/idmap.h"
#include "sys/process.h"

namespace support {

using std::chrono::milliseconds;

// ---------------------------------------------------------------------------- programs

struct ProgramOptions {
  std::string input = {};             // for standard input, which is closed after it
  std::vector<std::string> env = {};  // "NAME=value", added to ours; "NAME" takes one away
  std::string cwd = {};
  std::chrono::seconds timeout{20};
  /// Standard output and error go to this file instead of pipes: for `create`, whose container
  /// keeps them for longer than the call.
  std::string output_file = {};
  /// A pseudo-terminal is the controlling terminal and all three standard streams; `out` is what
  /// comes out of it.
  bool pty = false;
  bool closes_streams = false;                // starts without descriptors 0, 1 and 2
  std::vector<std::pair<int, int>> fds = {};  // ours, and the number that the program sees
};

struct Result {
  int exit_code = 0;  // or 128 + signal
  std::string out, err;
  std::string all() const { return out + err; }
};

/// A running program; killed, with an error, when it outlives its time limit.
class Program {
 public:
  explicit Program(const std::vector<std::string>& argv, const ProgramOptions& options = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t pid() const { return process_.pid; }
  int pidfd() const { return process_.pidfd.get(); }
  int terminal() const { return terminal_.get(); }  // our side of the pty
  void signal(int number) { (void)sys::send_signal(pidfd(), number); }
  /// Types into the pty, or writes to standard input of a program that was given no input.
  void send(std::string_view text);
  void close_input() { input_.reset(); }
  /// Reads until `text` has come out. Errors: the program ends or the time is up before.
  void wait_for(std::string_view text);
  const std::string& output() const { return result_.out; }
  /// Until it ends. Does not wait for those who inherited its output.
  Result wait();

 private:
  bool pump(bool until_ended);
  void read_from(sys::Fd& fd, std::string& text);

  std::string name_;
  sys::Process process_;
  sys::Fd input_, out_, err_, terminal_;
  std::string pending_;
  Result result_;
  std::chrono::steady_clock::time_point deadline_;
};

/// Starts a program, found in PATH, and waits until it ends.
Result run(const std::vector<std::string>& argv, const ProgramOptions& options = {});

/// Repeats `is_true` until it is, with short pauses. False: not within the time.
bool eventually(const std::function<bool()>& is_true, milliseconds limit = milliseconds(5000));

// ---------------------------------------------------------------------------- files

/// A directory below TMPDIR that goes with the object, whoever owns what is in it.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// Whole file; "" when there is none.
std::string read_text(const std::string& path);
void write_text(const std::string& path, std::string_view text, mode_t mode = 0644);
bool exists(const std::string& path);
void make_directory(const std::string& path);
/// Names in a directory, sorted.
std::vector<std::string> names_in(const std::string& path);
/// Where this program was built: beside it are the other programs that tests need.
std::string own_directory();

// ---------------------------------------------------------------------------- ids

/// The caller's first range of /etc/subuid or /etc/subgid (root: one that nobody needs to grant);
/// count 0: none.
sys::IdExtent subordinate_uids();
sys::IdExtent subordinate_gids();
bool is_root();

// ---------------------------------------------------------------------------- bundles

using Change = std::function<void(config::RuntimeSpec&)>;

/// What a bundle has unless a test says otherwise: runc's default (as a user, its rootless one with
/// the caller as root inside), without a terminal, with a writable root.
config::RuntimeSpec default_spec();
/// For the id maps of a container with the caller as 0 and 65536 ids from there on.
void use_range(config::RuntimeSpec& spec);
/// A user namespace with the caller (of root: somebody else) as the only id, whoever calls.
void use_single(config::RuntimeSpec& spec);
/// Gets a new namespace, or joins the one at `path`; drops one that is there already.
void set_namespace(config::RuntimeSpec& spec, config::NamespaceType type, std::string path = {});
void drop_namespace(config::RuntimeSpec& spec, config::NamespaceType type);
/// The mount on `destination`, which must be there.
config::Mount& mount_on(config::RuntimeSpec& spec, std::string_view destination);
void add_mount(config::RuntimeSpec& spec, std::string destination, std::string type,
               std::string source, std::vector<std::string> options = {});
void drop_mount(config::RuntimeSpec& spec, std::string_view destination);
/// The program is `sh -c LINE`.
void set_shell(config::RuntimeSpec& spec, std::string line);

/// A root of busybox (all of its commands, and /bin/probe, see probe.c) and a config.json.
class Bundle {
 public:
  explicit Bundle(const Change& change = {});
  const std::string& path() const { return directory_.path(); }
  std::string rootfs() const { return directory_ / "rootfs"; }
  std::string operator/(std::string_view name) const { return directory_ / name; }
  /// Writes the default once more, changed.
  void configure(const Change& change);

 private:
  TempDirectory directory_;
};

// ---------------------------------------------------------------------------- the runtime

/// The program under test: TILLA_RUNTIME, else build/bin/tilla-runtime.
std::string runtime_program();
/// The cgroup manager that every call names: TILLA_TEST_MANAGER, which tests/vm sets; else "".
std::string cgroup_manager();

/// The runtime with a state directory of its own. Forgets and ends its containers when it goes.
class Runtime {
 public:
  Runtime() = default;
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  std::string root() const { return directory_ / "state"; }
  const TempDirectory& directory() const { return directory_; }
  /// The words of a call: program, --root, --cgroup-manager if one is set, `words`.
  std::vector<std::string> argv(const std::vector<std::string>& words) const;
  /// Calls it, whatever comes of it.
  Result call(const std::vector<std::string>& words, const ProgramOptions& options = {}) const;
  /// Calls it and returns standard output. Errors: any exit code but 0.
  std::string must(const std::vector<std::string>& words, const ProgramOptions& options = {}) const;

  /// `run` of a bundle, as container "test".
  Result run(const Bundle& bundle, const std::vector<std::string>& flags = {},
             const ProgramOptions& options = {}) const;
  /// `create`; the container's output goes to output_of(id).
  Result create(const Bundle& bundle, const std::string& id,
                const std::vector<std::string>& flags = {}) const;
  /// create and start. Errors: either fails.
  void start(const Bundle& bundle, const std::string& id) const;
  std::string output_file(const std::string& id) const { return directory_ / (id + ".out"); }
  std::string output_of(const std::string& id) const { return read_text(output_file(id)); }

  /// Of `state`: "created", "running", "stopped"; "" when there is no such container.
  std::string status(const std::string& id) const;
  pid_t pid(const std::string& id) const;
  /// A pidfd of the init.
  sys::Process init(const std::string& id) const;
  bool wait_for_status(const std::string& id, const std::string& status) const;
  /// Names of container directories, and of what should not be there.
  std::vector<std::string> left() const;

 private:
  TempDirectory directory_;
};

/// Makes a bundle with `sh -c LINE` and runs it in the foreground.
Result run_shell(const std::string& line, const Change& change = {});
/// The same with other words than "sh -c LINE".
Result run_args(const std::vector<std::string>& args, const Change& change = {});
/// Runs a bundle in a mount namespace of its own with the mounts that shell line `setup` makes; of
/// a user, in a user namespace too. The container has a user namespace, so that they are locked for
/// it, unless `change` drops that.
Result run_among_mounts(const std::string& setup, const Change& change);

/// A listener for --console-socket, which gets the master of the container's pty, or for
/// --pidfd-socket, which gets a pidfd.
class ConsoleSocket {
 public:
  explicit ConsoleSocket(const std::string& path);
  const std::string& path() const { return path_; }
  struct Console {
    std::string name;
    sys::Fd master;
  };
  Console receive();

 private:
  std::string path_;
  sys::Fd listener_;
};

/// What comes out of a terminal's master until `text` has, or the other side is gone.
std::string read_terminal(int master, std::string_view until = {});

}  // namespace support
