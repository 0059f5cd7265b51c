// SPDX-License-Identifier: Apache-2.0
#include "engine/container/etc_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "engine/network/pasta.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

constexpr std::size_t kMaxFile = std::size_t{1} << 20;

// A file that is none, or too long, says nothing: INV-6, INV-12.
std::string read_in_root(int root, const char* path) {
  const auto file = sys::open_in_root_if_exists(root, sys::RelPath::parse(path), O_PATH);
  if (!file) return {};
  const struct stat status = sys::status_of(file->get());
  if (!S_ISREG(status.st_mode) || status.st_size > static_cast<off_t>(kMaxFile)) return {};
  const auto readable = sys::open_in_root_if_exists(root, sys::RelPath::parse(path),
                                                    O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!readable || !S_ISREG(sys::status_of(readable->get()).st_mode)) return {};
  return sys::read_all(readable->get(), kMaxFile);
}

std::string read_of_host(const std::string& path) {
  try {
    return sys::read_file(path, kMaxFile);
  } catch (const sys::Error&) {  // not there, or not for us
    return {};
  }
}

std::string make_hosts(const config::ContainerOptions& options, const std::string& hostname,
                       const std::string& of_host) {
  std::string text = of_host;
  if (text.empty()) {
    text = sys::format(
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\n"
        "ff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n127.0.1.1\t{}\n",
        hostname);
  }
  if (!text.ends_with('\n')) text += '\n';
  for (const config::HostLine& line : options.hosts) {
    text += sys::format("{}\t{}\n", line.address, line.name);
  }
  return text;
}

/// A name server on the host's loopback is none in there: pasta passes on what is asked of it.
std::string reach_through_pasta(std::string_view of_host) {
  std::string text;
  bool is_replaced = false;
  while (!of_host.empty()) {
    const std::string_view line = of_host.substr(0, of_host.find('\n'));
    of_host.remove_prefix(std::min(of_host.size(), line.size() + 1));
    std::string_view server = line.starts_with("nameserver") ? line.substr(10) : "";
    server.remove_prefix(std::min(server.find_first_not_of(" \t"), server.size()));
    if (!server.starts_with("127.") && server != "::1") {
      text += sys::format("{}\n", line);
    } else if (!std::exchange(is_replaced, true)) {
      text += sys::format("nameserver {}\n", kPastaNameServer);
    }
  }
  return text;
}

std::string make_resolv_conf(const config::ContainerOptions& options, const std::string& of_host) {
  if (options.dns.empty() && options.dns_search.empty() && options.dns_options.empty()) {
    return of_host;
  }
  std::string text;
  for (const std::string& server : options.dns) text += sys::format("nameserver {}\n", server);
  std::string search, words;
  for (const std::string& domain : options.dns_search) search += " " + domain;
  for (const std::string& word : options.dns_options) words += " " + word;
  // What isn't given stays the host's.
  std::string_view rest = of_host;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const bool is_kept = (line.starts_with("nameserver") && options.dns.empty()) ||
                         (line.starts_with("search") && search.empty()) ||
                         (line.starts_with("options") && words.empty());
    if (is_kept) text += sys::format("{}\n", line);
  }
  if (!search.empty() && search != " .") text += sys::format("search{}\n", search);
  if (!words.empty()) text += sys::format("options{}\n", words);
  return text;
}

}  // namespace

config::FoundUser find_user_in(int root, const std::string& user,
                               const std::vector<std::string>& added_groups) {
  const std::string passwd = read_in_root(root, "etc/passwd");
  const std::string group = read_in_root(root, "etc/group");
  return config::find_user(
      {.user = user, .added_groups = added_groups, .passwd = passwd, .group = group});
}

EtcFiles make_etc_files(const config::ContainerOptions& options, const std::string& hostname,
                        config::NetworkKind network, const EtcFiles& host) {
  const bool is_host_network = network == config::NetworkKind::kHost;
  const bool is_pasta = network == config::NetworkKind::kPasta;
  return {.hosts = make_hosts(options, hostname, is_host_network ? host.hosts : ""),
          .hostname = hostname + "\n",
          .resolv_conf = make_resolv_conf(
              options, is_pasta ? reach_through_pasta(host.resolv_conf) : host.resolv_conf)};
}

EtcFiles host_etc_files() {
  return {.hosts = read_of_host("/etc/hosts"),
          .hostname = {},
          .resolv_conf = read_of_host("/etc/resolv.conf")};
}

}  // namespace engine
