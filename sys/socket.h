// SPDX-License-Identifier: Apache-2.0
// Unix sockets: pairs, paths of any length, messages with descriptors. Source: unix(7), cmsg(3).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/fd.h"

namespace sys {

struct SocketPair {
  Fd first, second;
};
/// Connected SOCK_SEQPACKET sockets: whole messages, end of file when the other side is gone.
SocketPair make_channel();

/// A listening SOCK_SEQPACKET socket `name` (mode 0600) in directory `dir`.
Fd listen_at(int dir, const std::string& name);
/// The same as a SOCK_STREAM socket, for whoever sends a --console-socket's descriptor.
Fd listen_stream_at(int dir, const std::string& name);
/// Connects to it. Empty: there is no such socket, or nobody listens.
std::optional<Fd> connect_at(int dir, const std::string& name);
/// Connects a SOCK_STREAM socket to a path of the caller's, as --console-socket.
Fd connect_path(const std::string& path);
/// A bound SOCK_DGRAM socket `name` in directory `dir`, writable by everybody who can reach it.
Fd bind_datagram_at(int dir, const std::string& name);
/// One datagram to a path or, with a leading '@', an abstract name.
void send_datagram(const std::string& path, std::string_view message);
Fd accept_connection(int listener);

/// The peer's uid as this process's user namespace sees it. Source: SO_PEERCRED.
uid_t peer_uid(int socket);

/// Sends one message, never raising SIGPIPE. False: the peer is gone.
bool send_message(int socket, std::string_view message, const std::vector<int>& fds = {});

/// Sends `head` and `body` as one message, without waiting.
enum class Sent { kDone, kFull, kGone };
Sent send_now(int socket, std::string_view head, std::string_view body);

struct Message {
  std::string text;
  std::vector<Fd> fds;
};
/// Receives one message of at most `limit` bytes (32 KiB at most) and 16 descriptors; empty at end
/// of file. Errors: EMSGSIZE when it is longer.
std::optional<Message> receive_message(int socket, std::size_t limit);

/// Waits until the peer says something or goes. True: it went before it had read, or even accepted,
/// what we sent. Source: unix(7); SO_ERROR is ECONNRESET then.
bool went_unheard(int socket);

/// Sends `message` with a descriptor: how many bytes went, or -1 with errno. For who shares memory:
/// no allocation, no exceptions.
long send_descriptor(int socket, std::string_view message, int fd) noexcept;

}  // namespace sys
