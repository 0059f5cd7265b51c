// SPDX-License-Identifier: Apache-2.0
#include "sys/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/retry.h"

namespace sys {
namespace {

constexpr std::size_t kMaxDescriptors = 16;
constexpr std::size_t kMaxMessage = 32768;  // of any caller

struct Address {
  sockaddr_un raw = {};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&raw); }
};

Address make_address(const std::string& path) {
  Address address;
  address.raw.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.raw.sun_path)) {
    throw errno_error(format("socket \"{}\"", path), ENAMETOOLONG);
  }
  std::memcpy(address.raw.sun_path, path.data(), path.size());
  address.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (!path.empty() && path[0] == '@') {
    address.raw.sun_path[0] = '\0';
    --address.length;
  }
  return address;
}

// A name in an open directory, whose own path may be longer than sun_path holds.
Address address_at(int dir, const std::string& name) {
  return make_address(format("/proc/self/fd/{}/{}", dir, name));
}

Fd make_socket(int type) {
  const int fd = ::socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd < 0) throw errno_error("socket");
  return Fd(fd);
}

void bind_with_mode(const Fd& socket, int dir, const std::string& name, mode_t mode) {
  const Address address = address_at(dir, name);
  // Nobody can connect before listen(2), and the directory is ours: the mode may follow the name.
  if (::bind(socket.get(), address.get(), address.length) < 0 ||
      ::fchmodat(dir, name.c_str(), mode, 0) < 0) {
    throw errno_error(format("make socket \"{}\"", name));
  }
}

Fd listen_as(int type, int dir, const std::string& name) {
  Fd socket = make_socket(type);
  bind_with_mode(socket, dir, name, 0600);
  if (::listen(socket.get(), 8) < 0) throw errno_error("listen");
  return socket;
}

}  // namespace

SocketPair make_channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    throw errno_error("socketpair");
  }
  return {.first = Fd(ends[0]), .second = Fd(ends[1])};
}

Fd listen_at(int dir, const std::string& name) { return listen_as(SOCK_SEQPACKET, dir, name); }

Fd listen_stream_at(int dir, const std::string& name) { return listen_as(SOCK_STREAM, dir, name); }

std::optional<Fd> connect_at(int dir, const std::string& name) {
  Fd socket = make_socket(SOCK_SEQPACKET);
  const Address address = address_at(dir, name);
  if (retry([&] { return ::connect(socket.get(), address.get(), address.length); }) == 0) {
    return socket;
  }
  if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
  throw errno_error(format("connect to \"{}\"", name));
}

Fd connect_path(const std::string& path) {
  Fd socket = make_socket(SOCK_STREAM);
  const Fd target = open_path(path, O_PATH);
  const Address address = make_address(fd_path(target.get()));
  if (retry([&] { return ::connect(socket.get(), address.get(), address.length); }) < 0) {
    throw errno_error(format("connect to \"{}\"", path));
  }
  return socket;
}

Fd bind_datagram_at(int dir, const std::string& name) {
  Fd socket = make_socket(SOCK_DGRAM);
  bind_with_mode(socket, dir, name, 0666);
  return socket;
}

void send_datagram(const std::string& path, std::string_view message) {
  const Fd socket = make_socket(SOCK_DGRAM);
  const Address address = make_address(path);
  if (retry([&] {
        return ::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL, address.get(),
                        address.length);
      }) < 0) {
    throw errno_error(format("send to \"{}\"", path));
  }
}

Fd accept_connection(int listener) {
  const int fd = retry([&] { return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC); });
  if (fd < 0) throw errno_error("accept");
  return Fd(fd);
}

uid_t peer_uid(int socket) {
  ucred peer = {};
  socklen_t size = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
    throw errno_error("SO_PEERCRED");
  }
  return peer.uid;
}

bool send_message(int socket, std::string_view message, const std::vector<int>& fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  iovec data = {.iov_base = const_cast<char*>(message.data()), .iov_len = message.size()};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (fds.size() > kMaxDescriptors) throw errno_error("sendmsg: too many descriptors", E2BIG);
  if (!fds.empty()) {
    const std::size_t bytes = fds.size() * sizeof(int);
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(bytes);
    std::memcpy(CMSG_DATA(part), fds.data(), bytes);
  }
  if (retry([&] { return ::sendmsg(socket, &header, MSG_NOSIGNAL); }) >= 0) return true;
  if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN) return false;
  throw errno_error("sendmsg");
}

Sent send_now(int socket, std::string_view head, std::string_view body) {
  iovec parts[2] = {{.iov_base = const_cast<char*>(head.data()), .iov_len = head.size()},
                    {.iov_base = const_cast<char*>(body.data()), .iov_len = body.size()}};
  msghdr header = {};
  header.msg_iov = parts;
  header.msg_iovlen = 2;
  if (retry([&] { return ::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT); }) >= 0) {
    return Sent::kDone;
  }
  return errno == EAGAIN || errno == ENOBUFS ? Sent::kFull : Sent::kGone;
}

long send_descriptor(int socket, std::string_view message, int fd) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec data = {.iov_base = const_cast<char*>(message.data()), .iov_len = message.size()};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(part), &fd, sizeof(int));
  return retry([&] { return ::sendmsg(socket, &header, MSG_NOSIGNAL); });
}

std::optional<Message> receive_message(int socket, std::size_t limit) {
  Message message;
  char text[kMaxMessage];  // not a string's memory: that is written first, page by page
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxDescriptors * sizeof(int))] = {};
  iovec data = {.iov_base = text, .iov_len = std::min(limit, sizeof(text))};
  msghdr header = {};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const auto receive = [&] {
    return retry([&] { return ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC); });
  };
  ssize_t length = receive();
  // A peer that went with messages unread is told of first, and only once: what it said before is
  // still there.
  if (length < 0 && errno == ECONNRESET) length = receive();
  if (length < 0) throw errno_error("recvmsg");
  if (length == 0) return std::nullopt;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
      message.fds.emplace_back(fd);
    }
  }
  if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) throw errno_error("recvmsg", EMSGSIZE);
  message.text.assign(text, static_cast<std::size_t>(length));
  return message;
}

bool went_unheard(int socket) {
  pollfd waiting = {.fd = socket, .events = POLLIN, .revents = 0};
  if (retry([&] { return ::poll(&waiting, 1, -1); }) < 0) throw errno_error("poll");
  int code = 0;
  socklen_t size = sizeof(code);
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size) < 0) throw errno_error("SO_ERROR");
  return code == ECONNRESET;
}

}  // namespace sys
