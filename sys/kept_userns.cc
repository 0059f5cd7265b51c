// SPDX-License-Identifier: Apache-2.0
// Who may touch the socket's name: only those who have the lock. So nobody connects to a holder
// that is about to end, and nobody starts a second one. A connection that is made under the lock is
// served after it; the holder itself never waits for the lock.
#include "sys/kept_userns.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "sys/capability.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/retry.h"
#include "sys/socket.h"
#include "sys/userns.h"

namespace sys {
namespace {

constexpr int kAnswerTimeoutMs = 10000;
constexpr int kAttempts = 3;
constexpr std::size_t kMaxAnswer = 32768;  // two maps of 340 extents
constexpr int kRetryLockMs = 20;
constexpr rlim_t kMaxDescriptors = 65536;
constexpr rlim_t kOwnDescriptors = 16;

bool is_readable(int fd, int timeout_ms) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  const int count = retry([&] { return ::poll(&entry, 1, timeout_ms); });
  if (count < 0) throw errno_error("poll");
  return count > 0;
}

std::string answer_of(const IdMap& uids, const IdMap& gids) {
  return format("uids\n{}gids\n{}", to_text(uids), to_text(gids));
}

// One name per pair of maps and per namespace in which their outside ids are counted. Stored in the
// file system, for one boot. Source: FNV-1a, 64 bits.
std::string socket_name(const NamespaceId& parent, const std::string& answer) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : format("{}:{}\n{}", parent.device, parent.inode, answer)) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return format("{:016x}.sock", hash);
}

// An open file description of its own each time: that is what has an OFD lock.
Fd open_lock(int dir) { return open_at(dir, "lock", O_RDWR | O_CREAT, 0600); }

// ------------------------------------------------------------------------------- the holder

struct Holder {
  int dir, listener, user_namespace;
  uid_t owner;
  const std::string& name;
  const std::string& answer;
  std::chrono::milliseconds linger;
};

void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned from = 3;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from && ::close_range(from, number - 1, 0) < 0) throw errno_error("close_range");
    from = std::max(from, number + 1);
  }
  if (::close_range(from, ~0U, 0) < 0) throw errno_error("close_range");
}

// Nothing of the program that started us stays: session, directory, streams, descriptors, signals.
void detach(const Holder& holder) {
  start_session();
  for (int signal = 1; signal < NSIG; ++signal) (void)::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const Fd root = open_path("/", O_PATH | O_DIRECTORY);
  change_directory(root.get());
  const Fd null = open_path("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd) duplicate_onto(null.get(), fd);
  close_all_but({holder.dir, holder.listener, holder.user_namespace});
  (void)::prctl(PR_SET_NAME, "tilla-userns", 0, 0, 0);  // for people who read ps
  set_no_new_privileges();
  set_dumpable(false);
}

// How many leases there may be at once; more wait in the socket's queue.
std::size_t lease_limit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) throw errno_error("getrlimit");
  limit.rlim_cur = std::min(limit.rlim_max, kMaxDescriptors);
  if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) throw errno_error("setrlimit");
  return limit.rlim_cur <= kOwnDescriptors ? 1 : limit.rlim_cur - kOwnDescriptors;
}

class Leases {
 public:
  Leases(const Holder& holder, int self) : holder_(holder), self_(self), limit_(lease_limit()) {}

  bool empty() const { return connections_.empty(); }

  /// Serves what comes within `timeout_ms` (-1: whenever). False: nothing came.
  bool serve(int timeout_ms) {
    std::vector<pollfd> entries;
    for (const Fd& connection : connections_) {
      entries.push_back({.fd = connection.get(), .events = POLLIN, .revents = 0});
    }
    const int listener = connections_.size() < limit_ ? holder_.listener : -1;
    entries.push_back({.fd = listener, .events = POLLIN, .revents = 0});
    const int count = retry([&] { return ::poll(entries.data(), entries.size(), timeout_ms); });
    if (count < 0) throw errno_error("poll");
    // A client has nothing to say: whatever it does ends its lease.
    std::size_t index = 0;
    std::erase_if(connections_, [&](const Fd&) { return entries[index++].revents != 0; });
    if (entries.back().revents != 0) accept();
    return count > 0;
  }

 private:
  void accept() {
    Fd connection = accept_connection(holder_.listener);
    if (peer_uid(connection.get()) != holder_.owner) return;
    if (!send_message(connection.get(), holder_.answer, {holder_.user_namespace, self_})) return;
    connections_.push_back(std::move(connection));
  }

  const Holder& holder_;
  int self_;
  std::size_t limit_;
  std::vector<Fd> connections_;
};

