// SPDX-License-Identifier: Apache-2.0
#include "sys/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "sys/error.h"
#include "sys/retry.h"
#include "sys/socket.h"
#include "sys/stub.h"

namespace sys {
namespace {

constexpr std::size_t kStack = 1024 * 1024;  // as in clone.cc, but for a page or two never touched
constexpr int kNotLoadedYet = -2;

long load_filter(std::string_view program, std::uint32_t flags) {
  sock_fprog filter = {};
  filter.len = static_cast<unsigned short>(program.size() / sizeof(sock_filter));
  filter.filter = reinterpret_cast<sock_filter*>(const_cast<char*>(program.data()));
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

// Of both threads. Neither can wait for the other in the kernel: what the first may call is the
// profile's to say as soon as there is a listener. So they look, for a millisecond or less.
struct Handover {
  const ListenerCall& call;
  std::atomic<int> listener = kNotLoadedYet;
  std::atomic<bool> is_done = false;
};

// 0, or -1 with errno.
int send_listener(const ListenerCall& call, int listener) {
  std::string_view rest = call.message;
  long sent = send_descriptor(call.agent, rest, listener);
  while (sent >= 0) {
    rest.remove_prefix(static_cast<std::size_t>(sent));
    if (rest.empty()) return 0;
    sent = retry([&] { return ::send(call.agent, rest.data(), rest.size(), MSG_NOSIGNAL); });
  }
  return -1;
}

// Shares our memory: no allocation, no exceptions.
int hand_over(void* data) {
  Handover& task = *static_cast<Handover*>(data);
  int listener = kNotLoadedYet;
  while ((listener = task.listener) == kNotLoadedYet) (void)::sched_yield();
  if (listener < 0) return 0;
  if (send_listener(task.call, listener) < 0) {
    const int word = stub_word(StubStep::kListener, errno);
    (void)retry([&] { return ::send(task.call.status, &word, sizeof(word), MSG_NOSIGNAL); });
    ::_exit(1);  // with the other thread, which could not go without a listener
  }
  task.is_done = true;
  return 0;
}

}  // namespace

void install_seccomp_filter(std::string_view program, std::uint32_t flags) {
  if (load_filter(program, flags) < 0) throw errno_error("load the seccomp filter");
}

void install_notifying_filter(std::string_view program, std::uint32_t flags,
                              const ListenerCall& call) {
  void* stack = ::mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) throw errno_error("stack of a thread");
  Handover task{.call = call};
  constexpr int kThread =
      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  if (::clone(hand_over, static_cast<char*>(stack) + kStack, kThread, &task) < 0) {
    throw errno_error("a thread to send the seccomp listener");
  }
  const long listener = load_filter(program, flags);
  const int code = errno;
  task.listener = static_cast<int>(listener);
  if (listener < 0) throw errno_error("load the seccomp filter", code);
  // From here on the profile decides. The stack stays until the exec.
  while (!task.is_done) {
  }
}

bool has_seccomp_flags(std::uint32_t flags) {
  // Unknown ones are EINVAL; the missing program is looked for after that. Source: seccomp(2).
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, nullptr) < 0 && errno == EFAULT;
}

}  // namespace sys
