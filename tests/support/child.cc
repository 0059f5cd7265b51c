// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child.h"

#include <exception>

#include "sys/error.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace support {
namespace {

constexpr std::size_t kMaxText = 60000;  // fits a pipe, so that the child waits for nobody

struct Task {
  const std::function<void()>& part;
  int output;
};

void child_main(void* argument) noexcept {
  const Task& task = *static_cast<const Task*>(argument);
  std::string text;
  try {
    task.part();
    sys::exit_now(0);
  } catch (const sys::Error& error) {
    text = error.what();
    if (!error.hint().empty()) text += "\nhint: " + error.hint();
  } catch (const std::exception& error) {
    text = error.what();
  }
  try {
    sys::write_all(task.output, text.substr(0, kMaxText));
  } catch (const std::exception&) {
    sys::exit_now(2);
  }
  sys::exit_now(1);
}

}  // namespace

std::string in_child(const std::function<void()>& part) {
  sys::Pipe pipe = sys::make_pipe();
  Task task = {.part = part, .output = pipe.write_end.get()};
  const sys::Process child = sys::clone_child({}, child_main, &task);
  const sys::ExitStatus status = sys::wait_child(child);
  pipe.write_end.reset();
  if (status.code == 0) return {};
  // Whoever the child has left behind may hold the other end: no reading until it is closed.
  const std::string text = status.code == 1 ? sys::read_some(pipe.read_end.get(), kMaxText) : "";
  return text.empty() ? "ended with code " + std::to_string(status.code) : text;
}

void expect(bool is_true, const std::string& what) {
  if (!is_true) throw sys::Error(what);
}

}  // namespace support
