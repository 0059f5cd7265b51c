// SPDX-License-Identifier: Apache-2.0
#include "engine/container/bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "config/container_spec.h"
#include "config/mount_options.h"
#include "config/platform.h"
#include "engine/container/etc_files.h"
#include "engine/container/monitored.h"
#include "engine/container/volumes.h"
#include "engine/network/pasta.h"
#include "engine/network/published_ports.h"
#include "shim/monitor/client.h"
#include "sys/capability.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/mount.h"
#include "sys/open.h"

namespace engine {
namespace {

std::vector<config::IdMapping> onto_itself(const sys::IdMap& map) {
  std::vector<config::IdMapping> same;
  for (const sys::IdExtent& extent : map) {
    same.push_back({.container_id = extent.inside, .host_id = extent.inside, .size = extent.count});
  }
  return same;
}

// Nobody starts what he can't see: docker's words.
void check_bind_source(const std::string& source) {
  if (sys::open_path_if_exists(source, O_PATH)) return;
  throw sys::Error(sys::format(
      "invalid mount config for type \"bind\": bind source path does not exist: {}", source));
}

bool is_set(const std::vector<std::string>& options, std::string_view word) {
  return std::ranges::find(options, word) != options.end();
}

config::Mount make_tmpfs(const config::VolumeRequest& volume) {
  config::Mount mount;
  mount.destination = volume.target;
  mount.type = "tmpfs";
  mount.source = "tmpfs";
  // docker's, unless the opposite is asked for.
  for (const char* word : {"suid", "dev", "exec"}) {
    if (!is_set(volume.options, word)) mount.options.push_back(sys::format("no{}", word));
  }
  mount.options.insert(mount.options.end(), volume.options.begin(), volume.options.end());
  if (volume.is_read_only) mount.options.emplace_back("ro");
  return mount;
}

class Maker {
 public:
  Maker(const snapshotter::Store& store, const Identity& identity, const ContainerRecord& record,
        const config::ContainerConfig& image)
      : store_(store),
        identity_(identity),
        record_(record),
        image_(image),
        options_(config::read_options(record.flags)),
        path_(sys::format("{}/containers/{}/bundle", store.path(), record.id)) {}

  Bundle make() {
    const sys::Fd container =
        sys::open_at(store_.containers().get(), record_.id, O_RDONLY | O_DIRECTORY);
    directory_ = make_bundle_directories(container.get());
    mount_root();
    choose_network();
    config::SpecFacts facts = gather_facts();
    config::ContainerSpec made =
        config::make_container_spec(image_, options_, record_.command, facts);
    add_network(container.get(), made);
    sys::replace_file_at(directory_.get(), "config.json", config::write_runtime_spec(made.spec),
                         0600);
    return {.path = path_,
            .warnings = std::move(made.warnings),
            .root = std::move(mount_),
            .init = std::move(init_)};
  }

 private:
  // Writable for whoever makes mount points in it; the runtime makes it read-only.
  void mount_root() {
    const OpenContainer container = open_container(store_, identity_.mapping, record_);
    const sys::Fd mount = container.root(false);
    const sys::Fd place = sys::open_at(directory_.get(), "rootfs", O_PATH | O_DIRECTORY);
    sys::attach_mount(mount.get(), place.get());
    mount_.emplace(path_ + "/rootfs");
    root_ = sys::open_at(directory_.get(), "rootfs", O_PATH | O_DIRECTORY);
  }

  bool has_own_users() const {
    return identity_.mode != IdentityMode::kRoot && !options_.is_host_userns;
  }

  config::SpecFacts gather_facts() {
    config::SpecFacts facts = {
        .id = record_.id,
        .root = path_ + "/rootfs",
        .architecture = config::native_platform().architecture,
        .user = find_user_in(root_.get(), options_.user.empty() ? image_.user : options_.user,
                             options_.added_groups),
        .may_set_groups = identity_.mode != IdentityMode::kSingle,
        .is_host_root = identity_.mode == IdentityMode::kRoot,
        .network = network_};
    if (has_own_users()) {
      facts.uids = onto_itself(identity_.mapping.uids);
      facts.gids = onto_itself(identity_.mapping.gids);
    }
    if (options_.is_privileged || !options_.added_capabilities.empty()) {
      facts.all_capabilities = sys::all_capability_names();
    }
    if (options_.has_init) facts.init = bind_init();
    add_volumes(facts.mounts);
    add_etc_files(facts);
    add_devices(facts);
    return facts;
  }

  void choose_network() {
    network_ = options_.network;
    if (network_ != config::NetworkKind::kPasta && network_ != config::NetworkKind::kDefault) {
      return;
    }
    const std::string reason = why_no_pasta();
    if (network_ == config::NetworkKind::kPasta && !reason.empty()) {
      throw sys::Error(sys::format("network \"pasta\": {}", reason), 0,
                       "`tilla doctor` says what mends it; --network none and host need no pasta");
    }
    if (network_ != config::NetworkKind::kDefault) return;
    network_ = reason.empty() ? config::NetworkKind::kPasta : config::NetworkKind::kNone;
    if (reason.empty()) return;
    warnings_.push_back(sys::format(
        "no network but the loopback: {} (--network none takes this for granted)", reason));
  }