void hold(const Holder& holder) {
  detach(holder);
  const std::optional<Fd> self = open_process(own_pid());
  Leases leases(holder, self->get());  // we are there
  const int linger_ms = static_cast<int>(std::min<std::int64_t>(holder.linger.count(), INT32_MAX));
  int timeout_ms = linger_ms;
  for (;;) {
    if (leases.serve(leases.empty() ? timeout_ms : -1)) {
      timeout_ms = linger_ms;
      continue;
    }
    const Fd lock = open_lock(holder.dir);
    if (!try_lock(lock.get())) {
      // Somebody is about to connect, perhaps to us. Waiting for the lock might be for ever.
      timeout_ms = std::max(linger_ms, kRetryLockMs);
    } else if (!is_readable(holder.listener, 0)) {
      (void)unlink_at_if_exists(holder.dir, holder.name);
      return;
    }
  }
}

void holder_main(void* argument) noexcept {
  try {
    hold(*static_cast<const Holder*>(argument));
    exit_now(0);
  } catch (const std::exception&) {
    exit_now(1);  // clients see the end of their connection and start another
  }
}

// Between the client and the holder, so that the holder is no child of the client's.
void launcher_main(void* argument) noexcept {
  try {
    (void)clone_child({}, holder_main, argument);
    exit_now(0);
  } catch (const std::exception&) {
    exit_now(1);
  }
}

// ------------------------------------------------------------------------------- the client

struct Client {
  Fd dir;
  std::string name, answer;
  const KeptUserns::Options& options;
};

void start_holder(const Client& client, int listener, int user_namespace) {
  Holder holder = {.dir = client.dir.get(),
                   .listener = listener,
                   .user_namespace = user_namespace,
                   .owner = effective_uid(),
                   .name = client.name,
                   .answer = client.answer,
                   .linger = client.options.linger};
  const Process launcher = clone_child({}, launcher_main, &holder);
  if (wait_child(launcher).code != 0) throw Error("start the holder of the user namespace");
}

Fd connect_or_start(const Procfs& proc, const Client& client) {
  const Fd mutex = open_lock(client.dir.get());
  lock(mutex.get());
  std::optional<Fd> connection = connect_at(client.dir.get(), client.name);
  if (connection) return std::move(*connection);
  (void)unlink_at_if_exists(client.dir.get(), client.name);  // of a holder that was killed
  const Fd user_namespace = make_user_namespace(proc, client.options.uids, client.options.gids);
  const Fd listener = listen_at(client.dir.get(), client.name);
  // Waits in the queue before there is a holder, so that not even one without linger misses it.
  connection = connect_at(client.dir.get(), client.name);
  if (!connection) throw Error(format("socket \"{}\" is gone", client.name), ENOENT);
  start_holder(client, listener.get(), user_namespace.get());
  return std::move(*connection);
}

// Empty: the holder ended instead.
std::optional<Message> ask(const Fd& connection) {
  if (!is_readable(connection.get(), kAnswerTimeoutMs)) {
    throw errno_error("the holder of the user namespace", ETIMEDOUT);
  }
  return receive_message(connection.get(), kMaxAnswer);
}

}  // namespace

KeptUserns::KeptUserns(Fd lease, Fd user_namespace, Fd holder, const Options& options)
    : lease_(std::move(lease)),
      namespace_(std::move(user_namespace)),
      holder_(std::move(holder)),
      uids_(options.uids),
      gids_(options.gids) {}

KeptUserns KeptUserns::acquire(const Options& options) {
  const Procfs proc = Procfs::open();
  const std::string answer = answer_of(options.uids, options.gids);
  const Fd own = proc.open_magic_link("self/ns/user", O_RDONLY);
  const Client client = {.dir = open_private_directory(options.directory),
                         .name = socket_name(namespace_id(own.get()), answer),
                         .answer = answer,
                         .options = options};
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Fd connection = connect_or_start(proc, client);
    if (peer_uid(connection.get()) != effective_uid()) {
      throw Error("the holder of the user namespace is somebody else's", EPERM);
    }
    std::optional<Message> message = ask(connection);
    if (!message) continue;  // killed between the connection and the answer
    if (message->fds.size() != 2 || message->text != answer ||
        namespace_type(message->fds[0].get()) != CLONE_NEWUSER) {
      throw Error("the holder of the user namespace keeps another one", EPROTO);
    }
    return KeptUserns(std::move(connection), std::move(message->fds[0]), std::move(message->fds[1]),
                      options);
  }
  throw Error("the holder of the user namespace ends before it answers", ECONNRESET);
}

void enter(const KeptUserns& userns) {
  join(userns.fd(), CLONE_NEWUSER);
  become({.uid = 0, .gid = 0, .groups = {}}, true, true);
}

}  // namespace sys
