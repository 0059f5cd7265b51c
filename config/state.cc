// SPDX-License-Identifier: Apache-2.0
#include "config/state.h"

#include <algorithm>

#include "config/json_object.h"
#include "config/names.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr uint32_t kRecordVersion = 1;  // stored; raised when an older tilla must not read it

/// The order of runc 1.1's containerState.
Json state_to_json(const ContainerState& state) {
  return JsonObject()
      .add("ociVersion", state.oci_version)
      .add("id", state.id)
      .add("pid", state.pid)
      .add("status", state.status)
      .add("bundle", state.bundle)
      .add("rootfs", state.rootfs)
      .add("created", state.created)
      .add_unless_empty("annotations", state.annotations)
      .add("owner", state.owner)
      .take();
}

NamespaceType read_namespace_type(const Reader& place) {
  std::string name;
  place.read(name);
  const auto* found = std::ranges::find(kNamespaceTypes, name, &NamedValue<NamespaceType>::name);
  if (found == std::end(kNamespaceTypes)) {
    place.fail(sys::format("unknown namespace {}", quote_for_message(name)));
  }
  return found->value;
}

/// Our own file: a member that we never wrote means that something else did.
void check_members(const Reader& document) {
  constexpr std::string_view kMembers[] = {"annotations",  "bundle",    "created",    "hooks",
                                           "id",           "intelRdt",  "namespaces", "noPivot",
                                           "ociVersion",   "ownerUid",  "pid",        "rootfs",
                                           "seccompAgent", "startTime", "version"};
  document.each_member([&](const std::string& key, const Reader& place) {
    if (std::ranges::find(kMembers, key) == std::end(kMembers)) place.fail("unknown member");
  });
}

}  // namespace

std::string write_state(const ContainerState& state) {
  return write_json(state_to_json(state), "  ");
}

std::string write_state_list(const std::vector<ContainerState>& states) {
  if (states.empty()) return "null\n";
  Json::Array list;
  for (const ContainerState& state : states) list.push_back(state_to_json(state));
  return write_json({std::move(list)}, "") + '\n';
}

namespace {

Json hook_state(const ContainerState& state) {
  return JsonObject()
      .add("ociVersion", state.oci_version)
      .add("id", state.id)
      .add("status", state.status)
      .add_unless_empty("pid", state.pid)
      .add("bundle", state.bundle)
      .add_unless_empty("annotations", state.annotations)
      .take();
}

}  // namespace

std::string write_hook_state(const ContainerState& state) {
  return write_json(hook_state(state), "");
}

std::string write_process_state(const ContainerState& container, int pid,
                                const std::string& metadata) {
  const std::vector<std::string> descriptors = {"seccompFd"};
  const Json json = JsonObject()
                        .add("ociVersion", container.oci_version)
                        .add("fds", descriptors)
                        .add("pid", pid)
                        .add_unless_empty("metadata", metadata)
                        .add_json("state", hook_state(container))
                        .take();
  return write_json(json, "");
}

std::string format_time(std::chrono::sys_time<std::chrono::nanoseconds> time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text =
      sys::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) {
    text += sys::format(".{:09}", clock.subseconds().count());
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + 'Z';
}

std::string write_record(const Record& record) {
  std::vector<std::string> namespaces;
  for (const NamespaceType type : record.namespaces) namespaces.emplace_back(name_of(type));
  const Json json = JsonObject()
                        .add("version", kRecordVersion)
                        .add("id", record.id)
                        .add("bundle", record.bundle)
                        .add("rootfs", record.rootfs)
                        .add("ociVersion", record.oci_version)
                        .add("pid", record.pid)
                        .add("startTime", record.start_time)
                        .add("created", record.created)
                        .add("ownerUid", record.owner_uid)
                        .add("namespaces", namespaces)
                        .add("annotations", record.annotations)
                        .add("noPivot", record.no_pivot)
                        .add_unless_empty("hooks", record.has_hooks)
                        .add_unless_empty("intelRdt", record.has_intel_rdt)
                        .add_unless_empty("seccompAgent", record.has_agent)
                        .take();
  return write_json(json, "\t") + '\n';
}

Record parse_record(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  const Reader document(json, name);
  uint32_t version = 0;
  document.get_required("version", version);
  if (version != kRecordVersion) {
    document.fail(
        sys::format("version {} of the record, this tilla knows {}", version, kRecordVersion));
  }
  check_members(document);
  Record record;
  document.get_required("id", record.id);
  document.get_required("bundle", record.bundle);
  document.get_required("rootfs", record.rootfs);
  document.get_required("ociVersion", record.oci_version);
  document.get_required("pid", record.pid);
  // A negative one would be a whole process group to kill(2).
  if (record.pid < 0) document.required("pid").fail("negative");
  document.get_required("startTime", record.start_time);
  document.get_required("created", record.created);
  document.get_required("ownerUid", record.owner_uid);
  const Reader namespaces = document.required("namespaces");
  namespaces.each_element(
      [&](const Reader& type) { record.namespaces.push_back(read_namespace_type(type)); });
  document.get_required("annotations", record.annotations);
  document.get_required("noPivot", record.no_pivot);
  document.get("hooks", record.has_hooks);
  document.get("intelRdt", record.has_intel_rdt);
  document.get("seccompAgent", record.has_agent);
  return record;
}

std::string write_cgroup_record(const CgroupRecord& record) {
  const Json json = JsonObject()
                        .add("driver", record.driver)
                        .add("path", record.path)
                        .add_unless_empty("unit", record.unit)
                        .add_unless_empty("invocation", record.invocation)
                        .add("inode", record.inode)
                        .add("ofUser", record.of_user)
                        .add_unless_empty("hierarchies", record.hierarchies)
                        .take();
  return write_json(json, "") + '\n';
}

CgroupRecord parse_cgroup_record(const std::string& text, const std::string& name) {
  const Json json = parse_json(text, name);
  const Reader document(json, name);
  CgroupRecord record;
  document.get_required("driver", record.driver);
  document.get_required("path", record.path);
  document.get("unit", record.unit);
  document.get("invocation", record.invocation);
  document.get("inode", record.inode);
  document.get("ofUser", record.of_user);
  document.get("hierarchies", record.hierarchies);
  return record;
}

}  // namespace config
