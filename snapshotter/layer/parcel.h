// SPDX-License-Identifier: Apache-2.0
// Private to protocol*.cc: numbers and texts into bytes and back. Numbers are little-endian as the
// machine is; both ends run on it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "config/hash.h"
#include "snapshotter/layer/protocol.h"
#include "sys/error.h"

namespace snapshotter::protocol {

class Writer {
 public:
  Writer(Kind kind, std::uint32_t job) { parcel_.kind = kind, parcel_.job = job; }

  template <typename Number>
  void number(Number value) {
    static_assert(std::is_integral_v<Number>);
    char raw[sizeof(value)];
    std::memcpy(raw, &value, sizeof(value));
    parcel_.bytes.append(raw, sizeof(value));
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    parcel_.bytes += value;
  }
  void texts(const std::vector<std::string>& values) {
    number(static_cast<std::uint32_t>(values.size()));
    for (const std::string& value : values) text(value);
  }
  void digest(const config::Digest& value) { text(value.empty() ? std::string() : value.text()); }
  /// -1: none.
  void descriptor(int fd) {
    number(static_cast<std::uint8_t>(fd >= 0 ? 1 : 0));
    if (fd >= 0) parcel_.fds.push_back(fd);
  }
  Parcel take() { return std::move(parcel_); }

 private:
  Parcel parcel_;
};

class Reader {
 public:
  explicit Reader(const Received& from) : from_(from), rest_(from.bytes) {}

  template <typename Number>
  Number number() {
    static_assert(std::is_integral_v<Number>);
    Number value = 0;
    std::memcpy(&value, take(sizeof(value)).data(), sizeof(value));
    return value;
  }
  bool boolean() {
    const auto value = number<std::uint8_t>();
    if (value > 1) fail();
    return value == 1;
  }
  /// A closed enum whose last value is `last`.
  template <typename Enum>
  Enum choice(Enum last) {
    const auto value = number<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) fail();
    return static_cast<Enum>(value);
  }
  std::string text(std::size_t limit) {
    const auto size = number<std::uint32_t>();
    if (size > limit) fail();
    return std::string(take(size));
  }
  /// How many things of at least `bytes` each follow.
  std::uint32_t count(std::size_t bytes) {
    const auto size = number<std::uint32_t>();
    if (size > rest_.size() / bytes) fail();
    return size;
  }
  std::vector<std::string> texts(std::size_t limit) {
    std::vector<std::string> values(count(sizeof(std::uint32_t)));
    for (std::string& value : values) value = text(limit);
    return values;
  }
  config::Digest digest() {
    const std::string value = text(256);
    return value.empty() ? config::Digest() : config::parse_digest(value);
  }
  int descriptor() {
    if (!boolean()) return -1;
    if (next_fd_ >= from_.fds.size()) fail();
    return from_.fds[next_fd_++].get();
  }
  int required_descriptor() {
    const int fd = descriptor();
    if (fd < 0) fail();
    return fd;
  }
  void finish() const {
    if (!rest_.empty() || next_fd_ != from_.fds.size()) fail();
  }
  [[noreturn]] static void fail() {
    throw sys::Error("tilla-layers: a message that makes no sense", EBADMSG);
  }

 private:
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  const Received& from_;
  std::string_view rest_;
  std::size_t next_fd_ = 0;
};

}  // namespace snapshotter::protocol
