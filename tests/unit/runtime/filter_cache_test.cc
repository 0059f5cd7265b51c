// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/filter_cache.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <sstream>

#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"

using config::CompiledFilter;
using config::Seccomp;
using config::SeccompAction;
using runtime::load_or_compile;

namespace {

// A cache of its own, in a directory of its own, which goes with it; the log tells what it did.
class Cache {
 public:
  Cache() {
    char name[] = "/tmp/tilla-filter-cache-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    base_ = name;
    log_ = sys::Log::to_file(base_ + "/log");
    log_.set_debug(true);
    directory = base_ + "/cache";
  }
  ~Cache() {
    const sys::Fd parent = sys::open_path("/tmp", O_RDONLY | O_DIRECTORY);
    sys::remove_tree_at(parent.get(), base_.substr(5));
  }
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  CompiledFilter get(const Seccomp& profile) const {
    return load_or_compile(profile, directory, log_);
  }
  // How often something was compiled.
  int compilations() const {
    const std::string text = sys::read_file(base_ + "/log", 1 << 20);
    int count = 0;
    for (std::size_t at = text.find("compiled the"); at != std::string::npos;
         at = text.find("compiled the", at + 1)) {
      ++count;
    }
    return count;
  }
  std::vector<std::string> names() const {
    return sys::list_directory(sys::open_path(directory, O_RDONLY | O_DIRECTORY).get());
  }
  // The path of the only entry.
  std::string entry() const {
    REQUIRE(names().size() == 1);
    return directory + "/" + names()[0];
  }

  std::string directory;

 private:
  std::string base_;
  sys::Log log_;
};

Seccomp small_profile(std::uint32_t errno_ret = 1) {
  Seccomp profile;
  profile.default_action = SeccompAction::kAllow;
  profile.syscalls.push_back({.names = {"umask", "no_such_call"},
                              .action = SeccompAction::kErrno,
                              .errno_ret = errno_ret,
                              .args = {}});
  return profile;
}

Seccomp dockers_profile() {
  std::ifstream file("bench/docker-seccomp.json");
  std::ostringstream text;
  text << R"({"ociVersion":"1.2.0","root":{"path":"r"},"linux":{"seccomp":)" << file.rdbuf()
       << "}}";
  return *config::parse_runtime_spec(text.str(), "docker").linux_.seccomp;
}

void write_file(const std::string& path, const std::string& content) {
  sys::replace_file(path, content, 0600);
}

}  // namespace

TEST_CASE("filter cache: what is read is what was compiled", "[runtime][seccomp]") {
  const Cache cache;
  const Seccomp profile = dockers_profile();
  const CompiledFilter compiled = cache.get(profile);
  CHECK(cache.get(profile) == compiled);
  CHECK(cache.compilations() == 1);
  CHECK(load_or_compile(profile, "", sys::Log()) == compiled);
}

TEST_CASE("filter cache: flags are kept", "[runtime][seccomp]") {
  const Cache cache;
  Seccomp profile = small_profile();
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG"};
  CHECK(cache.get(profile).kernel_flags == SECCOMP_FILTER_FLAG_LOG);
  CHECK(cache.get(profile).kernel_flags == SECCOMP_FILTER_FLAG_LOG);
  CHECK(cache.compilations() == 1);
}

TEST_CASE("filter cache: other profiles have other entries", "[runtime][seccomp]") {
  const Cache cache;
  CHECK(cache.get(small_profile(1)) != cache.get(small_profile(2)));
  CHECK(cache.names().size() == 2);
}

TEST_CASE("filter cache: it is ours alone", "[runtime][seccomp]") {
  const Cache cache;
  cache.get(small_profile());
  CHECK((sys::status_of(sys::open_path(cache.directory, O_PATH).get()).st_mode & 0777U) == 0700);
  CHECK((sys::status_of(sys::open_path(cache.entry(), O_PATH).get()).st_mode & 0777U) == 0600);
}

TEST_CASE("filter cache: any flipped bit is seen and mended", "[runtime][seccomp]") {
  const Cache cache;
  const CompiledFilter good = cache.get(small_profile());
  const std::string entry = sys::read_file(cache.entry(), 1 << 20);
  for (std::size_t i = 0; i < entry.size(); ++i) {
    std::string bad = entry;
    bad[i] = static_cast<char>(bad[i] ^ (1 << (i % 8)));
    write_file(cache.entry(), bad);
    REQUIRE(cache.get(small_profile()) == good);
    REQUIRE(sys::read_file(cache.entry(), 1 << 20) == entry);
  }
  CHECK(cache.compilations() == static_cast<int>(entry.size()) + 1);
}

TEST_CASE("filter cache: a truncated or longer entry is seen and mended", "[runtime][seccomp]") {
  const Cache cache;
  const CompiledFilter good = cache.get(small_profile());
  const std::string entry = sys::read_file(cache.entry(), 1 << 20);
  const std::string bad =
      GENERATE_COPY(entry.substr(0, entry.size() - 8), entry.substr(0, 20), std::string(),
                    entry + "12345678", entry + std::string(100000, 'x'));
  write_file(cache.entry(), bad);
  CHECK(cache.get(small_profile()) == good);
  CHECK(cache.compilations() == 2);
  CHECK(sys::read_file(cache.entry(), 1 << 20) == entry);
}