  // The hooks that bring it up at each start, restarts among them.
  void add_network(int container, config::ContainerSpec& made) {
    std::vector<config::PortMapping> ports = wanted_ports(options_, image_, warnings_);
    if (network_ == config::NetworkKind::kPasta) {
      (void)claim_ports(ports, [&](const config::PortMapping& port) {
        return find_container_with(store_, record_.id, port);
      });
      (void)sys::open_private_directory(runtime_files_path(record_.id));
      add_pasta_hooks(made.spec.hooks.emplace(),
                      {.program = find_pasta().value_or(""),
                       .namespace_file = runtime_files_path(record_.id) + "/netns",
                       .ports = ports,
                       .is_host_root = identity_.mode == IdentityMode::kRoot},
                      sys::read_link("/proc/self/exe"));
    } else if (!ports.empty()) {
      warnings_.emplace_back("ports are published with --network pasta alone: none is");
      ports.clear();
    }
    write_ports(container, ports);
    made.warnings.insert(made.warnings.begin(), warnings_.begin(), warnings_.end());
  }

  // INV-3: read-only here first, so that nobody in a user namespace below can undo it.
  std::string bind_init() {
    std::string path = path_ + "/init";
    (void)sys::make_file_at(directory_.get(), "init", 0600);
    const sys::Fd program = sys::open_path(shim::find_init_program(), O_PATH);
    const sys::Fd mount = sys::clone_mount(program.get(), false);
    sys::set_mount_attributes(mount.get(), config::kMountAttrRdonly, 0, false);
    sys::attach_mount_at(mount.get(), directory_.get(), "init");
    init_.emplace(path);
    return path;
  }

  void add_volume(const config::VolumeRequest& volume, const std::string& name,
                  std::vector<config::Mount>& mounts) {
    if (volume.copies_up) {
      fill_volume(store_, name, identity_.mapping, root_.get(), volume.target);
    }
    mounts.push_back(config::make_bind(volume_path(store_, name), volume.target, volume));
  }

  void add_anonymous(const AnonymousVolume& anonymous, config::VolumeRequest volume,
                     std::vector<config::Mount>& mounts) {
    (void)make_volume(store_, {.name = anonymous.name, .is_anonymous = true});
    volume.kind = config::VolumeKind::kVolume;
    volume.target = anonymous.target;
    add_volume(volume, anonymous.name, mounts);
  }

  void add_volumes(std::vector<config::Mount>& mounts) {
    for (const config::VolumeRequest& volume : options_.volumes) {
      if (volume.is_overlay || volume.takes_owner) {
        throw sys::Error(sys::format("volume on \"{}\": the options U and O: not yet",
                                     sys::terminal_safe(volume.target)));
      }
      if (volume.kind == config::VolumeKind::kTmpfs) {
        mounts.push_back(make_tmpfs(volume));
      } else if (volume.kind == config::VolumeKind::kBind) {
        check_bind_source(volume.source);
        mounts.push_back(config::make_bind(volume.source, volume.target, volume));
      } else if (!volume.source.empty()) {
        (void)make_volume(store_, {.name = volume.source});
        add_volume(volume, volume.source, mounts);
      }
    }
    for (const AnonymousVolume& anonymous : record_.volumes) {
      const auto asked =
          std::ranges::find(options_.volumes, anonymous.target, &config::VolumeRequest::target);
      add_anonymous(anonymous, asked == options_.volumes.end() ? config::VolumeRequest() : *asked,
                    mounts);
    }
  }

  void add_etc_files(config::SpecFacts& facts) {
    const EtcFiles files = make_etc_files(options_, config::hostname_of(options_, record_.id),
                                          network_, host_etc_files());
    const auto add = [&](const char* name, const std::string& text) {
      const std::string target = sys::format("/etc/{}", name);
      if (std::ranges::find(facts.mounts, target, &config::Mount::destination) !=
          facts.mounts.end()) {
        return;
      }
      sys::replace_file_at(directory_.get(), name, text, 0644);
      facts.mounts.push_back(
          config::make_bind(path_ + "/" + name, target, {.is_recursive = false}));
    };
    add("hosts", files.hosts);
    add("resolv.conf", files.resolv_conf);
    if (!options_.uts.is_host) add("hostname", files.hostname);
  }

  // Who can't make devices has the host's own bound.
  void add_devices(config::SpecFacts& facts) {
    for (const config::DeviceRequest& device : options_.devices) {
      const sys::Fd file =
          sys::in_context([&] { return sys::format("device \"{}\"", device.source); },
                          [&] { return sys::open_path(device.source, O_PATH); });
      const struct stat status = sys::status_of(file.get());
      if (!S_ISCHR(status.st_mode) && !S_ISBLK(status.st_mode)) {
        throw sys::Error(sys::format("\"{}\" is no device", device.source));
      }
      if (facts.is_host_root) {
        facts.devices.push_back({.type = S_ISCHR(status.st_mode) ? "c" : "b",
                                 .path = device.target,
                                 .major = major(status.st_rdev),
                                 .minor = minor(status.st_rdev),
                                 .file_mode = status.st_mode & 0777U,
                                 .uid = status.st_uid,
                                 .gid = status.st_gid});
      } else {
        facts.mounts.push_back(
            config::make_bind(device.source, device.target, {.is_recursive = false}));
      }
    }
  }

  const snapshotter::Store& store_;
  const Identity& identity_;
  const ContainerRecord& record_;
  const config::ContainerConfig& image_;
  const config::ContainerOptions options_;
  const std::string path_;
  config::NetworkKind network_ = config::NetworkKind::kNone;
  std::vector<std::string> warnings_;
  sys::Fd directory_;
  std::optional<AttachedMount> mount_, init_;
  sys::Fd root_;
};

}  // namespace

AttachedMount::~AttachedMount() {
  if (path_.empty()) return;
  try {
    sys::unmount(path_);
  } catch (const sys::Error&) {  // in use: it goes with this mount namespace
  }
}

Bundle make_bundle(const snapshotter::Store& store, const Identity& identity,
                   const ContainerRecord& record, const config::ContainerConfig& image) {
  return Maker(store, identity, record, image).make();
}

}  // namespace engine
