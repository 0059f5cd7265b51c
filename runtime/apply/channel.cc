// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/channel.h"

#include <cstring>

#include "sys/socket.h"
#include "sys/stub.h"

namespace runtime {
namespace {

constexpr std::size_t kMaxMessage = 16384;
constexpr std::size_t kHeader = 1 + sizeof(int);

std::string encode(MessageKind kind, int code, std::string_view text, std::string_view hint) {
  std::string message(kHeader, '\0');
  message[0] = static_cast<char>(kind);
  std::memcpy(message.data() + 1, &code, sizeof(code));
  message.append(text);
  message += '\0';
  message.append(hint);
  if (message.size() > kMaxMessage) message.resize(kMaxMessage);
  return message;
}

int decode_int(const char* bytes) {
  int value = 0;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

const char* name_of_step(int step) {
  switch (static_cast<sys::StubStep>(step)) {
    case sys::StubStep::kExec:
      return "exec";
    case sys::StubStep::kFilter:
      return "load the seccomp filter";
    case sys::StubStep::kLabel:
      return "apply the label";
    case sys::StubStep::kListener:
      return "send the listener to the seccomp agent";
  }
  return "execute the program";
}

}  // namespace

bool send(int channel, MessageKind kind, const std::string& text,
          const std::vector<int>& descriptors) {
  return sys::send_message(channel, encode(kind, 0, text, {}), descriptors);
}

std::string encode(MessageKind kind) { return encode(kind, 0, {}, {}); }

bool send_failure(int channel, const sys::Error& error) {
  return sys::send_message(channel,
                           encode(MessageKind::kFailed, error.code(), error.what(), error.hint()));
}

std::optional<ChannelMessage> receive(int channel) {
  std::optional<sys::Message> raw = sys::receive_message(channel, kMaxMessage);
  if (!raw) return std::nullopt;
  ChannelMessage message;
  if (raw->text.size() == sizeof(int)) {  // the sealed stub: see sys/stub.h
    const int word = decode_int(raw->text.data());
    const sys::Error error = sys::errno_error(name_of_step(word >> 16), word & 0xffff);
    message.text = error.what();
    message.code = error.code();
    return message;
  }
  const auto kind = raw->text.empty() ? 0 : static_cast<unsigned char>(raw->text[0]);
  if (raw->text.size() < kHeader || kind < static_cast<unsigned char>(MessageKind::kGo) ||
      kind > static_cast<unsigned char>(MessageKind::kDevices)) {
    throw sys::Error("a message that is none of ours", EPROTO);
  }
  message.kind = static_cast<MessageKind>(kind);
  message.code = decode_int(raw->text.data() + 1);
  const std::string_view rest = std::string_view(raw->text).substr(kHeader);
  const std::size_t end = rest.find('\0');
  message.text = rest.substr(0, end);
  if (end != std::string_view::npos) message.hint = rest.substr(end + 1);
  message.descriptors = std::move(raw->fds);
  return message;
}

}  // namespace runtime
