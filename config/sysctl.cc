// SPDX-License-Identifier: Apache-2.0
#include "config/sysctl.h"

#include <algorithm>
#include <iterator>

namespace config {
namespace {

constexpr size_t kMaxName = 255;

// Whole names and no prefix: what a later kernel adds beside them may be the host's.
// Source: ipc/ipc_sysctl.c.
constexpr std::string_view kIpcParameters[] = {
    "kernel/auto_msgmni",     "kernel/msg_next_id", "kernel/msgmax",      "kernel/msgmnb",
    "kernel/msgmni",          "kernel/sem",         "kernel/sem_next_id", "kernel/shm_next_id",
    "kernel/shm_rmid_forced", "kernel/shmall",      "kernel/shmmax",      "kernel/shmmni"};

bool is_separator(char c) { return c == '.' || c == '/'; }

char exchanged(char c) {
  if (c == '.') return '/';
  return c == '/' ? '.' : c;
}

}  // namespace

std::optional<std::string> sysctl_path(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return std::nullopt;
  // Two separators in a row, however they are read, would make a component of dots or none at all.
  char before = '.';
  for (const char c : name) {
    if (is_separator(c) && is_separator(before)) return std::nullopt;
    if (c <= ' ' || c > '~') return std::nullopt;
    before = c;
  }
  if (is_separator(before)) return std::nullopt;
  std::string path(name);
  const auto first = std::ranges::find_if(path, is_separator);
  if (first != path.end() && *first == '.') std::ranges::transform(path, path.begin(), exchanged);
  return path;
}

std::optional<NamespaceType> sysctl_namespace(std::string_view path) {
  if (path.starts_with("net/")) return NamespaceType::kNetwork;
  if (path.starts_with("fs/mqueue/")) return NamespaceType::kIpc;
  if (path.starts_with("user/")) return NamespaceType::kUser;
  if (path == "kernel/domainname" || path == "kernel/hostname") return NamespaceType::kUts;
  if (std::ranges::find(kIpcParameters, path) != std::end(kIpcParameters)) {
    return NamespaceType::kIpc;
  }
  return std::nullopt;
}

}  // namespace config
