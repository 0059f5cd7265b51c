// SPDX-License-Identifier: Apache-2.0
// What the fields of a config.json mean to each other. It sees the document alone: what the machine
// can do is for the plan.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "config/json.h"
#include "config/mount_options.h"
#include "config/problems.h"
#include "config/resources_json.h"
#include "config/runtime_spec.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr size_t kMaxHostname = 64;  // __NEW_UTS_LEN
constexpr unsigned kMajor = 1, kMaxMinor = 3;
constexpr uint32_t kNanosecondsPerSecond = 1'000'000'000;
// The kernel's own dev_t, MINORBITS.
constexpr int64_t kMaxMajor = 0xFFF, kMaxMinorDevice = 0xFFFFF;

/// Reads a number without sign or leading zero off the front of `text`.
std::optional<unsigned> take_number(std::string_view& text) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto length = static_cast<size_t>(end - text.data());
  if (error != std::errc() || (length > 1 && text[0] == '0')) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

bool take(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(1);
  return true;
}

/// What may follow "-" or "+" in a semantic version.
bool is_suffix(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '-' || c == '+';
  });
}

void check_version(Problems& problems, const std::string& version) {
  std::string_view rest = version;
  const auto major = take_number(rest);
  const bool has_minor = major && take(rest, '.');
  const auto minor = has_minor ? take_number(rest) : std::nullopt;
  const bool has_patch = minor && take(rest, '.');
  const auto patch = has_patch ? take_number(rest) : std::nullopt;
  const bool has_suffix = patch && (take(rest, '-') || take(rest, '+'));
  if (!patch || (has_suffix ? !is_suffix(rest) : !rest.empty())) {
    problems.add("/ociVersion", sys::format("{} is not a version", quote_for_message(version)));
  } else if (*major != kMajor || *minor > kMaxMinor) {
    problems.add("/ociVersion", sys::format("version {} is not supported (1.0.0 to 1.3.x)",
                                            quote_for_message(version)));
  }
}

const Namespace* find_namespace(const Linux& linux_, NamespaceType type) {
  const auto found = std::ranges::find(linux_.namespaces, type, &Namespace::type);
  return found == linux_.namespaces.end() ? nullptr : &*found;
}

void check_name(Problems& problems, const RuntimeSpec& spec, std::string_view pointer,
                const std::string& name) {
  if (name.empty()) return;
  problems.check_text(pointer, name);
  if (name.size() > kMaxHostname) {
    problems.add(pointer, sys::format("longer than {} bytes", kMaxHostname));
  }
  if (find_namespace(spec.linux_, NamespaceType::kUts) == nullptr) {
    problems.add(pointer, "there is no uts namespace to set it in");
  }
}

void check_idmap_ranges(Problems& problems, const std::string& place, const std::string& text,
                        bool has_user_namespace) {
  const std::optional<IdmapRanges> ranges = parse_idmap_ranges(text);
  if (!ranges) {
    problems.add(place, sys::format("{} is not as \"uids=0-1000-1;gids=0-1000-1\"",
                                    quote_for_message(text)));
    return;
  }
  for (const std::vector<IdmapRange>* list : {&ranges->uids, &ranges->gids}) {
    std::vector<IdMapping> mappings;
    bool is_relative = false;
    for (const IdmapRange& range : *list) {
      mappings.push_back(range.mapping);
      is_relative |= range.is_relative;
    }
    check_id_mappings(problems, place, mappings);
    if (is_relative && !has_user_namespace) {
      problems.add(place, "\"@\" counts in the container's user namespace, and there is none");
    }
  }
}

/// Source: runtime-spec config.md, "idmap" and "ridmap"; crun(1), "idmap mount options".
void check_idmap(Problems& problems, const std::string& place, const Mount& mount,
                 bool has_user_namespace) {
  const MountOptions options = parse_mount_options(mount.options);
  const bool has_mappings = !mount.uid_mappings.empty() || !mount.gid_mappings.empty();
  check_id_mappings(problems, place + "/uidMappings", mount.uid_mappings);
  check_id_mappings(problems, place + "/gidMappings", mount.gid_mappings);
  if (mount.uid_mappings.empty() != mount.gid_mappings.empty()) {
    problems.add(place, "uidMappings and gidMappings need each other");
  }
  if (!options.idmap_ranges.empty()) {
    if (has_mappings) problems.add(place, "both uidMappings and the ranges of \"idmap=\"");
    check_idmap_ranges(problems, place + "/options", options.idmap_ranges, has_user_namespace);
  } else if ((options.idmap || options.ridmap) && !has_mappings && !has_user_namespace) {
    problems.add(place + "/options",
                 "idmap without uidMappings and gidMappings takes the container's user namespace, "
                 "and there is none");
  }
}

