// SPDX-License-Identifier: Apache-2.0
#include "snapshotter/layer/protocol.h"

#include <algorithm>

#include "snapshotter/layer/parcel.h"
#include "sys/error.h"

namespace snapshotter::protocol {
namespace {

constexpr std::size_t kFdsPerMessage = 16;  // of sys::send_message

struct Head {  // of each fragment
  std::uint8_t version = kVersion;
  std::uint8_t kind = 0;
  std::uint8_t is_last = 0;
  std::uint8_t reserved = 0;
  std::uint32_t job = 0;
};

bool is_kind(std::uint8_t kind) {
  switch (static_cast<Kind>(kind)) {
    case Kind::kUnpack:
    case Kind::kPack:
    case Kind::kSplit:
    case Kind::kJoin:
    case Kind::kReady:
    case Kind::kProgress:
    case Kind::kDone:
    case Kind::kFailed:
      return true;
  }
  return false;
}

Head read_head(const std::string& text) {
  Head head;
  if (text.size() < sizeof(head)) Reader::fail();
  std::memcpy(&head, text.data(), sizeof(head));
  if (head.version != kVersion) {
    throw sys::Error("tilla-layers: it is of another version than tilla", EPROTO);
  }
  if (!is_kind(head.kind) || head.is_last > 1 || head.reserved != 0) Reader::fail();
  return head;
}

}  // namespace

bool send(int socket, const Parcel& parcel) {
  Head head;
  head.kind = static_cast<std::uint8_t>(parcel.kind);
  head.job = parcel.job;
  std::size_t sent_bytes = 0;
  std::size_t sent_fds = 0;
  do {
    const std::size_t bytes = std::min(kMaxFragment, parcel.bytes.size() - sent_bytes);
    const std::size_t fds = std::min(kFdsPerMessage, parcel.fds.size() - sent_fds);
    const std::vector<int> part(parcel.fds.begin() + static_cast<std::ptrdiff_t>(sent_fds),
                                parcel.fds.begin() + static_cast<std::ptrdiff_t>(sent_fds + fds));
    const bool is_last =
        sent_bytes + bytes == parcel.bytes.size() && sent_fds + fds == parcel.fds.size();
    head.is_last = is_last ? 1 : 0;
    std::string message(sizeof(head), '\0');
    std::memcpy(message.data(), &head, sizeof(head));
    message.append(parcel.bytes, sent_bytes, bytes);
    if (!sys::send_message(socket, message, part)) return false;
    sent_bytes += bytes;
    sent_fds += fds;
  } while (head.is_last == 0);
  return true;
}

std::optional<Received> Assembler::add(sys::Message message) {
  const Head head = read_head(message.text);
  const auto kind = static_cast<Kind>(head.kind);
  if (!partial_) partial_ = Received{.kind = kind, .job = head.job};
  if (partial_->kind != kind || partial_->job != head.job) Reader::fail();
  partial_->bytes.append(message.text, sizeof(head));
  for (sys::Fd& fd : message.fds) partial_->fds.push_back(std::move(fd));
  if (partial_->bytes.size() > max_bytes_ || partial_->fds.size() > kMaxDescriptors) {
    throw sys::Error("tilla-layers: a message that is too long", EMSGSIZE);
  }
  if (head.is_last == 0) return std::nullopt;
  std::optional<Received> whole = std::move(partial_);
  partial_.reset();
  return whole;
}

std::optional<Received> receive(int socket, Assembler& assembler) {
  for (;;) {
    std::optional<sys::Message> message = sys::receive_message(socket, 32'000);
    if (!message) return std::nullopt;
    if (std::optional<Received> whole = assembler.add(std::move(*message))) return whole;
  }
}

}  // namespace snapshotter::protocol
