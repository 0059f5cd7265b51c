// SPDX-License-Identifier: Apache-2.0
#include "sys/port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <string_view>
#include <vector>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/procfs.h"

namespace sys {
namespace {

constexpr std::size_t kMaxTable = 4u << 20;
constexpr std::string_view kListening = "0A";  // TCP_LISTEN
constexpr std::uint16_t kFirstUnprivileged = 1024;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

Address parse_address(const std::string& text, std::uint16_t port) {
  Address address;
  if (text.find(':') == std::string::npos) {
    auto* const ipv4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    ipv4->sin_family = AF_INET;
    ipv4->sin_port = htons(port);
    address.length = sizeof(*ipv4);
    if (text.empty() || ::inet_pton(AF_INET, text.c_str(), &ipv4->sin_addr) == 1) return address;
  } else {
    auto* const ipv6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    ipv6->sin6_family = AF_INET6;
    ipv6->sin6_port = htons(port);
    address.length = sizeof(*ipv6);
    if (::inet_pton(AF_INET6, text.c_str(), &ipv6->sin6_addr) == 1) return address;
  }
  throw errno_error(format("address \"{}\"", text), EINVAL);
}

/// The fields of a line, which stand apart by spaces.
std::vector<std::string_view> split_fields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == line.npos) return fields;
    line.remove_prefix(begin);
    const std::size_t end = line.find(' ');
    fields.push_back(line.substr(0, end));
    if (end == line.npos) return fields;
    line.remove_prefix(end);
  }
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, number, base);
  if (problem != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

/// Who has the socket open, of those whose descriptors we may see.
std::optional<std::string> find_socket_holder(const Procfs& proc, std::uint64_t socket) {
  const std::string wanted = format("socket:[{}]", socket);
  for (const pid_t pid : all_processes(proc)) {
    try {
      const std::string name = format("{}/fd", pid);
      const std::optional<Fd> dir = proc.open_file_if_exists(name, O_RDONLY | O_DIRECTORY);
      if (!dir) continue;
      for (const std::string& entry : list_directory(dir->get())) {
        if (read_link_at(dir->get(), entry) != wanted) continue;
        std::string program = proc.read(format("{}/comm", pid));
        program.resize(std::strcspn(program.c_str(), "\n"));
        return format("{} (pid {})", program, pid);
      }
    } catch (const Error&) {
      continue;  // another user's, or gone
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_ip_address(const std::string& text) {
  in6_addr bytes{};  // large enough for both
  const int family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  return ::inet_pton(family, text.c_str(), &bytes) == 1;
}

Fd bind_port(Transport transport, const std::string& address, std::uint16_t port) {
  const Address place = parse_address(address, port);
  const int type = transport == Transport::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  Fd socket(::socket(place.storage.ss_family, type | SOCK_CLOEXEC, 0));
  if (!socket) throw errno_error("socket");
  // As servers do: connections of the last one that linger in TIME_WAIT are no hindrance.
  const int on = 1;
  if (transport == Transport::kTcp) {
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  if (place.storage.ss_family == AF_INET6) {
    (void)::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&place.storage), place.length) != 0) {
    throw errno_error(format("port {}", port));
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &length) != 0) {
    throw errno_error("getsockname");
  }
  return ntohs(storage.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

std::optional<std::uint64_t> parse_port_holder(const std::string& text, std::uint16_t port,
                                               bool listening) {
  // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
  constexpr std::size_t kLocal = 1, kState = 3, kInode = 9;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::vector<std::string_view> fields = split_fields(rest.substr(0, end));
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    if (fields.size() <= kInode || (listening && fields[kState] != kListening)) continue;
    const std::string_view local = fields[kLocal];
    const std::size_t colon = local.rfind(':');
    if (colon == local.npos) continue;
    if (parse_number<std::uint16_t>(local.substr(colon + 1), 16) != port) continue;
    if (const auto inode = parse_number<std::uint64_t>(fields[kInode], 10)) return inode;
  }
  return std::nullopt;
}

std::optional<std::string> find_port_holder(Transport transport, std::uint16_t port) {
  const Procfs proc = Procfs::open();
  const bool is_tcp = transport == Transport::kTcp;
  for (const char* const table : is_tcp ? std::array{"self/net/tcp", "self/net/tcp6"}
                                        : std::array{"self/net/udp", "self/net/udp6"}) {
    const auto socket = parse_port_holder(proc.read(table, kMaxTable), port, is_tcp);
    if (socket) return find_socket_holder(proc, *socket);
  }
  return std::nullopt;
}

std::uint16_t first_unprivileged_port() {
  const Procfs proc = Procfs::open();
  std::string text = proc.read("sys/net/ipv4/ip_unprivileged_port_start");
  text.resize(std::strcspn(text.c_str(), "\n"));
  return parse_number<std::uint16_t>(text, 10).value_or(kFirstUnprivileged);
}

}  // namespace sys
