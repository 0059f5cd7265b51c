// SPDX-License-Identifier: Apache-2.0
// config-linux.md but control groups and seccomp: filesystems, namespaces, devices, network
// devices, memory policy, kernel parameters, propagation, masks.
#include <sys/stat.h>

#include <filesystem>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;
constexpr auto kShould = Level::kShould;
constexpr auto kSays = Level::kSays;

Json& linux_of(Scene& scene) { return scene.config["linux"]; }

Test refused(std::string pointer, Json value) {
  return [=](Scene& scene) {
    scene.config[Json::json_pointer(pointer)] = value;
    scene.must_refuse(pointer + " = " + value.dump());
  };
}

// ---------------------------------------------------------------------------- filesystems

void filesystem(Scene& scene, const std::string& path, const std::string& type) {
  const std::string line = mounts_inside(scene, path).at(0);
  expect(has(line, " - " + type + " "), line);
}

// ---------------------------------------------------------------------------- namespaces

struct NamespaceFile {
  const char* type;  // as config.json has it
  const char* file;  // below /proc/PID/ns
};

const std::vector<NamespaceFile> kNamespaces = {
    {"pid", "pid"}, {"network", "net"}, {"mount", "mnt"},     {"ipc", "ipc"},
    {"uts", "uts"}, {"user", "user"},   {"cgroup", "cgroup"}, {"time", "time"}};

std::string namespace_inside(Scene& scene, const std::string& file) {
  return scene.shell("readlink /proc/self/ns/" + file);
}

std::string own_namespace(const std::string& file) {
  return trim(support::run({"readlink", "/proc/self/ns/" + file}).out);
}

void new_namespace(Scene& scene, const NamespaceFile& ns) {
  scene.config["ociVersion"] = "1.1.0";
  if (std::string(ns.type) == "user") {
    use_user_namespace(scene.config);
  } else {
    set_namespace(scene.config, ns.type);
  }
  expect(namespace_inside(scene, ns.file) != own_namespace(ns.file), "it is the runtime's");
}

// A process in new namespaces, which others can join by path.
class Holder {
 public:
  Holder() {
    std::vector<std::string> words = {
        "unshare",      "--net",  "--ipc", "--uts", "--cgroup",
        "--kill-child", "--fork", "sh",    "-c",    "echo $$; exec sleep 100"};
    if (own_role() == Role::kUser) skip("namespaces of the caller's to join");
    program_.emplace(words);
    program_->wait_for("\n");
    // "unshare" itself is in the namespaces as well: it forks after it made them.
    pid_ = program_->pid();
  }
  ~Holder() { program_->signal(9); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  std::string path(const std::string& file) const {
    return sys::format("/proc/{}/ns/{}", pid_, file);
  }

 private:
  std::optional<support::Program> program_;
  pid_t pid_ = 0;
};

void joined_namespace(Scene& scene, const NamespaceFile& ns) {
  const Holder holder;
  set_namespace(scene.config, ns.type, holder.path(ns.file));
  if (std::string(ns.type) == "network") drop_mount(scene.config, "/sys");
  const std::string expected = trim(support::run({"readlink", holder.path(ns.file)}).out);
  expect_equal(namespace_inside(scene, ns.file), expected, "the namespace");
}

// Without a mount namespace others leave what they have mounted in ours.
class Unmounter {
 public:
  explicit Unmounter(const Scene& scene) : root_(scene.rootfs()) {}
  ~Unmounter() {
    (void)support::run(
        {"sh", "-c",
         "awk -v root=\"$0\" 'index($5, root) == 1 {print $5}' "
         "/proc/self/mountinfo | sort -r | while read -r at; do umount \"$at\"; done",
         root_});
  }
  Unmounter(const Unmounter&) = delete;
  Unmounter& operator=(const Unmounter&) = delete;

