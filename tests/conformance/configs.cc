// SPDX-License-Identifier: Apache-2.0
// Configurations: a plain one, and what tests change of it.
#include <unistd.h>

#include "tests/conformance/scene.h"

namespace conformance {
namespace {

constexpr const char* kPlain = R"({
  "ociVersion": "1.0.2",
  "process": {
    "terminal": false,
    "user": {"uid": 0, "gid": 0},
    "args": ["true"],
    "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
    "cwd": "/",
    "capabilities": {
      "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
      "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    }
  },
  "root": {"path": "rootfs"},
  "mounts": [
    {"destination": "/proc", "type": "proc", "source": "proc"},
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
     "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
    {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
     "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]}
  ],
  "linux": {
    "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
                   {"type": "mount"}]
  }
})";

Json& namespaces(Json& config) { return config["linux"]["namespaces"]; }

void erase_where(Json& list, const std::string& member, const std::string& value) {
  for (auto entry = list.begin(); entry != list.end();) {
    entry = entry->value(member, "") == value ? list.erase(entry) : entry + 1;
  }
}

Json range(const sys::IdExtent& ids, uint32_t first) {
  return {{"containerID", first}, {"hostID", ids.outside}, {"size", ids.count}};
}

}  // namespace

Json default_config() {
  Json config = Json::parse(kPlain);
  if (own_role() == Role::kUser) use_user_namespace(config);
  return config;
}

void add_mount(Json& config, const std::string& destination, const std::string& type,
               const std::string& source, const std::vector<std::string>& options) {
  config["mounts"].push_back(
      {{"destination", destination}, {"type", type}, {"source", source}, {"options", options}});
}

void drop_mount(Json& config, const std::string& destination) {
  erase_where(config["mounts"], "destination", destination);
}

void set_namespace(Json& config, const std::string& type, const std::string& path) {
  drop_namespace(config, type);
  Json entry = {{"type", type}};
  if (!path.empty()) entry["path"] = path;
  namespaces(config).push_back(entry);
}

void drop_namespace(Json& config, const std::string& type) {
  erase_where(namespaces(config), "type", type);
}

void use_user_namespace(Json& config) {
  set_namespace(config, "user");
  Json uids = Json::array(), gids = Json::array();
  if (own_role() == Role::kUser) {
    uids.push_back({{"containerID", 0}, {"hostID", ::geteuid()}, {"size", 1}});
    gids.push_back({{"containerID", 0}, {"hostID", ::getegid()}, {"size", 1}});
    if (support::subordinate_uids().count > 0) {
      uids.push_back(range(support::subordinate_uids(), 1));
      gids.push_back(range(support::subordinate_gids(), 1));
    }
  } else if (own_role() == Role::kNested) {  // of the ids that we have ourselves
    // Not in one piece: ours come in two, and the kernel takes none that spans them.
    uids.push_back(range({.inside = 0, .outside = 0, .count = 1}, 0));
    uids.push_back(range({.inside = 1, .outside = 1, .count = 60000}, 1));
    gids = uids;
  } else {
    uids.push_back(range({.inside = 0, .outside = 2000000, .count = 65536}, 0));
    gids = uids;
  }
  config["linux"]["uidMappings"] = uids;
  config["linux"]["gidMappings"] = gids;
}

void set_shell(Json& config, const std::string& line) {
  config["process"]["args"] = {"/bin/sh", "-c", line};
}

Json hook(const std::string& line) { return {{"path", "/bin/sh"}, {"args", {"sh", "-c", line}}}; }

}  // namespace conformance
