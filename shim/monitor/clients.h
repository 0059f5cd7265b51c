// SPDX-License-Identifier: Apache-2.0
// Who is attached to the container: connections on attach.sock, what they are sent and what they
// ask for. A client can keep the container waiting, but not for ever (docs/monitor.md).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shim/monitor/monitor_config.h"
#include "sys/event.h"
#include "sys/fd.h"

namespace shim {

using Moment = std::chrono::steady_clock::time_point;

/// What the monitor does for its clients. `text` is what a message says after its letter.
struct ClientHandlers {
  std::function<void(char letter, std::string_view text)> request;
  std::function<void()> end_input;  // a client with input has ended it, or gone
};

class Clients {
 public:
  /// Makes attach.sock in directory `sockets`, in the place of one that a dead monitor left.
  Clients(int sockets, const MonitorConfig& config, ClientHandlers handlers);

  /// A connection that was made elsewhere.
  void add(sys::Fd connection);

  /// Adds what to wait for; the same number of entries is for `handle`.
  void wait_on(std::vector<sys::Waiting>& entries) const;
  /// Does what can be done. entries: from the first that wait_on added.
  void handle(const sys::Waiting* entries, Moment now);
  /// When somebody is to be dropped; none: nobody.
  std::optional<Moment> deadline() const;

  /// Sends `data` to all who want output. It must stay as it is while is_behind().
  void send_output(char letter, std::string_view data, Moment now);
  /// Whether somebody has not got the last output yet.
  bool is_behind() const;

  bool has_input() const;
  /// Writes what clients have sent; input -1: throws it away.
  void pass_input(int input);

  /// Nobody can connect any more.
  void close_door(int sockets);
  /// Tells everybody how it ended, and is done with them.
  void say_goodbye(int exit_code);

 private:
  struct Client {
    sys::Fd socket;
    bool wants_output = false, has_input = false, is_waited_for = false;
    bool is_behind = false, is_gone = false;
    Moment behind_since = {};
    std::string input;  // still to be written, from input_begin on
    std::size_t input_begin = 0;
    std::vector<std::string> answers;  // still to be sent

    bool wants_sending() const { return is_behind || !answers.empty(); }
  };

  void accept_one();
  void read_from(Client& client);
  void obey(Client& client, char letter, std::string_view text);
  void answer(Client& client, std::string text);
  void send_rest(Client& client, Moment now);
  void send_chunk(Client& client, Moment now);
  void drop_slow(Moment now);
  void remove_gone();

  bool has_terminal_, has_input_;
  ClientHandlers handlers_;
  sys::Fd listener_;
  std::vector<Client> clients_;
  char letter_ = 0;
  std::string_view output_;
};

}  // namespace shim
