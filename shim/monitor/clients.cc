// SPDX-License-Identifier: Apache-2.0
#include "shim/monitor/clients.h"

#include <algorithm>

#include "shim/monitor/directory.h"
#include "shim/monitor/protocol.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace shim {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

Clients::Clients(int sockets, const MonitorConfig& config, ClientHandlers handlers)
    : has_terminal_(config.has_terminal),
      has_input_(config.input != Input::kNone),
      handlers_(std::move(handlers)) {
  (void)sys::unlink_at_if_exists(sockets, kAttachSocket);
  listener_ = sys::listen_at(sockets, kAttachSocket);
  clients_.reserve(kMaxClients);
}

void Clients::add(sys::Fd connection) {
  sys::set_nonblocking(connection.get(), true);
  clients_.push_back({.socket = std::move(connection), .input = {}, .answers = {}});
}

void Clients::accept_one() {
  sys::Fd connection = sys::accept_connection(listener_.get());
  if (sys::peer_uid(connection.get()) != sys::effective_uid()) return;  // INV-11
  add(std::move(connection));
}

void Clients::wait_on(std::vector<sys::Waiting>& entries) const {
  // Who can't be served now waits in the queue of the socket.
  const bool has_room = clients_.size() < kMaxClients;
  entries.push_back({.fd = listener_.get(), .wants_input = listener_ && has_room});
  for (const Client& client : clients_) {
    // One message after the other: who has not been answered is not listened to.
    const bool listens = client.answers.empty();
    entries.push_back({.fd = client.socket.get(),
                       .wants_input = listens,
                       .wants_output = client.wants_sending()});
  }
}

void Clients::handle(const sys::Waiting* entries, Moment now) {
  const bool has_visitor = entries[0].has_input;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (entries[i + 1].has_output) send_rest(clients_[i], now);
    if (entries[i + 1].has_input) read_from(clients_[i]);
  }
  drop_slow(now);
  remove_gone();
  if (has_visitor) accept_one();
}

void Clients::read_from(Client& client) {
  char message[kMaxInput + 2];
  while (client.answers.empty() && !client.is_gone) {
    const std::optional<long> length = sys::read_now(client.socket.get(), message, sizeof(message));
    if (!length) return;
    // INV-12: a longer one has been cut.
    if (*length <= 0 || *length == static_cast<long>(sizeof(message))) {
      client.is_gone = true;
      return;
    }
    obey(client, message[0], {message + 1, static_cast<std::size_t>(*length) - 1});
  }
}

void Clients::obey(Client& client, char letter, std::string_view text) {
  switch (letter) {
    case kAttach:
      client.wants_output = true;
      client.has_input = has_input_ && text.find(kWithInput) != std::string_view::npos;
      client.is_waited_for = text.find(kWaitedFor) != std::string_view::npos;
      return answer(client, {kHello, has_terminal_ ? '1' : '0'});
    case kInput:
      if (!client.input.empty()) {  // it did not wait for kDone
        client.is_gone = true;
        return;
      }
      if (!client.has_input) return answer(client, {kDone});
      client.input = text;
      client.input_begin = 0;
      return;
    case kInputEnd:
      if (client.has_input) handlers_.end_input();
      return;
    case kNoRestart:
    case kReopenLog:
      handlers_.request(letter, text);
      return answer(client, {kDone});
    default:
      return handlers_.request(letter, text);
  }
}

void Clients::answer(Client& client, std::string text) {
  client.answers.push_back(std::move(text));
  send_rest(client, {});
}

void Clients::send_rest(Client& client, Moment now) {
  while (!client.answers.empty()) {
    switch (sys::send_now(client.socket.get(), client.answers.front(), {})) {
      case sys::Sent::kFull:
        return;
      case sys::Sent::kGone:
        client.is_gone = true;
        return;
      case sys::Sent::kDone:
        client.answers.erase(client.answers.begin());
    }
  }
  if (client.is_behind) send_chunk(client, now);
}

