// SPDX-License-Identifier: Apache-2.0
#include "runtime/apply/net_devices.h"

#include <fcntl.h>

#include <algorithm>

#include "sys/error.h"
#include "sys/format.h"

namespace runtime {
namespace {

constexpr int kMostNumbers = 4096;

// "eth%d" is the first that neither the namespace has nor another of our devices gets.
std::string free_name(const std::string& wanted, sys::NetDevices& there,
                      const std::vector<std::string>& taken) {
  const auto is_taken = [&](const std::string& name) {
    return std::ranges::find(taken, name) != taken.end() || there.find(name);
  };
  const std::size_t percent = wanted.find('%');
  if (percent == std::string::npos) {
    if (!is_taken(wanted)) return wanted;
    throw sys::Error(
        sys::format("the container's network namespace has a device \"{}\" already", wanted),
        EEXIST);
  }
  for (int number = 0; number < kMostNumbers; ++number) {
    std::string name = wanted;
    name.replace(percent, 2, std::to_string(number));
    if (!is_taken(name)) return name;
  }
  throw sys::Error(sys::format("no number is free for \"{}\"", wanted), ENFILE);
}

template <typename Step>
void in_device(const std::string& host_name, Step&& step) {
  sys::in_context([&] { return sys::format("network device \"{}\"", host_name); }, step);
}

}  // namespace

MovedDevices::MovedDevices(const std::vector<NetDeviceStep>& steps, int network,
                           const sys::Procfs& proc)
    : home_(proc.open_magic_link("self/ns/net", O_RDONLY)), there_(network) {
  std::vector<Device> devices;
  std::vector<std::string> taken;
  for (const NetDeviceStep& step : steps) {
    in_device(step.host_name, [&] {
      const auto found = here_.find(step.host_name);
      if (!found) throw sys::Error("there is none of this name", ENODEV);
      taken.push_back(free_name(step.name, there_, taken));
      devices.push_back({.host_name = step.host_name,
                         .name = taken.back(),
                         .before = *found,
                         .addresses = here_.addresses(found->index)});
    });
  }
  try {  // the destructor does not run for an object that was never made
    for (const Device& device : devices) {
      in_device(device.host_name, [&] { move(device, network); });
    }
  } catch (...) {
    move_back();
    throw;
  }
}

void MovedDevices::move(const Device& device, int network) {
  here_.move(device.before.index, network, device.name);
  moved_.push_back(device);
  // The number may be another one there.
  const auto arrived = there_.find(device.name);
  if (!arrived) throw sys::Error("it did not arrive", ENODEV);
  for (const sys::NetAddress& address : device.addresses) {
    there_.add_address(arrived->index, address);
  }
  there_.set_up(arrived->index);
}

void MovedDevices::move_back() noexcept {
  for (const Device& device : moved_) {
    try {  // in whatever state it is, the next one may still go home
      const auto away = there_.find(device.name);
      if (!away) continue;
      there_.move(away->index, home_.get(), device.host_name);
      const auto back = here_.find(device.host_name);
      if (!back) continue;
      for (const sys::NetAddress& address : device.addresses) {
        here_.add_address(back->index, address);
      }
      if (device.before.is_up) here_.set_up(back->index);
    } catch (...) {  // we fail already, for another reason
    }
  }
  moved_.clear();
}

}  // namespace runtime