 private:
  std::string root_;
};

void inherited_namespace(Scene& scene, const NamespaceFile& ns) {
  if (own_role() == Role::kUser) skip("namespaces that the caller may mount in");
  const Unmounter unmounter(scene);
  drop_namespace(scene.config, ns.type);
  if (std::string(ns.type) == "network") drop_mount(scene.config, "/sys");
  expect_equal(namespace_inside(scene, ns.file), own_namespace(ns.file), "the namespace");
}

void relative_path(Scene& scene) {
  set_namespace(scene.config, "ipc", "proc/self/ns/ipc");
  scene.must_refuse("a relative path");
}

void path_of_other_type(Scene& scene) {
  set_namespace(scene.config, "ipc", "/proc/self/ns/uts");
  scene.must_refuse("a uts namespace as an ipc namespace");
}

void path_of_nothing(Scene& scene) {
  set_namespace(scene.config, "ipc", "/no/such/file");
  scene.must_refuse("a path that is not there");
}

void same_type_twice(Scene& scene) {
  linux_of(scene)["namespaces"].push_back({{"type", "uts"}});
  scene.must_refuse("two uts namespaces");
}

void sees_own_processes(Scene& scene) {
  expect_equal(scene.shell("for p in /proc/[0-9]*; do echo ${p#/proc/}; done | head -1; echo $$"),
               "1\n1", "the first process and the shell");
}

// ---------------------------------------------------------------------------- ids, time

void id_map(Scene& scene, const std::string& file, const std::string& member) {
  use_user_namespace(scene.config);
  const Json first = linux_of(scene)[member][0];
  const std::string line =
      lines_of(scene.shell("tr -s ' ' < /proc/self/" + file + " | sed 's/^ //'")).at(0);
  expect_equal(line,
               sys::format("{} {} {}", first["containerID"].dump(), first["hostID"].dump(),
                           first["size"].dump()),
               file);
}

void ownership_kept(Scene& scene) {
  use_user_namespace(scene.config);
  struct stat before = {}, after = {};
  expect(::stat((scene.rootfs() + "/bin/busybox").c_str(), &before) == 0, "no busybox");
  scene.must_create();
  expect(::stat((scene.rootfs() + "/bin/busybox").c_str(), &after) == 0, "no busybox");
  expect(before.st_uid == after.st_uid && before.st_gid == after.st_gid, "the owner has changed");
}

void time_offset(Scene& scene, const std::string& clock) {
  scene.config["ociVersion"] = "1.1.0";
  set_namespace(scene.config, "time");
  linux_of(scene)["timeOffsets"] = {{clock, {{"secs", 1000000}, {"nanosecs", 5}}}};
  const std::string text = scene.shell("cat /proc/self/timens_offsets");
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with(clock)) {
      expect(has(line, "1000000") && trim(line).ends_with("5"), line);
      return;
    }
  }
  fail("no line for it: " + text);
}

// ---------------------------------------------------------------------------- devices

void device(Scene& scene, const std::string& type, const std::string& words) {
  only_root();
  linux_of(scene)["devices"] = {{{"type", type},
                                 {"path", "/dev/thing"},
                                 {"major", 1},
                                 {"minor", 7},
                                 {"fileMode", 384},
                                 {"uid", 7},
                                 {"gid", 8}}};
  expect_equal(scene.shell("stat -c '%F %t:%T %a %u:%g' /dev/thing"), words, "the device");
}

// Whoever can't make one can bind the host's.
void bound_device(Scene& scene) {
  if (!support::exists("/dev/fuse")) skip("/dev/fuse");
  linux_of(scene)["devices"] = {
      {{"type", "c"}, {"path", "/dev/fuse"}, {"major", 10}, {"minor", 229}}};
  expect_equal(scene.shell("stat -c '%F %t:%T' /dev/fuse"), "character special file a:e5",
               "the device");
}

void fifo(Scene& scene) {
  linux_of(scene)["devices"] = {{{"type", "p"}, {"path", "/dev/pipe"}, {"fileMode", 384}}};
  expect_equal(scene.shell("stat -c '%F %a' /dev/pipe"), "fifo 600", "the pipe");
}

void other_file_there(Scene& scene) {
  support::write_text(scene.rootfs() + "/etc/thing", "");
  linux_of(scene)["devices"] = {
      {{"type", "c"}, {"path", "/etc/thing"}, {"major", 1}, {"minor", 3}}};
  scene.must_refuse("a device where a plain file is");
}

void device_elsewhere(Scene& scene) {
  only_root();
  linux_of(scene)["devices"] = {
      {{"type", "c"}, {"path", "/somewhere/thing"}, {"major", 1}, {"minor", 3}}};
  expect_equal(scene.shell("stat -c '%t:%T' /somewhere/thing"), "1:3", "the device");
}

void default_device(Scene& scene, const std::string& name, const std::string& numbers) {
  expect_equal(scene.shell("stat -c '%F %t:%T' /dev/" + name), "character special file " + numbers,
               "/dev/" + name);
}