void check_mounts(Problems& problems, const RuntimeSpec& spec) {
  const bool has_user_namespace = find_namespace(spec.linux_, NamespaceType::kUser) != nullptr;
  for (size_t i = 0; i < spec.mounts.size(); ++i) {
    const Mount& mount = spec.mounts[i];
    const std::string place = sys::format("/mounts/{}", i);
    // Relative ones are allowed since 1.2: they start at "/".
    if (mount.destination.empty()) problems.add(place + "/destination", "empty");
    problems.check_text(place + "/destination", mount.destination);
    problems.check_text(place + "/type", mount.type);
    problems.check_text(place + "/source", mount.source);
    problems.check_texts(place + "/options", mount.options);
    check_idmap(problems, place, mount, has_user_namespace);
  }
}

void check_hooks(Problems& problems, std::string_view pointer, const std::vector<Hook>& hooks) {
  for (size_t i = 0; i < hooks.size(); ++i) {
    const std::string place = sys::format("{}/{}", pointer, i);
    problems.check_absolute(place + "/path", hooks[i].path);
    problems.check_texts(place + "/args", hooks[i].args);
    problems.check_texts(place + "/env", hooks[i].env);
    if (hooks[i].timeout_seconds.value_or(1) <= 0) {
      problems.add(place + "/timeout", sys::format("{} is not above 0", *hooks[i].timeout_seconds));
    }
  }
}

void check_namespaces(Problems& problems, const std::vector<Namespace>& namespaces) {
  std::set<NamespaceType> seen;
  for (size_t i = 0; i < namespaces.size(); ++i) {
    const Namespace& ns = namespaces[i];
    const std::string place = sys::format("/linux/namespaces/{}", i);
    if (!seen.insert(ns.type).second) {
      problems.add(place + "/type", sys::format("a second {} namespace", name_of(ns.type)));
    }
    if (!ns.path.empty()) problems.check_absolute(place + "/path", ns.path);
  }
}

bool is_mapped(const std::vector<IdMapping>& mappings, uint32_t id) {
  return std::ranges::any_of(mappings, [&](const IdMapping& mapping) {
    return id >= mapping.container_id && id - mapping.container_id < mapping.size;
  });
}

void check_is_mapped(Problems& problems, std::string_view pointer,
                     const std::vector<IdMapping>& mappings, uint32_t id) {
  if (mappings.empty() || is_mapped(mappings, id)) return;
  problems.add(pointer, sys::format("{} is not mapped", id));
}

void check_user_namespace(Problems& problems, const RuntimeSpec& spec) {
  const Linux& linux_ = spec.linux_;
  const Namespace* user = find_namespace(linux_, NamespaceType::kUser);
  const auto check_side = [&](std::string_view pointer, const std::vector<IdMapping>& mappings) {
    check_id_mappings(problems, pointer, mappings);
    if (user == nullptr && !mappings.empty()) {
      problems.add(pointer, "there is no user namespace to map ids in");
    } else if (user != nullptr && user->path.empty() && mappings.empty()) {
      problems.add(pointer, "missing, and a new user namespace needs it");
    }
  };
  check_side("/linux/uidMappings", linux_.uid_mappings);
  check_side("/linux/gidMappings", linux_.gid_mappings);
  if (user == nullptr || !spec.process) return;
  const User& ids = spec.process->user;
  check_is_mapped(problems, "/process/user/uid", linux_.uid_mappings, ids.uid);
  check_is_mapped(problems, "/process/user/gid", linux_.gid_mappings, ids.gid);
  for (size_t i = 0; i < ids.additional_gids.size(); ++i) {
    check_is_mapped(problems, sys::format("/process/user/additionalGids/{}", i),
                    linux_.gid_mappings, ids.additional_gids[i]);
  }
}

