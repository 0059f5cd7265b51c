// SPDX-License-Identifier: Apache-2.0
// Directories that go, files, and the caller's ids.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/procfs.h"
#include "tests/support/harness.h"

namespace support {
namespace {

// Not getpwuid: a sanitizer build aside, tests may run where there is no NSS.
std::string user_name() {
  std::ifstream file("/etc/passwd");
  const std::string id = std::to_string(::geteuid());
  for (std::string line; std::getline(file, line);) {
    const std::size_t name = line.find(':');
    const std::size_t password = line.find(':', name + 1);
    if (line.compare(password + 1, id.size() + 1, id + ":") == 0) return line.substr(0, name);
  }
  return id;
}

// The first range that `path` grants to the caller. Source: subuid(5).
sys::IdExtent granted_range(const char* path) {
  if (is_root()) return {.inside = 1, .outside = 2000000, .count = 65536};
  std::ifstream file(path);
  const std::string by_name = user_name() + ":", by_id = std::to_string(::geteuid()) + ":";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(by_name) && !line.starts_with(by_id)) continue;
    const std::size_t start = line.find(':') + 1;
    const std::size_t count = line.find(':', start) + 1;
    return {.inside = 1,
            .outside = static_cast<uint32_t>(std::stoul(line.substr(start))),
            .count = static_cast<uint32_t>(std::stoul(line.substr(count)))};
  }
  return {};
}

}  // namespace

TempDirectory::TempDirectory() {
  const char* base = ::getenv("TMPDIR");
  path_ = std::string(base != nullptr ? base : "/tmp") + "/tilla-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) throw sys::errno_error("mkdtemp");
}

TempDirectory::~TempDirectory() {
  const std::size_t slash = path_.rfind('/');
  try {
    const sys::Fd base = sys::open_path(path_.substr(0, slash), O_PATH | O_DIRECTORY);
    sys::remove_tree_at(base.get(), path_.substr(slash + 1));
  } catch (const sys::Error&) {  // files of subordinate ids: their root can
    (void)run({"unshare", "-U", "--map-auto", "--map-root-user", "rm", "-rf", path_});
  }
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::string& path, std::string_view text, mode_t mode) {
  const sys::Fd file = sys::open_path(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  sys::write_all(file.get(), text);
  ::fchmod(file.get(), mode);
}

bool exists(const std::string& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0;
}

void make_directory(const std::string& path) { std::filesystem::create_directories(path); }

std::vector<std::string> names_in(const std::string& path) {
  return sys::list_directory(sys::open_path(path, O_RDONLY | O_DIRECTORY).get());
}

std::string own_directory() {
  const std::string program = sys::read_link("/proc/self/exe");
  return program.substr(0, program.rfind('/'));
}

sys::IdExtent subordinate_uids() { return granted_range("/etc/subuid"); }
sys::IdExtent subordinate_gids() { return granted_range("/etc/subgid"); }
bool is_root() { return ::geteuid() == 0; }

}  // namespace support
