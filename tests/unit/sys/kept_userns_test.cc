// SPDX-License-Identifier: Apache-2.0
// Needs ids to hand out: root's, or a range of /etc/subuid and /etc/subgid with the helpers.
#include "sys/kept_userns.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <optional>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "tests/support/harness.h"

using sys::KeptUserns;

namespace {

constexpr int kPatienceMs = 10000;

// The name of the calling user. Not getpwuid: it would load libraries into a static program.
std::string user_name() {
  std::ifstream file("/etc/passwd");
  const std::string id = ":" + std::to_string(::geteuid()) + ":";
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    const std::size_t second = line.find(':', colon + 1);
    if (second != std::string::npos && line.compare(second, id.size(), id) == 0) {
      return line.substr(0, colon);
    }
  }
  return "?";
}

// The first range that `path` grants to the calling user.
std::optional<sys::IdExtent> granted_range(const char* path) {
  std::ifstream file(path);
  const std::string prefix = user_name() + ":";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(prefix)) continue;
    char* end = nullptr;
    const auto start = ::strtoul(line.c_str() + prefix.size(), &end, 10);
    return sys::IdExtent{.inside = 1,
                         .outside = static_cast<uint32_t>(start),
                         .count = static_cast<uint32_t>(::strtoul(end + 1, nullptr, 10))};
  }
  return std::nullopt;
}

struct Maps {
  sys::IdMap uids, gids;
};

// Our own id as root, and a range from 1 on.
std::optional<Maps> maps_of_caller() {
  std::optional<sys::IdExtent> uids = granted_range("/etc/subuid");
  std::optional<sys::IdExtent> gids = granted_range("/etc/subgid");
  if (::geteuid() == 0) {
    uids = gids = sys::IdExtent{.inside = 1, .outside = 100000, .count = 65536};
  } else if (::access("/usr/bin/newuidmap", X_OK) != 0) {
    return std::nullopt;
  }
  if (!uids || !gids) return std::nullopt;
  return Maps{.uids = {{.inside = 0, .outside = ::geteuid(), .count = 1}, *uids},
              .gids = {{.inside = 0, .outside = ::getegid(), .count = 1}, *gids}};
}

// A directory of its own and what to ask for; empty, with a word about it, where there are no ids.
class Setting {
 public:
  explicit Setting(const char* test) : maps_(maps_of_caller()) {
    if (!maps_) WARN("SKIPPED (subids): " << test);
    char name[] = "/tmp/tilla-userns-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    base_ = name;
  }
  ~Setting() {
    // A holder that is about to end still opens its lock there, and makes it for that.
    if (!support::eventually([&] { return is_removed(); })) WARN(base_ << " is left");
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

  explicit operator bool() const { return maps_.has_value(); }
  KeptUserns::Options options(std::chrono::milliseconds linger) const {
    return {
        .directory = base_ + "/userns", .uids = maps_->uids, .gids = maps_->gids, .linger = linger};
  }
  sys::Fd directory() const { return sys::open_path(base_ + "/userns", O_RDONLY | O_DIRECTORY); }
  // The name of the only socket.
  std::string socket() const {
    for (const std::string& name : sys::list_directory(directory().get())) {
      if (name != "lock") return name;
    }
    return "";
  }

 private:
  bool is_removed() const {
    const sys::Fd parent = sys::open_path("/tmp", O_RDONLY | O_DIRECTORY);
    try {
      sys::remove_tree_at(parent.get(), base_.substr(5));
      return true;
    } catch (const sys::Error&) {  // something new in it
      return false;
    }
  }

  std::optional<Maps> maps_;
  std::string base_;
};

constexpr std::chrono::milliseconds kNone{0};
constexpr std::chrono::milliseconds kLong{30000};

// Also how a test gets rid of a holder that would linger.
void kill_holder(const KeptUserns& userns) {
  REQUIRE(sys::send_signal(userns.holder(), SIGKILL));
  REQUIRE(sys::wait_until_ended(userns.holder(), kPatienceMs));
}

// Runs `step` in a child that has entered the namespace; its exit code, or 99 when it threw.
template <typename Step>
int inside(const KeptUserns& userns, Step step) {
  struct Task {
    const KeptUserns& userns;
    Step& step;
  } task{userns, step};
  const sys::Process child = sys::clone_child(
      {},
      [](void* argument) noexcept {
        try {
          const Task& it = *static_cast<Task*>(argument);
          sys::enter(it.userns);
          sys::exit_now(it.step());
        } catch (const sys::Error&) {
          sys::exit_now(99);
        }
      },
      &task);
  return sys::wait_child(child).code;
}

}  // namespace

TEST_CASE("kept userns: two leases are of one namespace", "[sys][userns]") {
  const Setting setting("kept userns: two leases are of one namespace");
  if (!setting) return;
  const KeptUserns one = KeptUserns::acquire(setting.options(kNone));
  const KeptUserns other = KeptUserns::acquire(setting.options(kNone));
  CHECK(sys::namespace_id(one.fd()) == sys::namespace_id(other.fd()));
  CHECK(sys::namespace_type(one.fd()) == CLONE_NEWUSER);
  CHECK(one.uids() == setting.options(kNone).uids);
}

