// SPDX-License-Identifier: Apache-2.0
// What the parent and the child of a clone say to each other: one closed set of messages. A failure
// in the child is thrown again in the parent. End of file from the child after Start means that
// the program runs: the descriptor is close-on-exec.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/error.h"
#include "sys/fd.h"

namespace runtime {

enum class MessageKind : unsigned char {
  kGo = 1,        // parent: the id maps are written
  kWarning = 2,   // child: text for the log
  kConsole = 3,   // child: the master of the pty comes with it
  kReady = 4,     // child: everything is done but the exec
  kCreated = 5,   // parent: the container is recorded; wait for `start`
  kStart = 6,     // parent, or `start`: run the program
  kNetwork = 7,   // parent: the network namespace comes with it
  kJoin = 8,      // `exec`, of a waiting init: what to join (the text), and the answer that has it
  kFailed = 9,    // child: errno, text and hint
  kMounted = 10,  // child: the root is built, and not entered yet; with hooks alone
  kHooksDone = 11,  // parent: its hooks have run; go on
  kIdmap = 12,     // child: a bind whose ids are to be mapped, and our user namespace, come with it
  kIdmapped = 13,  // parent: they are
  kDevices = 14,   // parent: the network devices are in the container\'s namespace
};

/// Names the root directory among what a kJoin asks for; the others are those of /proc/PID/ns. They
/// are separated by blanks, and the answer's descriptors come in their order.
constexpr const char* kRootToJoin = "root";

struct ChannelMessage {
  MessageKind kind = MessageKind::kFailed;
  std::string text;
  std::string hint;
  int code = 0;
  std::vector<sys::Fd> descriptors;
};

/// Sends one message; false when nobody listens any more.
bool send(int channel, MessageKind kind, const std::string& text = {},
          const std::vector<int>& descriptors = {});
/// The bytes of a message without text, for sys::NetworkNamespaceMaker to send.
std::string encode(MessageKind kind);
bool send_failure(int channel, const sys::Error& error);
/// Receives one; empty at end of file. A message of the stub's (one int) is a kFailed.
/// Errors: a message that is none of these. The other side may be hostile: all is bounded.
std::optional<ChannelMessage> receive(int channel);

}  // namespace runtime