void default_ptmx(Scene& scene) {
  const std::string text = scene.shell(
      "if [ -L /dev/ptmx ]; then readlink -f /dev/ptmx; else "
      "[ $(stat -c %d:%i /dev/ptmx) = $(stat -c %d:%i /dev/pts/ptmx) ] && echo /dev/pts/ptmx; fi");
  expect_equal(text, "/dev/pts/ptmx", "where /dev/ptmx leads");
}

void console(Scene& scene) {
  support::ConsoleSocket socket(scene.file("console"));
  scene.config["process"]["terminal"] = true;
  set_shell(
      scene.config,
      "[ $(stat -c %t:%T /dev/console) = $(stat -L -c %t:%T /dev/stdin) ] && echo same; echo end");
  scene.must_create({"--console-socket", socket.path()});
  const support::ConsoleSocket::Console terminal = socket.receive();
  scene.must_start();
  const std::string text = support::read_terminal(terminal.master.get(), "end");
  expect(has(text, "same"), "/dev/console is not the terminal");
}

void no_other_device(Scene& scene) {
  expect_equal(
      scene.shell("ls -l /dev | grep -c '^b' | tr -d '\\n'; ls /dev/kmsg /dev/mem 2>/dev/null"),
      "0", "block devices and others");
}

// ---------------------------------------------------------------------------- network devices

// A pair of interfaces in the runtime's own network namespace, which the driver has made.
void make_interface(Scene& scene, const std::string& name, const std::string& entry) {
  if (own_role() == Role::kUser) skip("a caller who may make interfaces");
  const Result result =
      support::run({"ip", "link", "add", name, "type", "veth", "peer", "name", name + "p"});
  if (result.exit_code != 0) skip("veth");
  scene.config["ociVersion"] = "1.3.0";
  linux_of(scene)["netDevices"] = {{name, Json::object()}};
  if (!entry.empty()) linux_of(scene)["netDevices"][name]["name"] = entry;
}

void drop_interface(const std::string& name) {
  (void)support::run({"ip", "link", "del", name + "p"});
}

void interface_moved(Scene& scene) {
  make_interface(scene, "confa", "");
  const std::string text = scene.shell("ip link show confa");
  drop_interface("confa");
  expect(has(text, "confa"), text);
}

void interface_renamed(Scene& scene) {
  make_interface(scene, "confb", "inside0");
  const std::string text = scene.shell("ip link show inside0");
  drop_interface("confb");
  expect(has(text, "inside0"), text);
}

void interface_up(Scene& scene) {
  make_interface(scene, "confc", "");
  const std::string text = scene.shell("ip link show confc");
  drop_interface("confc");
  expect(has(text, ",UP") || has(text, "<UP"), text);
}

void interface_address(Scene& scene) {
  make_interface(scene, "confd", "");
  (void)support::run({"ip", "addr", "add", "192.0.2.7/24", "dev", "confd"});
  const std::string text = scene.shell("ip addr show confd");
  drop_interface("confd");
  expect(has(text, "192.0.2.7/24"), text);
}

void interface_missing(Scene& scene) {
  if (own_role() == Role::kUser) skip("a caller who may move interfaces");
  scene.config["ociVersion"] = "1.3.0";
  linux_of(scene)["netDevices"] = {{"nosuch0", Json::object()}};
  scene.must_refuse("an interface that is not there");
}

void interface_collision(Scene& scene) {
  make_interface(scene, "confe", "lo");
  const Result result = scene.create();
  drop_interface("confe");
  expect(result.exit_code != 0, "the name lo is taken, and it is no error");
}

void interface_template(Scene& scene) {
  make_interface(scene, "conff", "lo%d");
  const std::string text = scene.shell("ip link show");
  drop_interface("conff");
  expect(has(text, "lo0") || has(text, "lo1"), text);
}

Section net_devices_section() {
  return {
      "config-linux.md",
      "Network Devices (since 1.3)",
      {{"netDevices.moved", kMust, "the device is there in the container", interface_moved},
       {"netDevices.renamed", kSays, "under its new name, if it has one", interface_renamed},
       {"netDevices.possible", kMust, "that it can't be moved is an error", interface_missing},
       {"netDevices.collision", kMust, "a name that is taken is an error", interface_collision},
       {"netDevices.template", kMust, "unless it has a %d", interface_template},
       {"netDevices.attributes", kMust, "permanent global addresses are kept", interface_address},
       {"netDevices.up", kMust, "the device is up", interface_up},
       untested("netDevices.lifecycle", kMust, "the runtime doesn't manage it afterwards",
                "nothing is left to be seen of what a runtime doesn't do"),
       untested("netDevices.return", kMust, "nor moves it out before the deletion",
                "virtual devices go with the namespace either way; there is no physical one")}};
}

