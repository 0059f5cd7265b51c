// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/resctrl.h"

#include <fcntl.h>
#include <linux/magic.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace runtime {
namespace {

constexpr const char* kResctrl = "/sys/fs/resctrl";
constexpr const char* kSchemata = "schemata";
constexpr const char* kTasks = "tasks";
constexpr const char* kMonitors = "mon_groups";
constexpr std::size_t kMaxSchemata = 65536;

sys::Fd open_directory(int dir, const std::string& name) {
  return sys::open_at(dir, name, O_RDONLY | O_DIRECTORY);
}

void write_file(int dir, const char* name, std::string_view text) {
  // A class of the kernel's has all of its files; the stand-in of the tests gets them by this.
  const sys::Fd file = sys::open_at(dir, name, O_WRONLY | O_CREAT, 0600);
  sys::in_context(name, [&] { sys::write_all(file.get(), text); });
}

sys::Fd open_class(int resctrl, const IntelRdtStep& step) {
  return step.name.empty() ? sys::duplicate(resctrl) : open_directory(resctrl, step.name);
}

// Each in one write, in this order, as the specification has it.
void write_schemata(int dir, const IntelRdtStep& step) {
  for (const std::string* text : {&step.combined, &step.schemata}) {
    if (!text->empty()) write_file(dir, kSchemata, *text);
  }
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (end > 0) parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

std::string_view without(std::string_view text, char padding) {
  while (text.size() > 1 && text.front() == padding) text.remove_prefix(1);
  return text;
}

// "L3:0=00f;1=0ff" is {"L3:0=f", "L3:1=ff"}.
std::vector<std::string> domains_of(std::string_view schemata) {
  std::vector<std::string> domains;
  for (const std::string_view line : split(schemata, '\n')) {
    const std::string_view words = without(line, ' ');
    const std::size_t colon = std::min(words.find(':'), words.size());
    const std::string_view values = words.substr(std::min(colon + 1, words.size()));
    for (const std::string_view domain : split(values, ';')) {
      const std::size_t equals = std::min(domain.find('='), domain.size());
      const std::string_view value = domain.substr(std::min(equals + 1, domain.size()));
      domains.push_back(sys::format("{}:{}={}", words.substr(0, colon), domain.substr(0, equals),
                                    without(without(value, ' '), '0')));
    }
  }
  return domains;
}

}  // namespace

sys::Fd open_resctrl(const char* who) {
  std::optional<sys::Fd> found = sys::open_path_if_exists(kResctrl, O_RDONLY | O_DIRECTORY);
  if (found && sys::filesystem_type(found->get()) == RDTGROUP_SUPER_MAGIC) {
    return std::move(*found);
  }
  throw sys::Error(
      sys::format("{}: no resctrl file system on {}", who, kResctrl), ENODEV,
      "where the processor has it: mount -t resctrl resctrl /sys/fs/resctrl, which takes the "
      "host's root");
}

bool has_schemata(const std::string& present, const std::string& wanted) {
  const std::vector<std::string> there = domains_of(present);
  for (const std::string& domain : domains_of(wanted)) {
    if (std::find(there.begin(), there.end(), domain) == there.end()) return false;
  }
  return true;
}

ResctrlGroup::ResctrlGroup(sys::Fd resctrl, const IntelRdtStep& step)
    : resctrl_(std::move(resctrl)), step_(step) {
  try {  // the destructor does not run for an object that was never made
    sys::in_context("config.json: /linux/intelRdt", [&] { enter_class(); });
  } catch (...) {
    remove();
    throw;
  }
}

void ResctrlGroup::enter_class() {
  if (step_.may_make) has_made_class_ = sys::make_directory_at(resctrl_.get(), step_.name, 0755);
  class_ = open_class(resctrl_.get(), step_);
  if (has_made_class_) {
    write_schemata(class_.get(), step_);
  } else if (step_.is_own) {
    throw sys::Error(sys::format("there is a class \"{}\" already", step_.name), EEXIST);
  } else {
    const std::string present = sys::read_file_at(class_.get(), kSchemata, kMaxSchemata);
    if (!has_schemata(present, step_.combined + step_.schemata)) {
      throw sys::Error(sys::format("class \"{}\" is there with other schemata", step_.name),
                       EEXIST);
    }
  }
  if (step_.monitor.empty()) return;
  const sys::Fd monitors = open_directory(class_.get(), kMonitors);
  has_made_monitor_ = sys::make_directory_at(monitors.get(), step_.monitor, 0755);
  if (!has_made_monitor_) {
    throw sys::Error(sys::format("there is a monitoring group \"{}\" already", step_.monitor),
                     EEXIST);
  }
  monitor_ = open_directory(monitors.get(), step_.monitor);
}

void ResctrlGroup::add(pid_t pid) {
  sys::in_context("config.json: /linux/intelRdt", [&] {
    write_file(class_.get(), kTasks, std::to_string(pid));
    if (monitor_) write_file(monitor_.get(), kTasks, std::to_string(pid));
  });
}

ResctrlGroup::~ResctrlGroup() {
  if (!is_kept_) remove();
}

void ResctrlGroup::remove() noexcept {
  try {  // nothing that a failing or ending container can do more about
    if (has_made_monitor_) {
      sys::remove_directory_if_empty(open_directory(class_.get(), kMonitors).get(), step_.monitor);
    }
    if (!has_made_class_) return;
    // Somebody else may have been put into a class that has a name of the bundle's.
    if (!step_.is_own && !sys::read_file_at(class_.get(), kTasks, kMaxSchemata).empty()) return;
    sys::remove_directory_if_empty(resctrl_.get(), step_.name);
  } catch (...) {
  }
}

void join_resctrl(int resctrl, const IntelRdtStep& step) {
  sys::in_context("config.json: /linux/intelRdt", [&] {
    const sys::Fd group = open_class(resctrl, step);
    write_file(group.get(), kTasks, "0");  // whoever writes it
    if (step.monitor.empty()) return;
    const sys::Fd monitors = open_directory(group.get(), kMonitors);
    write_file(open_directory(monitors.get(), step.monitor).get(), kTasks, "0");
  });
}

void update_resctrl(int resctrl, const IntelRdtStep& step) {
  write_schemata(open_class(resctrl, step).get(), step);
}

void remove_resctrl(int resctrl, const IntelRdtStep& step) {
  if (step.is_own) return sys::remove_directory_if_empty(resctrl, step.name);
  if (step.monitor.empty()) return;
  const sys::Fd group = open_class(resctrl, step);
  sys::remove_directory_if_empty(open_directory(group.get(), kMonitors).get(), step.monitor);
}

}  // namespace runtime
