// SPDX-License-Identifier: Apache-2.0
#include "config/container_flags.h"

#include "config/json_object.h"

namespace config {
namespace {

using F = ContainerFlags;

constexpr ContainerFlag kFlags[] = {
    {"--add-host", &F::add_host, "A line of /etc/hosts: NAME:ADDRESS", "list"},
    {"--annotation", &F::annotation, "An annotation of the runtime's configuration: KEY=VALUE",
     "map"},
    {"--cap-add", &F::cap_add, "Grant a capability, or ALL", "list"},
    {"--cap-drop", &F::cap_drop, "Take a capability away, or ALL", "list"},
    {"--cgroupns", &F::cgroupns, "host or private"},
    {"--cpu-period", &F::cpu_period, "Microseconds in which a quota is counted", "int"},
    {"--cpu-quota", &F::cpu_quota, "Microseconds of processor in each period", "int"},
    {"-c,--cpu-shares", &F::cpu_shares, "Weight against others when processors are busy", "int"},
    {"--cpus", &F::cpus, "Processors at most: 1.5", "decimal"},
    {"--cpuset-cpus", &F::cpuset_cpus, "On these processors alone: 0-3, 0,1"},
    {"--cpuset-mems", &F::cpuset_mems, "On these memory nodes alone"},
    {"--device", &F::device, "A device of the host's: HOST[:CONTAINER[:rwm]]", "list"},
    {"--dns", &F::dns, "A name server of its resolv.conf", "list"},
    {"--dns-option", &F::dns_option, "An option of its resolv.conf", "list"},
    {"--dns-search", &F::dns_search, "A search domain of its resolv.conf", "list"},
    {"--domainname", &F::domainname, "Its NIS domain name"},
    {"--entrypoint", &F::entrypoint, "The program instead of the image's ENTRYPOINT and CMD"},
    {"-e,--env", &F::env, "A variable: NAME=value, or NAME for the caller's value", "list"},
    {"--env-file", &F::env_file, "A file of variables, one a line", "list"},
    {"--expose", &F::expose, "A port, or a range of them, for -P: 80, 53/udp", "list"},
    {"--group-add", &F::group_add, "A further group of the program's", "list"},
    {"--health-cmd", &F::health_cmd, "A line of shell that says whether it is well"},
    {"--health-interval", &F::health_interval, "Between two checks (default 30s)", "duration"},
    {"--health-retries", &F::health_retries, "Failures in a row until it is unhealthy", "int"},
    {"--health-start-period", &F::health_start_period, "In which failures don't count", "duration"},
    {"--health-timeout", &F::health_timeout, "That a check may take (default 30s)", "duration"},
    {"-h,--hostname", &F::hostname, "Its host name; by default the beginning of its id"},
    {"--init", &F::init, "Run tilla-init as process 1 in front of the program"},
    {"-i,--interactive", &F::interactive, "Keep standard input open"},
    {"--ipc", &F::ipc, "private, host, none or shareable"},
    {"-l,--label", &F::label, "A label: KEY=VALUE", "list"},
    {"--label-file", &F::label_file, "A file of labels, one a line", "list"},
    {"--log-driver", &F::log_driver, "k8s-file (default) or none"},
    {"--log-opt", &F::log_opt, "max-size=10m, max-file=3", "list"},
    {"-m,--memory", &F::memory, "Memory at most: 512m", "bytes"},
    {"--memory-reservation", &F::memory_reservation, "Memory that it is to keep", "bytes"},
    {"--memory-swap", &F::memory_swap, "Memory and swap together at most; -1: all swap", "bytes"},
    {"--mount", &F::mount, "type=bind|volume|tmpfs,source=...,target=...", "mount"},
    {"--network", &F::network, "pasta (the default where it is installed), none, host, or ns:PATH"},
    {"--no-healthcheck", &F::no_healthcheck, "Not the image's check either"},
    {"--oom-score-adj", &F::oom_score_adj, "Who goes first when memory ends: -1000 to 1000", "int"},
    {"--pid", &F::pid, "private, host or ns:PATH"},
    {"--pids-limit", &F::pids_limit, "Processes at most; -1: any number", "int"},
    {"--privileged", &F::privileged, "All capabilities, no seccomp profile, nothing hidden"},
    {"-p,--publish", &F::publish, "A port of the host's: [ADDRESS:][HOST:]CONTAINER[/udp]", "list"},
    {"-P,--publish-all", &F::publish_all, "Publish all that the image exposes, on free ports"},
    {"--read-only", &F::read_only, "Nothing in its root can be written"},
    {"--read-only-tmpfs", &F::read_only_tmpfs,
     "With --read-only a tmpfs on /tmp, /run and /var/tmp (default true)", "bool"},
    {"--restart", &F::restart, "no, on-failure[:MOST], always or unless-stopped", "policy"},
    {"--rm", &F::remove, "Remove it, and its anonymous volumes, when it has ended"},
    {"--rootfs", &F::rootfs,
     "A directory as its root, no image; DIRECTORY:O writes to a layer "
     "above",
     "directory"},
    {"--security-opt", &F::security_opt,
     "seccomp=FILE|unconfined, no-new-privileges, apparmor=, label=, mask=, unmask=", "list"},
    {"--shm-size", &F::shm_size, "Of /dev/shm (default 64m)", "bytes"},
    {"--stop-signal", &F::stop_signal, "What stops it (default SIGTERM)"},
    {"--stop-timeout", &F::stop_timeout, "Seconds until a stop kills", "int"},
    {"--sysctl", &F::sysctl, "A kernel parameter of its own namespaces: NAME=VALUE", "map"},
    {"--timezone", &F::timezone, "Variable TZ: Europe/Berlin, or local"},
    {"--tmpfs", &F::tmpfs, "An empty directory in memory: PATH[:OPTIONS]", "list"},
    {"-t,--tty", &F::tty, "Give it a terminal"},
    {"--ulimit", &F::ulimit, "A limit of the program's: nofile=1024:2048", "ulimit"},
    {"--umask", &F::umask, "Of the program (default 0022)", "octal"},
    {"-u,--user", &F::user, "USER[:GROUP], names of the image's or numbers"},
    {"--userns", &F::userns, "host, or nothing for the default"},
    {"--uts", &F::uts, "private, host or ns:PATH"},
    {"-v,--volume", &F::volume, "A directory or a volume: SOURCE:PATH[:OPTIONS]", "list"},
    {"--volumes-from", &F::volumes_from, "The volumes of another container", "list"},
    {"-w,--workdir", &F::workdir, "Where the program starts"},
};

constexpr std::string_view kNoNetworks =
    "tilla has no networks of several containers: --network container:NAME shares one";
constexpr std::string_view kNoDisks =
    "limits of single disks are for tilla-runtime alone (linux.resources.blockIO)";

constexpr RefusedFlag kRefused[] = {
    {"--blkio-weight", true, kNoDisks},
    {"--blkio-weight-device", true, kNoDisks},
    {"--cgroup-parent", true, "tilla decides where its cgroups are"},
    {"--cpu-count", true, "only for Windows"},
    {"--cpu-percent", true, "only for Windows"},
    {"--cpu-rt-period", true, "real-time groups are of cgroup v1 alone"},
    {"--cpu-rt-runtime", true, "real-time groups are of cgroup v1 alone"},
    {"--device-cgroup-rule", true, "without a daemon nobody may make the device: use --device"},
    {"--device-read-bps", true, kNoDisks},
    {"--device-read-iops", true, kNoDisks},
    {"--device-write-bps", true, kNoDisks},
    {"--device-write-iops", true, kNoDisks},
    {"--disable-content-trust", false, "there is no content trust (notary) to disable"},
    {"--gidmap", true, "not yet: the ids of a container are those of `tilla info`"},
    {"--gpus", true, "use --device, or a CDI-aware tool"},
    {"--ip", true, kNoNetworks},
    {"--ip6", true, kNoNetworks},
    {"--isolation", true, "only for Windows"},
    {"--kernel-memory", true, "the kernel has no such limit any more"},
    {"--link", true, kNoNetworks},
    {"--link-local-ip", true, kNoNetworks},
    {"--mac-address", true, kNoNetworks},
    {"--memory-swappiness", true, "of cgroup v1 alone"},
    {"--network-alias", true, kNoNetworks},
    {"--oom-kill-disable", false, "of cgroup v1 alone"},
    {"--runtime", true, "TILLA_RUNTIME names the program tilla-runtime"},
    {"--storage-opt", true, "TILLA_DRIVER chooses the driver, which has no options"},
    {"--uidmap", true, "not yet: the ids of a container are those of `tilla info`"},
    {"--volume-driver", true, "there is one kind of volumes, in the store"},
};

std::string_view key_of(const ContainerFlag& flag) {
  return flag.names.substr(flag.names.find("--") + 2);
}

}  // namespace

std::span<const ContainerFlag> container_flags() { return kFlags; }
std::span<const RefusedFlag> refused_flags() { return kRefused; }

Json to_json(const ContainerFlags& flags) {
  JsonObject object;
  for (const ContainerFlag& flag : kFlags) {
    std::visit([&](auto member) { object.add_unless_empty(key_of(flag), flags.*member); },
               flag.member);
  }
  return object.take();
}

void read(const Reader& reader, ContainerFlags& flags) {
  for (const ContainerFlag& flag : kFlags) {
    std::visit([&](auto member) { reader.get(key_of(flag), flags.*member); }, flag.member);
  }
}

}  // namespace config