// ---------------------------------------------------------------------------- the rest

void memory_policy(Scene& scene) {
  scene.config["ociVersion"] = "1.3.0";
  linux_of(scene)["memoryPolicy"] = {{"mode", "MPOL_BIND"}, {"nodes", "0"}};
  expect(has(scene.shell("cat /proc/self/numa_maps"), "bind:0"), "numa_maps has no bind:0");
}

void memory_policy_flags(Scene& scene) {
  scene.config["ociVersion"] = "1.3.0";
  linux_of(scene)["memoryPolicy"] = {
      {"mode", "MPOL_INTERLEAVE"}, {"nodes", "0"}, {"flags", {"MPOL_F_STATIC_NODES"}}};
  expect(has(scene.shell("cat /proc/self/numa_maps"), "interleave=static:0"),
         "numa_maps has no interleave=static:0");
}

void memory_policy_without_nodes(Scene& scene) {
  scene.config["ociVersion"] = "1.3.0";
  linux_of(scene)["memoryPolicy"] = {{"mode", "MPOL_BIND"}, {"nodes", ""}};
  scene.must_refuse("MPOL_BIND without nodes");
}

void memory_policy_unknown(Scene& scene) {
  scene.config["ociVersion"] = "1.3.0";
  linux_of(scene)["memoryPolicy"] = {{"mode", "MPOL_NOSUCH"}, {"nodes", "0"}};
  scene.must_refuse("MPOL_NOSUCH");
}

void sysctl(Scene& scene) {
  linux_of(scene)["sysctl"] = {{"net.ipv4.ip_forward", "1"}, {"kernel.shm_rmid_forced", "1"}};
  expect_equal(scene.shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced"),
               "1\n1", "the parameters");
}

void no_resctrl(Scene& scene) {
  if (has(support::read_text("/proc/self/mountinfo"), " resctrl ")) skip("no resctrl");
  linux_of(scene)["intelRdt"] = {{"closID", "conformance"}, {"l3CacheSchema", "L3:0=f"}};
  scene.must_refuse("intelRdt without a mounted resctrl");
}

// The fields of the mount on "/".
std::string root_fields(Scene& scene, const std::string& value) {
  linux_of(scene)["rootfsPropagation"] = value;
  for (const std::string& line : mounts_inside(scene, "")) {
    if (has(line, " / / ") || has(line, "/rootfs / ")) return parse_mount(line).propagation;
  }
  fail("no mount on /");
}

void root_propagation(Scene& scene, const std::string& value, const std::string& field) {
  const std::string fields = root_fields(scene, value);
  expect(field.empty() ? fields.empty() : has(fields, field), "the fields are \"" + fields + "\"");
}

void root_slave(Scene& scene) {
  const std::string fields = root_fields(scene, "slave");
  expect(!has(fields, "shared:") && !has(fields, "unbindable"), "the fields are " + fields);
}

void masked_file(Scene& scene) {
  support::write_text(scene.rootfs() + "/etc/secret", "secret");
  linux_of(scene)["maskedPaths"] = {"/etc/secret", "/no/such/file"};
  expect_equal(scene.shell("cat /etc/secret 2>/dev/null"), "", "the masked file");
}

void masked_directory(Scene& scene) {
  std::filesystem::create_directory(scene.rootfs() + "/etc/secrets");
  support::write_text(scene.rootfs() + "/etc/secrets/one", "secret");
  linux_of(scene)["maskedPaths"] = {"/etc/secrets"};
  expect_equal(scene.shell("ls /etc/secrets 2>/dev/null"), "", "the masked directory");
}

void readonly_path(Scene& scene) {
  linux_of(scene)["readonlyPaths"] = {"/etc", "/no/such/file"};
  expect_equal(scene.shell("touch /etc/new 2>/dev/null || echo refused; touch /tmp/new && echo on"),
               "refused\non", "touch /etc/new, touch /tmp/new");
}

void personality(Scene& scene) {
  linux_of(scene)["personality"] = {{"domain", "LINUX32"}};
  expect_equal(scene.shell("uname -m"), "i686", "the machine");
}

// ---------------------------------------------------------------------------- sections