void Clients::send_chunk(Client& client, Moment now) {
  switch (sys::send_now(client.socket.get(), {&letter_, 1}, output_)) {
    case sys::Sent::kDone:
      client.is_behind = false;
      return;
    case sys::Sent::kGone:
      client.is_gone = true;
      return;
    case sys::Sent::kFull:
      if (!client.is_behind) client.behind_since = now;
      client.is_behind = true;
  }
}

void Clients::send_output(char letter, std::string_view data, Moment now) {
  letter_ = letter;
  output_ = data;
  for (Client& client : clients_) {
    if (client.wants_output) send_chunk(client, now);
  }
  remove_gone();
}

bool Clients::is_behind() const { return std::ranges::any_of(clients_, &Client::is_behind); }

std::optional<Moment> Clients::deadline() const {
  std::optional<Moment> first;
  for (const Client& client : clients_) {
    if (!client.is_behind || client.is_waited_for) continue;
    const Moment end = client.behind_since + kPatience;
    if (!first || end < *first) first = end;
  }
  return first;
}

void Clients::drop_slow(Moment now) {
  for (Client& client : clients_) {
    if (!client.is_behind || client.is_waited_for) continue;
    if (now < client.behind_since + kPatience) continue;
    // There may be room for one letter; if not, it sees the end of the connection.
    (void)sys::send_now(client.socket.get(), {&kTooSlow, 1}, {});
    client.is_gone = true;
  }
}

void Clients::remove_gone() {
  // Its input is passed on first: it was accepted.
  const auto is_over = [](const Client& client) {
    return client.is_gone && client.input.size() == client.input_begin;
  };
  for (Client& client : clients_) {
    if (client.is_gone) client.is_behind = client.wants_output = false;
  }
  for (std::size_t i = 0; i < clients_.size();) {
    if (!is_over(clients_[i])) {
      ++i;
      continue;
    }
    const bool had_input = clients_[i].has_input;
    clients_.erase(clients_.begin() + static_cast<std::ptrdiff_t>(i));
    if (had_input) handlers_.end_input();
  }
}

bool Clients::has_input() const {
  return std::ranges::any_of(clients_, [](const Client& client) { return !client.input.empty(); });
}

void Clients::pass_input(int input) {
  for (Client& client : clients_) {
    while (client.input_begin < client.input.size()) {
      const std::size_t size = client.input.size() - client.input_begin;
      const std::optional<long> count =
          input < 0 ? -1 : sys::write_now(input, client.input.data() + client.input_begin, size);
      if (!count) return;
      // Nobody reads it any more: it counts as read.
      client.input_begin += *count < 0 ? size : static_cast<std::size_t>(*count);
    }
    if (client.input.empty()) continue;
    client.input.clear();
    client.input_begin = 0;
    if (!client.is_gone) answer(client, {kDone});
  }
  remove_gone();
}

void Clients::close_door(int sockets) {
  (void)sys::unlink_at_if_exists(sockets, kAttachSocket);
  // Who knocked in the last moment is told as well.
  std::vector<sys::Waiting> door = {{.fd = listener_.get(), .wants_input = true}};
  for (sys::wait_for_any(door, 0); door[0].has_input && clients_.size() < kMaxClients;
       sys::wait_for_any(door, 0)) {
    accept_one();
  }
  listener_.reset();
}

void Clients::say_goodbye(int exit_code) {
  const Moment end = std::chrono::steady_clock::now() + kPatience;
  for (Client& client : clients_) answer(client, sys::format("{}{}", kExit, exit_code));
  for (;;) {
    const Moment now = std::chrono::steady_clock::now();
    std::erase_if(clients_, [&](const Client& client) {
      return client.is_gone || !client.wants_sending() || (!client.is_waited_for && now >= end);
    });
    if (clients_.empty()) return;
    std::vector<sys::Waiting> entries;
    for (const Client& client : clients_) {
      entries.push_back({.fd = client.socket.get(), .wants_output = true});
    }
    sys::wait_for_any(entries, 1000);
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].has_output) send_rest(clients_[i], now);
    }
  }
}

}  // namespace shim
