// SPDX-License-Identifier: Apache-2.0
#include "sys/netlink.h"

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstring>
#include <string_view>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr std::size_t kMaxAnswer = 65536;

// What of an address's flags is asked for; the others say how it fares.
constexpr std::uint32_t kGivenFlags =
    IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;

template <typename T>
std::string bytes_of(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <typename T>
T value_in(std::string_view bytes) {
  T value = {};
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof(value)));
  return value;
}

// The header's length and number are filled in by whoever sends it.
template <typename Body>
std::string request_of(int type, int flags, const Body& body) {
  nlmsghdr header = {};
  header.nlmsg_type = static_cast<unsigned short>(type);
  header.nlmsg_flags = static_cast<unsigned short>(NLM_F_REQUEST | flags);
  std::string request = bytes_of(header) + bytes_of(body);
  request.resize(NLMSG_LENGTH(NLMSG_ALIGN(sizeof(body))), '\0');
  return request;
}

void add_attribute(std::string& request, unsigned short type, std::string_view value) {
  rtattr header = {};
  header.rta_len = static_cast<unsigned short>(RTA_LENGTH(value.size()));
  header.rta_type = type;
  request += bytes_of(header);
  request += value;
  request.resize(NLMSG_ALIGN(request.size()), '\0');
}

void add_name(std::string& request, const std::string& name) {
  add_attribute(request, IFLA_IFNAME, std::string_view(name.c_str(), name.size() + 1));
}

template <typename Visit>
void each_attribute(std::string_view attributes, Visit&& visit) {
  while (attributes.size() >= sizeof(rtattr)) {
    const auto header = value_in<rtattr>(attributes);
    if (header.rta_len < sizeof(rtattr) || header.rta_len > attributes.size()) return;
    visit(header.rta_type, attributes.substr(sizeof(rtattr), header.rta_len - sizeof(rtattr)));
    attributes.remove_prefix(std::min<std::size_t>(RTA_ALIGN(header.rta_len), attributes.size()));
  }
}

// Empty: one that is not to be kept.
std::optional<NetAddress> address_in(std::string_view answer, int index) {
  const auto header = value_in<ifaddrmsg>(answer);
  if (static_cast<int>(header.ifa_index) != index || header.ifa_scope != RT_SCOPE_UNIVERSE) {
    return std::nullopt;
  }
  NetAddress address = {.family = header.ifa_family,
                        .prefix_length = header.ifa_prefixlen,
                        .scope = header.ifa_scope,
                        .attributes = {}};
  std::uint32_t flags = header.ifa_flags;
  each_attribute(answer.substr(std::min(NLMSG_ALIGN(sizeof(header)), answer.size())),
                 [&](unsigned short type, std::string_view value) {
                   if (type == IFA_FLAGS) flags = value_in<std::uint32_t>(value);
                   if (type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST ||
                       type == IFA_RT_PRIORITY) {
                     address.attributes.emplace_back(type, value);
                   }
                 });
  if ((flags & IFA_F_PERMANENT) == 0) return std::nullopt;
  address.attributes.emplace_back(IFA_FLAGS, bytes_of(flags & kGivenFlags));
  return address;
}

Fd route_socket() {
  Fd made(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!made) throw errno_error("rtnetlink socket");
  return made;
}

}  // namespace

NetDevices::NetDevices() : socket_(route_socket()) {}

NetDevices::NetDevices(int network)
    : socket_(socket_in(network, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)) {}