Section namespaces_section() {
  std::vector<Clause> clauses;
  for (const NamespaceFile& ns : kNamespaces) {
    const std::string type = ns.type;
    clauses.push_back({"namespaces." + type, kShould,
                       "the type " + type + " is supported, and without a path it is a new one",
                       [&](Scene& scene) { new_namespace(scene, ns); }});
  }
  for (const NamespaceFile& ns : kNamespaces) {
    const std::string type = ns.type;
    if (type == "network" || type == "ipc" || type == "uts" || type == "cgroup") {
      clauses.push_back({"namespaces." + type + ".path", kMust,
                         "the container is in the " + type + " namespace at path",
                         [&](Scene& scene) { joined_namespace(scene, ns); }});
    }
    if (type != "user") {
      clauses.push_back({"namespaces." + type + ".inherit", kMust,
                         "without an entry the container has the runtime's " + type + " namespace",
                         [&](Scene& scene) { inherited_namespace(scene, ns); }});
    }
  }
  const std::vector<Clause> rest = {
      untested("namespaces.others.path", kMust,
               "and in the user, pid, mount, time namespace at path",
               "such a path needs a container beside; tilla's integration tests have it"),
      untested("namespaces.user.inherit", kMust, "and the runtime's user namespace",
               "all other tests but an ordinary user's run in it"),
      {"namespaces.pid.own", kSays, "in a pid namespace only its own processes are seen",
       sees_own_processes},
      {"namespaces.path.absolute", kMust, "path is absolute", relative_path},
      {"namespaces.path.type", kMust, "a path of another type is an error", path_of_other_type},
      {"namespaces.path.missing", kMust, "a path that is not there is an error", path_of_nothing},
      {"namespaces.twice", kMust, "a type that is there twice is an error", same_type_twice}};
  clauses.insert(clauses.end(), rest.begin(), rest.end());
  return {"config-linux.md", "Namespaces", clauses};
}

Section devices_section() {
  return {"config-linux.md",
          "Devices",
          {{"devices.c", kMust, "a listed character device is there, with mode and owner",
            [](Scene& scene) { device(scene, "c", "character special file 1:7 600 7:8"); }},
           {"devices.u", kMust, "so is an unbuffered one",
            [](Scene& scene) { device(scene, "u", "character special file 1:7 600 7:8"); }},
           {"devices.b", kMust, "so is a block device",
            [](Scene& scene) { device(scene, "b", "block special file 1:7 600 7:8"); }},
           {"devices.p", kMust, "so is a pipe", fifo},
           {"devices.bound", kMust, "so is one that the host has, whoever calls", bound_device},
           {"devices.exists", kMust, "a file that is there and is no such device is an error",
            other_file_there},
           {"devices.elsewhere", kSays, "the path may be outside of /dev", device_elsewhere},
           {"devices.others", kSays, "no other devices are there", no_other_device},
           untested("devices.twice", kShould, "the same numbers are not listed twice",
                    "a demand on configurations"),
           {"devices.type", kMust, "another type is an error",
            refused("/linux/devices", {{{"type", "x"}, {"path", "/dev/x"}}})}}};
}

Section default_devices_section() {
  std::vector<Clause> clauses;
  const std::vector<std::pair<std::string, std::string>> devices = {
      {"null", "1:3"},   {"zero", "1:5"},    {"full", "1:7"},
      {"random", "1:8"}, {"urandom", "1:9"}, {"tty", "5:0"}};
  for (const auto& [name, numbers] : devices) {
    clauses.push_back(
        {"devices.default." + name, kMust, "/dev/" + name + " is there",
         [name = name, numbers = numbers](Scene& scene) { default_device(scene, name, numbers); }});
  }
  clauses.push_back(
      {"devices.default.console", kMust, "/dev/console is the terminal, if there is one", console});
  clauses.push_back({"devices.default.ptmx", kMust, "/dev/ptmx is that of the container's /dev/pts",
                     default_ptmx});
  return {"config-linux.md", "Default Devices", clauses};
}

std::vector<Clause> rdt_clauses() {
  const char* const needs = "a processor with resource control and a mounted resctrl";
  return {
      {"intelRdt.unavailable", kMust, "intelRdt without a mounted resctrl is an error", no_resctrl},
      untested("intelRdt.unset", kMust, "without intelRdt no resctrl is touched", needs),
      untested("intelRdt.closID", kMust,
               "the group is closID, \"/\" the default one, else the container's id", needs),
      untested("intelRdt.schemata", kMust,
               "l3CacheSchema, memBwSchema, schemata are written, in this order", needs),
      untested("intelRdt.existing", kMust, "an existing group that differs is an error", needs),
      untested("intelRdt.missing", kMust, "a closID alone that is not there is an error", needs),
      untested("intelRdt.delete", kMust, "only what was made is removed", needs),
      untested("intelRdt.monitoring", kMust, "enableMonitoring makes a group and removes it",
               needs)};
}

