// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/labels.h"

#include <optional>

#include "runtime/apply/channel.h"
#include "sys/error.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace runtime {
namespace {

struct Trial {
  const sys::ExecLabels& labels;
  const sys::Procfs& proc;
  int channel;
};

void trial_main(void* argument) noexcept {
  const auto& trial = *static_cast<const Trial*>(argument);
  try {
    sys::set_exec_labels(trial.proc, trial.labels);
    (void)send(trial.channel, MessageKind::kReady);
  } catch (const sys::Error& error) {
    try {
      (void)send_failure(trial.channel, error);
    } catch (...) {  // saying nothing is a failure, too
    }
  } catch (...) {  // likewise
  }
  sys::exit_now(0);
}

}  // namespace

void check_labels(const sys::ExecLabels& labels, const std::string& mount_label,
                  const sys::Procfs& proc) {
  if (!labels.apparmor.empty() && !sys::has_apparmor(proc)) {
    throw sys::Error("unable to apply apparmor profile: apparmor is not enabled on this machine",
                     ENOTSUP);
  }
  if ((!labels.selinux.empty() || !mount_label.empty()) && !sys::has_selinux()) {
    throw sys::Error(
        "selinux label is specified in config, but selinux is disabled or not supported", ENOTSUP);
  }
}

void try_labels(const sys::ExecLabels& labels, const sys::Procfs& proc) {
  sys::SocketPair channel = sys::make_channel();
  Trial trial = {.labels = labels, .proc = proc, .channel = channel.second.get()};
  const sys::Process child = sys::clone_child({}, trial_main, &trial);
  channel.second.reset();
  const std::optional<ChannelMessage> answer = receive(channel.first.get());
  (void)sys::wait_child(child);
  if (!answer) throw sys::Error("the child that tries the labels has died", EPROTO);
  if (answer->kind == MessageKind::kFailed) {
    throw sys::Error(answer->text, answer->code, answer->hint);
  }
}

}  // namespace runtime