TEST_CASE("kept userns: other maps are another namespace", "[sys][userns]") {
  const Setting setting("kept userns: other maps are another namespace");
  if (!setting) return;
  const KeptUserns one = KeptUserns::acquire(setting.options(kNone));
  KeptUserns::Options fewer = setting.options(kNone);
  fewer.uids.back().count = 10;
  const KeptUserns other = KeptUserns::acquire(fewer);
  CHECK(sys::namespace_id(one.fd()) != sys::namespace_id(other.fd()));
}

TEST_CASE("kept userns: inside we are root with the whole map", "[sys][userns]") {
  const Setting setting("kept userns: inside we are root with the whole map");
  if (!setting) return;
  const KeptUserns userns = KeptUserns::acquire(setting.options(kNone));
  const int code = inside(userns, [] {
    if (::getuid() != 0 || ::getegid() != 0 || ::getgroups(0, nullptr) != 0) return 1;
    const sys::Procfs proc = sys::Procfs::open();
    if (sys::own_uid_map(proc).size() != 2) return 2;
    return ::setresgid(1, 1, 1) == 0 && ::setresuid(1, 1, 1) == 0 ? 0 : 3;
  });
  CHECK(code == 0);
}

TEST_CASE("kept userns: nested maps need no helper", "[sys][userns]") {
  const Setting setting("kept userns: nested maps need no helper");
  if (!setting) return;
  const KeptUserns userns = KeptUserns::acquire(setting.options(kNone));
  const uint32_t count = userns.uids().back().count;
  const int code = inside(userns, [count] {
    const sys::Procfs proc = sys::Procfs::open();
    const sys::Process child = sys::clone_child(
        {.namespaces = CLONE_NEWUSER, .joins = {}}, [](void*) noexcept { ::pause(); }, nullptr);
    const sys::IdMap nested = {{.inside = 0, .outside = 0, .count = 1},
                               {.inside = 1, .outside = 1, .count = count}};
    sys::write_id_maps(proc, std::to_string(child.pid), nested, nested, false);
    const std::string map = proc.read(std::to_string(child.pid) + "/uid_map");
    sys::send_signal(child.pidfd.get(), SIGKILL);
    return sys::parse_id_map(map) == nested ? 0 : 1;
  });
  CHECK(code == 0);
}

TEST_CASE("kept userns: the holder ends when nothing needs it", "[sys][userns]") {
  const Setting setting("kept userns: the holder ends when nothing needs it");
  if (!setting) return;
  std::optional<KeptUserns> one = KeptUserns::acquire(setting.options(kNone));
  std::optional<KeptUserns> other = KeptUserns::acquire(setting.options(kNone));
  const sys::Fd holder = sys::duplicate(one->holder());
  one.reset();
  CHECK_FALSE(sys::wait_until_ended(holder.get(), 100));
  other.reset();
  CHECK(sys::wait_until_ended(holder.get(), kPatienceMs));
  CHECK(setting.socket().empty());
}

TEST_CASE("kept userns: the holder lingers", "[sys][userns]") {
  const Setting setting("kept userns: the holder lingers");
  if (!setting) return;
  std::optional<KeptUserns> first = KeptUserns::acquire(setting.options(kLong));
  const sys::NamespaceId id = sys::namespace_id(first->fd());
  first.reset();
  const KeptUserns second = KeptUserns::acquire(setting.options(kLong));
  CHECK(sys::namespace_id(second.fd()) == id);
  kill_holder(second);
}

TEST_CASE("kept userns: a holder waits for whoever has the lock", "[sys][userns]") {
  const Setting setting("kept userns: a holder waits for whoever has the lock");
  if (!setting) return;
  std::optional<KeptUserns> userns = KeptUserns::acquire(setting.options(kNone));
  const sys::Fd holder = sys::duplicate(userns->holder());
  sys::Fd lock = sys::open_at(setting.directory().get(), "lock", O_RDWR);
  sys::lock(lock.get());
  userns.reset();
  CHECK_FALSE(sys::wait_until_ended(holder.get(), 100));
  lock.reset();
  CHECK(sys::wait_until_ended(holder.get(), kPatienceMs));
}

TEST_CASE("kept userns: a killed holder is replaced, and its leases stay good", "[sys][userns]") {
  const Setting setting("kept userns: a killed holder is replaced, and its leases stay good");
  if (!setting) return;
  const KeptUserns old = KeptUserns::acquire(setting.options(kNone));
  kill_holder(old);
  CHECK_FALSE(setting.socket().empty());
  const KeptUserns fresh = KeptUserns::acquire(setting.options(kNone));
  CHECK(sys::namespace_id(fresh.fd()) != sys::namespace_id(old.fd()));
  CHECK(inside(fresh, [] { return 0; }) == 0);
  CHECK(inside(old, [] { return 0; }) == 0);
}