// Sends one request and gathers the answers until the kernel says that it is done.
// Errors: the kernel's refusal, as a bare errno.
std::vector<std::string> NetDevices::ask(std::string request) {
  auto header = value_in<nlmsghdr>(request);
  header.nlmsg_len = static_cast<std::uint32_t>(request.size());
  header.nlmsg_seq = ++sequence_;
  std::memcpy(request.data(), &header, sizeof(header));
  if (retry([&] { return ::send(socket_.get(), request.data(), request.size(), 0); }) < 0) {
    throw errno_error("rtnetlink");
  }
  std::vector<std::string> answers;
  std::string buffer(kMaxAnswer, '\0');
  for (;;) {
    const ssize_t count =
        retry([&] { return ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_TRUNC); });
    if (count < 0) throw errno_error("rtnetlink");
    if (static_cast<std::size_t>(count) > buffer.size()) throw errno_error("rtnetlink", EMSGSIZE);
    std::string_view rest(buffer.data(), static_cast<std::size_t>(count));
    while (rest.size() >= sizeof(nlmsghdr)) {
      const auto answer = value_in<nlmsghdr>(rest);
      if (answer.nlmsg_len < NLMSG_HDRLEN || answer.nlmsg_len > rest.size()) break;
      const std::string_view body = rest.substr(NLMSG_HDRLEN, answer.nlmsg_len - NLMSG_HDRLEN);
      rest.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(answer.nlmsg_len), rest.size()));
      if (answer.nlmsg_seq != sequence_) continue;
      if (answer.nlmsg_type == NLMSG_DONE) return answers;
      if (answer.nlmsg_type != NLMSG_ERROR) {
        answers.emplace_back(body);
        continue;
      }
      const int code = -value_in<nlmsgerr>(body).error;
      if (code != 0) throw errno_error("rtnetlink", code);
      return answers;
    }
  }
}

std::optional<NetDevice> NetDevices::find(const std::string& name) {
  std::string request = request_of(RTM_GETLINK, NLM_F_ACK, ifinfomsg{});
  add_name(request, name);
  try {  // the kernel's word for none
    const std::vector<std::string> answers = ask(std::move(request));
    if (answers.empty()) return std::nullopt;
    const auto found = value_in<ifinfomsg>(answers.front());
    return NetDevice{.index = found.ifi_index, .is_up = (found.ifi_flags & IFF_UP) != 0};
  } catch (const Error& error) {
    if (error.code() == ENODEV) return std::nullopt;
    throw;
  }
}

std::vector<NetAddress> NetDevices::addresses(int index) {
  std::vector<NetAddress> found;
  for (const std::string& answer : ask(request_of(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}))) {
    if (auto address = address_in(answer, index)) found.push_back(std::move(*address));
  }
  return found;
}

void NetDevices::add_address(int index, const NetAddress& address) {
  ifaddrmsg body = {};
  body.ifa_family = address.family;
  body.ifa_prefixlen = address.prefix_length;
  body.ifa_scope = address.scope;
  body.ifa_index = static_cast<unsigned>(index);
  std::string request = request_of(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, body);
  for (const auto& [type, value] : address.attributes) add_attribute(request, type, value);
  (void)in_context("add an address", [&] { return ask(std::move(request)); });
}

void NetDevices::set_up(int index) {
  ifinfomsg body = {};
  body.ifi_index = index;
  body.ifi_flags = IFF_UP;
  body.ifi_change = IFF_UP;
  (void)in_context("set up", [&] { return ask(request_of(RTM_SETLINK, NLM_F_ACK, body)); });
}

void NetDevices::move(int index, int network, const std::string& name) {
  ifinfomsg body = {};
  body.ifi_index = index;
  std::string request = request_of(RTM_SETLINK, NLM_F_ACK, body);
  add_attribute(request, IFLA_NET_NS_FD, bytes_of(network));
  add_name(request, name);
  try {  // the errno says too little
    (void)ask(std::move(request));
  } catch (Error& error) {
    error.add_context(format("move it as \"{}\"", name));
    if (error.code() == EPERM) {
      error.set_hint(
          "this takes CAP_NET_ADMIN in the user namespace that owns the device's network "
          "namespace: "
          "for a device of the host that is the host's root");
    } else if (error.code() == EINVAL) {
      error.set_hint("some devices, such as lo, never leave their network namespace");
    }
    throw;
  }
}

}  // namespace sys