TEST_CASE("filter cache: another profile's entry under our name is not taken",
          "[runtime][seccomp]") {
  const Cache cache;
  const Cache other;
  const CompiledFilter good = cache.get(small_profile(1));
  other.get(small_profile(2));
  write_file(cache.entry(), sys::read_file(other.entry(), 1 << 20));
  CHECK(cache.get(small_profile(1)) == good);
  CHECK(cache.compilations() == 2);
}

TEST_CASE("filter cache: an entry that others can write is replaced", "[runtime][seccomp]") {
  const Cache cache;
  const CompiledFilter good = cache.get(small_profile());
  REQUIRE(::chmod(cache.entry().c_str(), 0620) == 0);
  CHECK(cache.get(small_profile()) == good);
  CHECK(cache.compilations() == 2);
  CHECK((sys::status_of(sys::open_path(cache.entry(), O_PATH).get()).st_mode & 0777U) == 0600);
}

TEST_CASE("filter cache: somebody else's entry is replaced", "[runtime][seccomp]") {
  if (::geteuid() != 0) {
    WARN("SKIPPED (root): filter cache: somebody else's entry is replaced");
    return;
  }
  const Cache cache;
  const CompiledFilter good = cache.get(small_profile());
  REQUIRE(::chown(cache.entry().c_str(), 1, 1) == 0);
  CHECK(cache.get(small_profile()) == good);
  CHECK(cache.compilations() == 2);
}

TEST_CASE("filter cache: a symlink is not followed but replaced", "[runtime][seccomp]") {
  const Cache cache;
  const Cache other;
  const CompiledFilter good = cache.get(small_profile());
  other.get(small_profile());
  const std::string name = cache.entry();
  REQUIRE(::unlink(name.c_str()) == 0);
  REQUIRE(::symlink(other.entry().c_str(), name.c_str()) == 0);
  CHECK(cache.get(small_profile()) == good);
  CHECK(cache.compilations() == 2);
  CHECK(S_ISREG(sys::status_of(sys::open_path(name, O_PATH | O_NOFOLLOW).get()).st_mode));
}

TEST_CASE("filter cache: a FIFO does not block and is replaced", "[runtime][seccomp]") {
  const Cache cache;
  const CompiledFilter good = cache.get(small_profile());
  const std::string name = cache.entry();
  REQUIRE(::unlink(name.c_str()) == 0);
  REQUIRE(::mkfifo(name.c_str(), 0600) == 0);
  CHECK(cache.get(small_profile()) == good);
  CHECK(S_ISREG(sys::status_of(sys::open_path(name, O_PATH).get()).st_mode));
}

TEST_CASE("filter cache: a directory that is no good is done without", "[runtime][seccomp]") {
  Cache cache;
  const CompiledFilter good = load_or_compile(small_profile(), "", sys::Log());
  cache.directory = GENERATE(as<std::string>(), "/proc/nowhere", "/dev/null", "/dev/null/cache");
  CHECK(cache.get(small_profile()) == good);
}

TEST_CASE("filter cache: a directory that others can write is done without", "[runtime][seccomp]") {
  const Cache cache;
  REQUIRE(::mkdir(cache.directory.c_str(), 0700) == 0);
  REQUIRE(::chmod(cache.directory.c_str(), 0770) == 0);
  CHECK(cache.get(small_profile()) == load_or_compile(small_profile(), "", sys::Log()));
  CHECK(cache.names().empty());
}

TEST_CASE("filter cache: it holds at most 64 entries and drops the oldest", "[runtime][seccomp]") {
  const Cache cache;
  cache.get(small_profile(0));
  const std::string oldest = cache.entry();
  for (std::uint32_t i = 1; i < 70; ++i) cache.get(small_profile(i));
  CHECK(cache.names().size() == 64);
  CHECK(::access(oldest.c_str(), F_OK) != 0);
  const int before = cache.compilations();
  cache.get(small_profile(69));
  CHECK(cache.compilations() == before);
}

TEST_CASE("filter cache: what a profile that is refused says is passed on", "[runtime][seccomp]") {
  const Cache cache;
  Seccomp profile = small_profile();
  profile.flags = {"X"};
  CHECK_THROWS_WITH(cache.get(profile), "/linux/seccomp/flags/0: unknown flag \"X\"");
}

TEST_CASE("filter cache: times with Docker's profile", "[.][times]") {
  const Cache cache;
  const Seccomp profile = dockers_profile();
  const auto microseconds = [&](int rounds) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i) (void)cache.get(profile);
    const std::chrono::duration<double, std::micro> passed =
        std::chrono::steady_clock::now() - start;
    return passed.count() / rounds;
  };
  const double compiling = microseconds(1);
  WARN(sys::format("compile {:.0f} us, hit {:.1f} us", compiling, microseconds(1000)));
}
