// SPDX-License-Identifier: Apache-2.0
#include "sys/network_namespace.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/format.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace sys {
namespace {

int bring_up_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return 0;  // no IPv4, and no `lo` to speak of
  ifreq request = {};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  const int result = ::ioctl(socket, SIOCSIFFLAGS, &request);
  (void)::close(socket);
  return result;
}

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

NetworkNamespaceMaker::NetworkNamespaceMaker(const Procfs& proc)
    : procfs_(proc.fd()), parent_(own_pid()) {
  helper_.emplace(run, this, 0);
}

NetworkNamespaceMaker::~NetworkNamespaceMaker() {
  if (helper_) let_go();
}

Fd NetworkNamespaceMaker::make(const NetworkOrder& order) {
  order_ = order;
  let_go();
  helper_.reset();
  Fd network(network_);
  if (failed_ != nullptr) throw errno_error(format("make a network namespace: {}", failed_), code_);
  if (!is_up_) throw Error("make a network namespace: the helper did not end as it should");
  return network;
}

void NetworkNamespaceMaker::let_go() noexcept {
  is_ordered_ = 1;
  if (futex(is_ordered_, FUTEX_WAKE, 1) < 0) helper_->kill();  // or we would wait for it for ever
}

// Shares our memory: no allocation, no exceptions.
int NetworkNamespaceMaker::run(void* self) noexcept {
  return static_cast<NetworkNamespaceMaker*>(self)->wait_and_make();
}

int NetworkNamespaceMaker::wait_and_make() {
  const auto fail = [this](const char* step) {
    code_ = errno;
    failed_ = step;
    return 1;
  };
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody else would ever end it
  if (::getppid() != parent_) return 1;
  while (is_ordered_ == 0) (void)futex(is_ordered_, FUTEX_WAIT, 0);
  if (order_.channel < 0) return 0;
  if (order_.user >= 0 && ::setns(order_.user, CLONE_NEWUSER) < 0) return fail("setns");
  if (::unshare(CLONE_NEWNET) < 0) return fail("unshare");
  // Of the trusted /proc; "self" is this helper, which is a process of its own.
  network_ = ::openat(procfs_, "self/ns/net", O_RDONLY | O_CLOEXEC);
  if (network_ < 0) return fail("open it");
  // Sent from here, for whoever waits gains 0.3 ms. A receiver that is gone is noticed elsewhere.
  const long sent = send_descriptor(order_.channel, order_.message, network_);
  if (sent < 0 && errno != EPIPE && errno != ECONNRESET) return fail("send it");
  if (bring_up_loopback() < 0) return fail("bring up lo");
  is_up_ = true;
  return 0;
}

}  // namespace sys