TEST_CASE("kept userns: the holder has nothing of its starter's", "[sys][userns]") {
  const Setting setting("kept userns: the holder has nothing of its starter's");
  if (!setting) return;
  sys::Pipe pipe = sys::make_pipe();
  const KeptUserns userns = KeptUserns::acquire(setting.options(kNone));
  pipe.write_end.reset();
  CHECK(sys::read_some(pipe.read_end.get(), 1).empty());  // the last writer is gone
}

TEST_CASE("kept userns: a stranger is refused", "[sys][userns]") {
  const Setting setting("kept userns: a stranger is refused");
  if (!setting) return;
  const KeptUserns userns = KeptUserns::acquire(setting.options(kNone));
  const sys::Fd dir = setting.directory();
  const std::string name = setting.socket();
  // As if the directory and the socket were open to everybody.
  REQUIRE(::fchmod(dir.get(), 0755) == 0);
  REQUIRE(::fchmodat(dir.get(), name.c_str(), 0666, 0) == 0);
  const auto as_user = [&](uid_t uid) {
    return inside(userns, [&] {
      if (::setresuid(uid, uid, uid) != 0) return 3;
      const std::optional<sys::Fd> connection = sys::connect_at(dir.get(), name);
      if (!connection) return 2;
      return sys::receive_message(connection->get(), 4096) ? 0 : 1;
    });
  };
  CHECK(as_user(0) == 0);
  CHECK(as_user(1) == 1);
}

TEST_CASE("kept userns: a directory that others can write is refused", "[sys][userns]") {
  const Setting setting("kept userns: a directory that others can write is refused");
  if (!setting) return;
  const KeptUserns userns = KeptUserns::acquire(setting.options(kNone));
  REQUIRE(::fchmod(setting.directory().get(), 0777) == 0);
  CHECK_THROWS_AS(KeptUserns::acquire(setting.options(kNone)), sys::Error);
}

TEST_CASE("kept userns: ids that are not ours are refused, and nothing is left", "[sys][userns]") {
  const Setting setting("kept userns: ids that are not ours are refused, and nothing is left");
  if (!setting || ::geteuid() == 0) return;  // all ids are root's
  KeptUserns::Options options = setting.options(kNone);
  options.uids.back().outside = 4000000000;
  CHECK_THROWS_WITH(KeptUserns::acquire(options), Catch::StartsWith("newuidmap refused the map"));
  CHECK(setting.socket().empty());
}

TEST_CASE("kept userns: many callers at once agree on one namespace", "[sys][userns]") {
  const Setting setting("kept userns: many callers at once agree on one namespace");
  if (!setting) return;
  struct Task {
    const Setting& setting;
    int out;
  };
  sys::Pipe pipe = sys::make_pipe();
  Task task{setting, pipe.write_end.get()};
  std::vector<sys::Process> children;
  for (int i = 0; i < 40; ++i) {
    children.push_back(sys::clone_child(
        {},
        [](void* argument) noexcept {
          const Task& it = *static_cast<const Task*>(argument);
          try {
            const KeptUserns userns =
                KeptUserns::acquire(it.setting.options(std::chrono::milliseconds(500)));
            const sys::NamespaceId id = sys::namespace_id(userns.fd());
            sys::write_all(it.out, std::to_string(id.inode) + "\n");
          } catch (const sys::Error& error) {
            sys::exit_now(1);
          }
          sys::exit_now(0);
        },
        &task));
  }
  for (const sys::Process& child : children) CHECK(sys::wait_child(child).code == 0);
  pipe.write_end.reset();
  const std::string lines = sys::read_all(pipe.read_end.get(), 65536);
  const std::string first = lines.substr(0, lines.find('\n') + 1);
  std::string expected;
  for (int i = 0; i < 40; ++i) expected += first;
  CHECK(lines == expected);
}

TEST_CASE("kept userns: callers and ending holders never miss each other", "[.][stress]") {
  const Setting setting("kept userns: callers and ending holders never miss each other");
  if (!setting) return;
  for (int i = 0; i < 300; ++i) {
    const KeptUserns userns = KeptUserns::acquire(setting.options(kNone));
    REQUIRE(inside(userns, [] { return 0; }) == 0);
  }
}

TEST_CASE("kept userns: times", "[.][times]") {
  const Setting setting("kept userns: times");
  if (!setting) return;
  const auto microseconds = [](auto step, int rounds) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) step();
    const std::chrono::duration<double, std::micro> passed =
        std::chrono::steady_clock::now() - start;
    return passed.count() / rounds;
  };
  std::optional<KeptUserns> first;
  const double fresh =
      microseconds([&] { first = KeptUserns::acquire(setting.options(kLong)); }, 1);
  const double again =
      microseconds([&] { (void)KeptUserns::acquire(setting.options(kLong)); }, 500);
  WARN("new holder " << fresh << " us, kept " << again << " us");
  kill_holder(*first);
}
