// SPDX-License-Identifier: Apache-2.0
// A network namespace made beside everything else: the kernel takes half a millisecond for one.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sys/fd.h"
#include "sys/procfs.h"
#include "sys/sharing_process.h"

namespace sys {

/// Where, and whom to tell. `user`: the user namespace that will own it, -1: our own. `message`
/// goes with its descriptor over `channel` as soon as it exists.
struct NetworkOrder {
  int user = -1;
  int channel = -1;
  std::string_view message;
};

/// A helper that enters both namespaces, so that we do not. It is cloned before the child that is
/// to have the network, and waits: the kernel puts the first child beside its parent and the second
/// one on another processor, and it is the child that must not wait for ours.
class NetworkNamespaceMaker {
 public:
  explicit NetworkNamespaceMaker(const Procfs& proc);
  /// Without an order the helper ends.
  ~NetworkNamespaceMaker();
  NetworkNamespaceMaker(const NetworkNamespaceMaker&) = delete;
  NetworkNamespaceMaker& operator=(const NetworkNamespaceMaker&) = delete;

  /// Makes it, and returns it when its `lo` is up.
  Fd make(const NetworkOrder& order);

 private:
  static int run(void* self) noexcept;
  void let_go() noexcept;
  int wait_and_make();

  int procfs_;
  pid_t parent_;
  NetworkOrder order_;
  std::atomic<std::uint32_t> is_ordered_ = 0;  // a futex
  int network_ = -1;                           // once it is made
  bool is_up_ = false;
  const char* failed_ = nullptr;
  int code_ = 0;
  std::optional<SharingProcess> helper_;
};

}  // namespace sys