Section propagation_section() {
  const auto with = [](std::string value, std::string field) -> Test {
    return [=](Scene& scene) { root_propagation(scene, value, field); };
  };
  return {
      "config-linux.md",
      "Rootfs Mount Propagation",
      {{"rootfsPropagation.shared", kSays, "shared: the root is in a peer group",
        with("shared", "shared:")},
       {"rootfsPropagation.slave", kSays, "slave: the root gives nothing away", root_slave},
       {"rootfsPropagation.private", kSays, "private: the root is in none", with("private", "")},
       {"rootfsPropagation.unbindable", kSays, "unbindable: nor can it be bound",
        with("unbindable", "unbindable")}}};
}

Section paths_section() {
  return {"config-linux.md",
          "Masked Paths, Readonly Paths, Mount Label, Personality",
          {{"maskedPaths.file", kSays, "a masked file can't be read", masked_file},
           {"maskedPaths.directory", kSays, "nor can a masked directory", masked_directory},
           {"maskedPaths.absolute", kMust, "masked paths are absolute",
            refused("/linux/maskedPaths", {"etc/secret"})},
           {"readonlyPaths", kSays, "read-only paths can't be written", readonly_path},
           {"readonlyPaths.absolute", kMust, "read-only paths are absolute",
            refused("/linux/readonlyPaths", {"etc"})},
           untested("mountLabel", kSays, "mounts have the label", "a kernel with SELinux"),
           {"personality", kSays, "LINUX32 is the personality", personality},
           {"personality.unknown", kMust, "another domain is an error",
            refused("/linux/personality", {{"domain", "NOSUCH"}})},
           {"personality.flags", kMust, "flags are an error, as there are none",
            refused("/linux/personality", {{"domain", "LINUX"}, {"flags", {"NOSUCH"}}})}}};
}

}  // namespace

std::vector<Section> config_linux_sections() {
  const auto at = [](std::string path, std::string type) -> Test {
    return [=](Scene& scene) { filesystem(scene, path, type); };
  };
  const auto map = [](std::string file, std::string member) -> Test {
    return [=](Scene& scene) { id_map(scene, file, member); };
  };
  const auto clock = [](std::string name) -> Test {
    return [=](Scene& scene) { time_offset(scene, name); };
  };
  return {{"config-linux.md",
           "Default Filesystems",
           {{"filesystems.proc", kShould, "/proc is a proc", at("/proc", "proc")},
            {"filesystems.sys", kShould, "/sys is a sysfs", at("/sys", "sysfs")},
            {"filesystems.pts", kShould, "/dev/pts is a devpts", at("/dev/pts", "devpts")},
            {"filesystems.shm", kShould, "/dev/shm is a tmpfs", at("/dev/shm", "tmpfs")}}},
          namespaces_section(),
          {"config-linux.md",
           "User namespace mappings, Offset for Time Namespace",
           {{"uidMappings", kSays, "uids are mapped", map("uid_map", "uidMappings")},
            {"gidMappings", kSays, "gids are mapped", map("gid_map", "gidMappings")},
            {"uidMappings.ownership", kShould, "files keep their owner for that", ownership_kept},
            {"timeOffsets.monotonic", kSays, "the monotonic clock has its offset (since 1.1)",
             clock("monotonic")},
            {"timeOffsets.boottime", kSays, "so has the time since boot", clock("boottime")}}},
          devices_section(),
          default_devices_section(),
          net_devices_section(),
          {"config-linux.md", "IntelRdt", rdt_clauses()},
          {"config-linux.md",
           "Memory policy, Sysctl",
           {{"memoryPolicy", kSays, "the policy is set (since 1.3)", memory_policy},
            {"memoryPolicy.flags", kSays, "with its flags", memory_policy_flags},
            {"memoryPolicy.nodes", kSays, "a mode that needs nodes has some",
             memory_policy_without_nodes},
            {"memoryPolicy.unknown", kMust, "another mode is an error", memory_policy_unknown},
            {"sysctl", kSays, "kernel parameters of its namespaces are set", sysctl}}},
          propagation_section(),
          paths_section()};
}

}  // namespace conformance