void check_time_offsets(Problems& problems, const Linux& linux_) {
  if (linux_.time_offsets.empty()) return;
  const Namespace* time = find_namespace(linux_, NamespaceType::kTime);
  if (time == nullptr || !time->path.empty()) {
    problems.add("/linux/timeOffsets", "there is no new time namespace to set them in");
  }
  for (const auto& [clock, offset] : linux_.time_offsets) {
    const std::string place = "/linux/timeOffsets/" + escape_pointer(clock);
    if (clock != "monotonic" && clock != "boottime") problems.add(place, "unknown clock");
    if (offset.nanosecs >= kNanosecondsPerSecond) {
      problems.add(place + "/nanosecs", sys::format("{} is a second or more", offset.nanosecs));
    }
  }
}

void check_devices(Problems& problems, const std::vector<Device>& devices) {
  std::map<std::string_view, const Device*> seen;
  for (size_t i = 0; i < devices.size(); ++i) {
    const Device& device = devices[i];
    const std::string place = sys::format("/linux/devices/{}", i);
    problems.check_absolute(place + "/path", device.path);
    const auto [other, is_new] = seen.emplace(device.path, &device);
    // The same device twice is harmless, and some callers write it.
    if (!is_new && *other->second != device) {
      problems.add(place + "/path",
                   sys::format("{} is there twice, and differs", quote_for_message(device.path)));
    }
    const auto check_number = [&](std::string_view member, int64_t number, int64_t max) {
      if (device.type == "p" || (number >= 0 && number <= max)) return;  // a pipe has no number
      problems.add(sys::format("{}/{}", place, member),
                   sys::format("{} is out of range (0 to {})", number, max));
    };
    check_number("major", device.major, kMaxMajor);
    check_number("minor", device.minor, kMaxMinorDevice);
    if (device.uid) problems.check_id(place + "/uid", *device.uid);
    if (device.gid) problems.check_id(place + "/gid", *device.gid);
  }
}

void check_linux(Problems& problems, const RuntimeSpec& spec) {
  const Linux& linux_ = spec.linux_;
  check_namespaces(problems, linux_.namespaces);
  check_user_namespace(problems, spec);
  check_time_offsets(problems, linux_);
  check_devices(problems, linux_.devices);
  problems.check_text("/linux/cgroupsPath", linux_.cgroups_path);
  if (linux_.resources) check_resources(problems, "/linux/resources", *linux_.resources);
  check_sysctl(problems, spec);
  check_host_resources(problems, linux_);
  if (linux_.seccomp) check_seccomp(problems, *linux_.seccomp);
  if (linux_.personality && !linux_.personality->flags.empty()) {
    problems.add("/linux/personality/flags", "the specification has none yet");
  }
  problems.check_absolutes("/linux/maskedPaths", linux_.masked_paths);
  problems.check_absolutes("/linux/readonlyPaths", linux_.readonly_paths);
  problems.check_text("/linux/mountLabel", linux_.mount_label);
}

}  // namespace

std::vector<std::string> validate(const RuntimeSpec& spec) {
  Problems problems;
  check_version(problems, spec.oci_version);
  if (spec.root.path.empty()) problems.add("/root/path", "missing");
  problems.check_text("/root/path", spec.root.path);
  check_name(problems, spec, "/hostname", spec.hostname);
  check_name(problems, spec, "/domainname", spec.domainname);
  check_mounts(problems, spec);
  if (spec.process) check_process(problems, *spec.process);
  if (spec.hooks) {
    check_hooks(problems, "/hooks/prestart", spec.hooks->prestart);
    check_hooks(problems, "/hooks/createRuntime", spec.hooks->create_runtime);
    check_hooks(problems, "/hooks/createContainer", spec.hooks->create_container);
    check_hooks(problems, "/hooks/startContainer", spec.hooks->start_container);
    check_hooks(problems, "/hooks/poststart", spec.hooks->poststart);
    check_hooks(problems, "/hooks/poststop", spec.hooks->poststop);
  }
  if (spec.annotations.contains("")) problems.add("/annotations/", "an empty key");
  check_linux(problems, spec);
  return problems.take();
}

}  // namespace config
