// SPDX-License-Identifier: Apache-2.0
// config.md, from the version to mounts.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "sys/format.h"
#include "tests/conformance/clause.h"

namespace conformance {
namespace {

constexpr auto kMust = Level::kMust;
constexpr auto kShould = Level::kShould;
constexpr auto kSays = Level::kSays;

Test refused(std::string pointer, Json value) {
  return [=](Scene& scene) {
    scene.config[Json::json_pointer(pointer)] = value;
    scene.must_refuse(pointer + " = " + value.dump());
  };
}

void versions(Scene& scene) {
  for (const char* version : {"1.0.0", "1.0.2", "1.0.2-dev", "1.1.0", "1.2.0", "1.3.0"}) {
    scene.config["ociVersion"] = version;
    const Result result = scene.create();
    expect(result.exit_code == 0, std::string(version) + ": " + trim(result.all()));
    (void)scene.call({"delete", "--force", scene.id});
  }
}

// ---------------------------------------------------------------------------- root

void without_root(Scene& scene) {
  scene.config.erase("root");
  scene.must_refuse("a configuration without root");
}

void absolute_root(Scene& scene) {
  scene.config["root"]["path"] = scene.rootfs();
  expect_equal(scene.shell("echo on"), "on", "the output");
}

void root_is_file(Scene& scene) {
  support::write_text(scene.file("root"), "");
  scene.config["root"]["path"] = scene.file("root");
  scene.must_refuse("a file as the root");
}

void readonly_root(Scene& scene) {
  scene.config["root"]["readonly"] = true;
  expect_equal(scene.shell("touch /new 2>/dev/null || echo refused"), "refused", "touch /new");
}

void writable_root(Scene& scene) {
  expect_equal(scene.shell("touch /new && echo written"), "written", "touch /new");
}

// ---------------------------------------------------------------------------- mounts

void listed_order(Scene& scene) {
  std::filesystem::create_directory(scene.file("source"));
  support::write_text(scene.file("source/mark"), "here");
  add_mount(scene.config, "/a", "tmpfs", "tmpfs");
  add_mount(scene.config, "/a/b", "bind", scene.file("source"), {"bind"});
  add_mount(scene.config, "/c/d", "bind", scene.file("source"), {"bind"});
  add_mount(scene.config, "/c", "tmpfs", "tmpfs");
  expect_equal(scene.shell("cat /a/b/mark; ls /c"), "here", "what is seen of both");
}

void relative_destination(Scene& scene) {
  scene.config["ociVersion"] = "1.2.0";
  add_mount(scene.config, "volume", "tmpfs", "tmpfs");
  scene.config["process"]["cwd"] = "/tmp";
  expect(!mounts_inside(scene, "/volume").empty(), "no mount");
}

void relative_source(Scene& scene) {
  std::filesystem::create_directory(scene.bundle() + "/volume");
  support::write_text(scene.bundle() + "/volume/mark", "here");
  add_mount(scene.config, "/volume", "bind", "volume", {"bind"});
  expect_equal(scene.shell("cat /volume/mark"), "here", "a file of the volume");
}

void file_source(Scene& scene) {
  support::write_text(scene.file("source"), "here");
  add_mount(scene.config, "/etc/volume", "bind", scene.file("source"), {"bind"});
  expect_equal(scene.shell("cat /etc/volume"), "here", "the file");
}

void bind_by_option(Scene& scene) {
  support::write_text(scene.file("mark"), "here");
  add_mount(scene.config, "/volume", "none", scene.file(""), {"rbind"});
  add_mount(scene.config, "/volume2", "tmpfs", scene.file(""), {"bind"});
  expect_equal(scene.shell("cat /volume/mark /volume2/mark"), "herehere", "files of the volumes");
}

void data_option(Scene& scene) {
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs", {"size=64k", "mode=751"});
  const MountLine mount = parse_mount(mounts_inside(scene, "/volume").at(0));
  expect(has_option(mount.data, "size=64k") && has_option(mount.data, "mode=751"), mount.data);
}

void refused_data_option(Scene& scene) {
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs", {"nosuchoption=1"});
  scene.must_refuse("an option that tmpfs doesn't know");
}

// ---------------------------------------------------------------------------- mount options

// Options of a plain filesystem: what mountinfo says, or "!" and what it must not say.
struct OptionEffect {
  const char* name;
  std::vector<std::string> others;  // given before it
  const char* effect;               // in the mount's own or the superblock's options; "" for none
};

const std::vector<OptionEffect> kOptions = {
    {"async", {"sync"}, "!sync"},
    {"atime", {"noatime"}, "!noatime"},
    {"defaults", {}, "rw"},
    {"dev", {"nodev"}, "!nodev"},
    {"diratime", {"nodiratime"}, "!nodiratime"},
    {"dirsync", {}, "dirsync"},
    {"exec", {"noexec"}, "!noexec"},
    {"iversion", {}, ""},
    {"lazytime", {}, "lazytime"},
    {"loud", {}, ""},
    {"noatime", {}, "noatime"},
    {"nodev", {}, "nodev"},
    {"nodiratime", {}, "nodiratime"},
    {"noexec", {}, "noexec"},
    {"noiversion", {}, ""},
    {"nolazytime", {}, "!lazytime"},
    {"norelatime", {}, ""},
    {"nostrictatime", {}, ""},
    {"nosuid", {}, "nosuid"},
    {"relatime", {}, "relatime"},
    {"remount", {}, ""},  // tested by itself
    {"ro", {}, "ro"},
    {"rw", {"ro"}, "rw"},
    {"silent", {}, ""},
    {"strictatime", {}, "!relatime"},
    {"suid", {"nosuid"}, "!nosuid"},
    {"sync", {}, "sync"},
};

void expect_effect(const MountLine& mount, std::string effect) {
  if (effect.empty()) return;
  const bool is_off = effect.starts_with('!');
  if (is_off) effect.erase(0, 1);
  const bool there = has_option(mount.attributes, effect) || has_option(mount.data, effect);
  expect(there != is_off, sys::format("the mount is \"{} {}\"", mount.attributes, mount.data));
}

void plain_option(Scene& scene, const OptionEffect& option) {
  std::vector<std::string> options = option.others;
  options.emplace_back(option.name);
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs", options);
  expect_effect(parse_mount(mounts_inside(scene, "/volume").at(0)), option.effect);
}

void remount_option(Scene& scene) {
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs");
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs", {"remount", "ro"});
  const std::vector<std::string> mounts = mounts_inside(scene, "/volume");
  expect(mounts.size() == 1, "there is a second mount");
  expect_effect(parse_mount(mounts.at(0)), "ro");
}

// A tree of two filesystems: `outer` and below it `inner`, with options of ours.
class Tree {
 public:
  Tree(Scene& scene, const std::string& options) : path_(scene.file("tree")) {
    only_with_mounts();
    std::filesystem::create_directory(path_);
    mount(path_, options);
    std::filesystem::create_directory(path_ + "/sub");
    mount(path_ + "/sub", options);
  }
  ~Tree() { (void)support::run({"umount", "-R", "-l", path_}); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  const std::string& path() const { return path_; }

 private:
  static void mount(const std::string& path, const std::string& options) {
    const Result result = support::run({"mount", "-t", "tmpfs", "-o", options, "tmpfs", path});
    if (result.exit_code != 0) skip("mounts of the caller's: " + trim(result.all()));
  }
  std::string path_;
};

void bind_option(Scene& scene) {
  const Tree tree(scene, "rw");
  add_mount(scene.config, "/volume", "none", tree.path(), {"bind"});
  expect(mounts_inside(scene, "/volume").size() == 1, "what is mounted below came along");
}

void rbind_option(Scene& scene) {
  const Tree tree(scene, "rw");
  add_mount(scene.config, "/volume", "none", tree.path(), {"rbind"});
  expect(mounts_inside(scene, "/volume").size() == 2, "what is mounted below is missing");
}

struct RecursiveEffect {
  const char* name;
  const char* before;  // of the tree
  const char* effect;  // on both mounts
};

const std::vector<RecursiveEffect> kRecursive = {
    {"ratime", "noatime", "!noatime"},
    {"rdev", "nodev", "!nodev"},
    {"rdiratime", "nodiratime", "!nodiratime"},
    {"rexec", "noexec", "!noexec"},
    {"rnoatime", "rw", "noatime"},
    {"rnodev", "rw", "nodev"},
    {"rnodiratime", "rw", "nodiratime"},
    {"rnoexec", "rw", "noexec"},
    {"rnorelatime", "rw", ""},
    {"rnostrictatime", "rw", ""},
    {"rnosuid", "rw", "nosuid"},
    {"rnosymfollow", "rw", "nosymfollow"},
    {"rrelatime", "noatime", "relatime"},
    {"rro", "rw", "ro"},
    {"rrw", "rw", "rw"},
    {"rstrictatime", "rw", "!relatime"},
    {"rsuid", "nosuid", "!nosuid"},
    {"rsymfollow", "rw", "!nosymfollow"},
};

void recursive_option(Scene& scene, const RecursiveEffect& option) {
  const Tree tree(scene, option.before);
  add_mount(scene.config, "/volume", "none", tree.path(), {"rbind", option.name});
  const std::vector<std::string> mounts = mounts_inside(scene, "/volume");
  expect(mounts.size() == 2, "what is mounted below is missing");
  for (const std::string& mount : mounts) expect_effect(parse_mount(mount), option.effect);
}

void nosymfollow_option(Scene& scene) {
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs", {"nosymfollow"});
  expect_equal(scene.shell("ln -s /etc/passwd /volume/link; "
                           "cat /volume/link > /dev/null 2>&1 || echo refused"),
               "refused", "a symlink of the mount");
}

void symfollow_option(Scene& scene) {
  add_mount(scene.config, "/volume", "tmpfs", "tmpfs", {"nosymfollow", "symfollow"});
  expect_equal(
      scene.shell("ln -s /etc/passwd /volume/link; cat /volume/link > /dev/null && echo on"), "on",
      "a symlink of the mount");
}

// What the mount's optional fields say of a propagation, on a bind of a shared tree.
struct PropagationEffect {
  const char* name;
  const char* effect;
  bool is_recursive;
};

const std::vector<PropagationEffect> kPropagations = {
    {"private", "", false},
    {"rprivate", "", true},
    {"shared", "shared:", false},
    {"rshared", "shared:", true},
    {"slave", "master:", false},
    {"rslave", "master:", true},
    {"unbindable", "unbindable", false},
    {"runbindable", "unbindable", true},
};

void propagation_option(Scene& scene, const PropagationEffect& option) {
  const Tree tree(scene, "rw");
  (void)support::run({"mount", "--make-rshared", tree.path()});
  scene.config["linux"]["rootfsPropagation"] = "slave";
  add_mount(scene.config, "/volume", "none", tree.path(), {"rbind", option.name});
  const std::vector<std::string> mounts = mounts_inside(scene, "/volume");
  expect(mounts.size() == 2, "what is mounted below is missing");
  for (std::size_t i = 0; i < (option.is_recursive ? 2U : 1U); ++i) {
    const std::string& fields = parse_mount(mounts[i]).propagation;
    const bool is_right = *option.effect == 0 ? fields.empty() : has(fields, option.effect);
    expect(is_right, sys::format("the mount's fields are \"{}\"", trim(fields)));
  }
}

// ---------------------------------------------------------------------------- id-mapped mounts

// A file of uid 1000 on the host, and what the container sees of it.
std::string owner_through(Scene& scene, const std::vector<std::string>& options, const Json& map) {
  only_root();
  std::filesystem::create_directory(scene.file("volume"));
  std::filesystem::create_directory(scene.rootfs() + "/volume");  // which is not the container's
  support::write_text(scene.file("volume/mark"), "");
  if (::chown(scene.file("volume/mark").c_str(), 1000, 1000) != 0) skip("chown");
  scene.config["ociVersion"] = "1.2.0";
  add_mount(scene.config, "/volume", "none", scene.file("volume"), options);
  if (!map.is_null()) {
    scene.config["mounts"].back()["uidMappings"] = map;
    scene.config["mounts"].back()["gidMappings"] = map;
  }
  return scene.shell("stat -c %u:%g /volume/mark");
}

Json map_of(uint32_t container, uint32_t host) {
  return Json::array({{{"containerID", container}, {"hostID", host}, {"size", 10}}});
}

// In an id-mapped mount "containerID" is an id of the filesystem, "hostID" what it becomes; the
// container's user namespace maps 2000000 on to 0.
void idmap_with_mappings(Scene& scene, const std::string& option) {
  use_user_namespace(scene.config);
  expect_equal(owner_through(scene, {"rbind", option}, map_of(1000, 2000005)), "5:5", "the owner");
}

void idmap_of_container(Scene& scene, const std::string& option) {
  use_user_namespace(scene.config);
  expect_equal(owner_through(scene, {"rbind", option}, nullptr), "1000:1000", "the owner");
}

void idmap_without_namespace(Scene& scene, const std::string& option) {
  if (own_role() == Role::kUser) skip("a container without a user namespace");
  scene.config["ociVersion"] = "1.2.0";
  add_mount(scene.config, "/volume", "none", scene.file(""), {"rbind", option});
  scene.must_refuse(option + " without mappings and without a user namespace");
}

void one_side_of_mapping(Scene& scene, const std::string& member) {
  use_user_namespace(scene.config);
  scene.config["ociVersion"] = "1.2.0";
  add_mount(scene.config, "/volume", "none", scene.file(""), {"rbind", "idmap"});
  scene.config["mounts"].back()[member] = map_of(0, 2000000);
  scene.must_refuse(member + " alone");
}

Test of_kind(void (*test)(Scene&, const std::string&), std::string kind) {
  return [=](Scene& scene) { test(scene, kind); };
}

// ---------------------------------------------------------------------------- sections

std::vector<Clause> option_clauses() {
  std::vector<Clause> clauses;
  const auto add = [&](const std::string& name, Level level, Test test) {
    clauses.push_back(
        {"options." + name, level, "the option " + name + " is carried out", std::move(test)});
  };
  for (const OptionEffect& option : kOptions) {
    if (std::string(option.name) == "remount") continue;
    add(option.name, kMust, [&](Scene& scene) { plain_option(scene, option); });
  }
  add("remount", kMust, remount_option);
  add("bind", kMust, bind_option);
  add("rbind", kMust, rbind_option);
  for (const PropagationEffect& option : kPropagations) {
    add(option.name, kMust, [&](Scene& scene) { propagation_option(scene, option); });
  }
  add("nosymfollow", kShould, nosymfollow_option);
  add("symfollow", kShould, symfollow_option);
  for (const RecursiveEffect& option : kRecursive) {
    add(option.name, kShould, [&](Scene& scene) { recursive_option(scene, option); });
  }
  for (const std::string name : {"idmap", "ridmap"}) {
    add(name, kShould, of_kind(idmap_with_mappings, name));
    clauses.push_back({"options." + name + ".container", kSays,
                       name + " without mappings takes the container's",
                       of_kind(idmap_of_container, name)});
    clauses.push_back({"options." + name + ".nothing", kMust,
                       name + " without mappings and without a user namespace is an error",
                       of_kind(idmap_without_namespace, name)});
  }
  clauses.push_back(
      {"options.unknown", kShould, "other options go to the filesystem", data_option});
  clauses.push_back({"options.unknown.refused", kSays,
                     "what the filesystem then refuses is an error", refused_data_option});
  clauses.push_back(
      untested("options.mand", kShould, "mand, nomand, tmpcopyup may be supported", "a MAY"));
  clauses.push_back(untested("options.custom", kShould,
                             "custom options that mount(8) knows behave as there",
                             "which ones a runtime has is its own matter"));
  return clauses;
}

}  // namespace

std::vector<Section> config_sections() {
  return {
      {"config.md",
       "Specification version",
       {{"version.semver", kMust, "ociVersion is a semantic version",
         refused("/ociVersion", "one")},
        {"version.required", kMust, "ociVersion is required",
         [](Scene& scene) {
           scene.config.erase("ociVersion");
           scene.must_refuse("a configuration without ociVersion");
         }},
        {"version.compatible", kSays, "configurations of 1.0 to 1.3 are accepted", versions}}},
      {"config.md",
       "Root",
       {{"root.required", kMust, "root is required", without_root},
        {"root.absolute", kSays, "root.path may be absolute", absolute_root},
        {"root.relative", kSays, "root.path may be relative to the bundle",
         [](Scene& scene) { expect_equal(scene.shell("echo on"), "on", "the output"); }},
        {"root.exists", kMust, "a directory is at root.path", refused("/root/path", "nowhere")},
        {"root.directory", kMust, "what is at root.path is a directory", root_is_file},
        untested("root.conventional", kShould, "root.path is \"rootfs\"",
                 "a demand on bundles, not on runtimes"),
        {"root.readonly", kMust, "the root is read-only if root.readonly is true", readonly_root},
        {"root.writable", kSays, "it is writable otherwise", writable_root}}},
      {"config.md",
       "Mounts",
       {{"mounts.order", kMust, "mounts are made in the listed order", listed_order},
        {"mounts.destination.relative", kMust, "a relative destination starts at \"/\" (since 1.2)",
         relative_destination},
        {"mounts.source.relative", kSays, "a bind's source may be relative to the bundle",
         relative_source},
        {"mounts.source.file", kSays, "a bind's source may be a file", file_source},
        {"mounts.bind", kSays, "bind and rbind make a bind mount, whatever the type is",
         bind_by_option},
        {"mounts.uidMappings", kMust, "uidMappings need gidMappings",
         of_kind(one_side_of_mapping, "uidMappings")},
        {"mounts.gidMappings", kMust, "gidMappings need uidMappings",
         of_kind(one_side_of_mapping, "gidMappings")}}},
      {"config.md", "Linux mount options", option_clauses()}};
}

}  // namespace conformance
