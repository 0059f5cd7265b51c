// SPDX-License-Identifier: Apache-2.0
// The runtime under test, and what it is called for.
#include "tests/support/harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>

#include "config/json.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/socket.h"

namespace support {
namespace {

// The text or number of a member of `state`'s JSON, or "".
std::string member_of(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\": ";
  std::size_t at = json.find(key);
  if (at == std::string::npos) return {};
  at += key.size();
  const std::size_t end = json.find_first_of(",\n}", at);
  std::string value = json.substr(at, end - at);
  std::erase(value, '"');
  return value;
}

}  // namespace

std::string runtime_program() {
  const char* path = ::getenv("TILLA_RUNTIME");
  return sys::absolute_path(path != nullptr ? path : "build/bin/tilla-runtime");
}

std::string cgroup_manager() {
  const char* name = ::getenv("TILLA_TEST_MANAGER");
  return name != nullptr ? name : "";
}

Runtime::~Runtime() {
  try {
    for (const std::string& id : left()) (void)call({"delete", "--force", id});
  } catch (const std::exception&) {  // tests/run finds what is left
  }
}

std::vector<std::string> Runtime::argv(const std::vector<std::string>& words) const {
  std::vector<std::string> all = {runtime_program(), "--root", root()};
  const std::string manager = cgroup_manager();
  if (!manager.empty()) all.push_back("--cgroup-manager=" + manager);
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

Result Runtime::call(const std::vector<std::string>& words, const ProgramOptions& options) const {
  return support::run(argv(words), options);
}

std::string Runtime::must(const std::vector<std::string>& words,
                          const ProgramOptions& options) const {
  const Result result = call(words, options);
  if (result.exit_code != 0) {
    throw sys::Error(
        sys::format("\"{}\" exits with {}: {}", words.at(0), result.exit_code, result.all()));
  }
  return result.out;
}

Result Runtime::run(const Bundle& bundle, const std::vector<std::string>& flags,
                    const ProgramOptions& options) const {
  std::vector<std::string> words = {"run", "--bundle", bundle.path()};
  words.insert(words.end(), flags.begin(), flags.end());
  words.emplace_back("test");
  return call(words, options);
}

Result Runtime::create(const Bundle& bundle, const std::string& id,
                       const std::vector<std::string>& flags) const {
  std::vector<std::string> words = {"create", "--bundle", bundle.path()};
  words.insert(words.end(), flags.begin(), flags.end());
  words.push_back(id);
  Result result = call(words, {.output_file = output_file(id)});
  result.err = output_of(id);
  return result;
}

void Runtime::start(const Bundle& bundle, const std::string& id) const {
  const Result created = create(bundle, id);
  if (created.exit_code != 0) throw sys::Error("create: " + created.err);
  (void)must({"start", id});
}

std::string Runtime::status(const std::string& id) const {
  return member_of(call({"state", id}).out, "status");
}

pid_t Runtime::pid(const std::string& id) const {
  return std::stoi(member_of(must({"state", id}), "pid"));
}

sys::Process Runtime::init(const std::string& id) const {
  sys::Process process = {.pid = pid(id), .pidfd = {}};
  auto pidfd = sys::open_process(process.pid);
  if (!pidfd) throw sys::Error("the init of " + id + " is gone");
  process.pidfd = std::move(*pidfd);
  return process;
}

bool Runtime::wait_for_status(const std::string& id, const std::string& status) const {
  return eventually([&] { return this->status(id) == status; });
}

std::vector<std::string> Runtime::left() const {
  if (!exists(root())) return {};
  std::vector<std::string> names = names_in(root());
  std::erase(names, ".cache");  // of compiled filters: stays on purpose
  return names;
}

Result run_shell(const std::string& line, const Change& change) {
  return run_args({"sh", "-c", line}, change);
}

Result run_args(const std::vector<std::string>& args, const Change& change) {
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    spec.process->args = args;
    if (change) change(spec);
  });
  const Runtime runtime;
  return runtime.run(bundle);
}

Result run_among_mounts(const std::string& setup, const Change& change) {
  const Bundle bundle([&](config::RuntimeSpec& spec) {
    use_single(spec);
    spec.linux_.uid_mappings[0].host_id = 0;
    spec.linux_.gid_mappings[0].host_id = 0;
    change(spec);
  });
  const Runtime runtime;
  std::vector<std::string> words = {"unshare", "--mount", "--propagation", "private"};
  if (!is_root()) words.insert(words.end(), {"-U", "--map-root-user"});
  words.insert(words.end(), {"sh", "-c", setup + " && exec \"$@\"", "sh"});
  for (const std::string& word : runtime.argv({"run", "--bundle", bundle.path(), "test"})) {
    words.push_back(word);
  }
  return support::run(words);
}

ConsoleSocket::ConsoleSocket(const std::string& path)
    : path_(path), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 8) != 0) {
    throw sys::errno_error(sys::format("listen on {}", path));
  }
}

ConsoleSocket::Console ConsoleSocket::receive() {
  const timeval limit = {.tv_sec = 10, .tv_usec = 0};
  (void)::setsockopt(listener_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const sys::Fd connection = sys::accept_connection(listener_.get());
  auto message = sys::receive_message(connection.get(), 4096);
  if (!message || message->fds.empty()) throw sys::Error("no descriptor on the console socket");
  return {.name = message->text, .master = std::move(message->fds[0])};
}

}  // namespace support
