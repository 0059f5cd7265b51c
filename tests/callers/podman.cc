// SPDX-License-Identifier: Apache-2.0
#include "tests/callers/podman.h"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/format.h"

namespace callers {
namespace {

// The limits are for callers without CAP_SYS_RESOURCE, of whose root podman would raise some.
constexpr const char* kConfiguration = R"([containers]
default_ulimits = ["nofile=1024:1024", "nproc=1000:1000"]
netns = "none"
pids_limit = 0

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
stop_timeout = 1
runtime = "tilla-runtime"
runtime_supports_json = ["crun", "runc", "tilla-runtime"]
runtime_supports_nocgroup = ["crun", "tilla-runtime"]

[engine.runtimes]
tilla-runtime = ["{}"]
)";

// Of an ordinary user, as a login makes it; else one of our own.
std::string runtime_directory(const support::TempDirectory& directory) {
  const std::string ours = sys::format("/run/user/{}", ::geteuid());
  if (::mkdir(ours.c_str(), 0700) == 0 || ::access(ours.c_str(), W_OK) == 0) return ours;
  support::make_directory(directory / "runtime");
  return directory / "runtime";
}

}  // namespace

const support::Need Podman::kNeed = {"podman and buildah",
                                     [] {
                                       return has_programs({"podman", "buildah", "conmon"});
                                     },
                                     false};

Words Podman::store_words() const {
  return {"--root",           directory_ / "store", "--runroot",
          directory_ / "run", "--storage-driver",   "vfs"};
}

Words Podman::environment() const {
  Words env = {"CONTAINERS_CONF=" + directory_ / "containers.conf"};
  if (!support::is_root()) env.push_back("XDG_RUNTIME_DIR=" + runtime_directory(directory_));
  return env;
}

Podman::Podman() : caller_({}) {
  support::write_text(directory_ / "containers.conf",
                      sys::format(kConfiguration, support::runtime_program()));
  Words words = store_words();
  words.insert(words.begin(), "podman");
  caller_ = Caller(words, environment());
  write_image_archive(directory_ / "image.tar");
  (void)caller_.must({"load", "--input", directory_ / "image.tar"});
}

Podman::~Podman() {
  try {
    (void)caller_.call({"pod", "rm", "--all", "--force", "--time", "0"});
    (void)caller_.call({"rm", "--all", "--force", "--time", "0"});
    // Ends the process that holds an ordinary user's namespaces.
    if (!support::is_root()) (void)caller_.call({"system", "migrate"});
  } catch (const std::exception&) {  // tests/run finds what is left
  }
}

Caller Podman::with_runtime(const std::string& path) const {
  Words words = store_words();
  words.insert(words.begin(), "podman");
  words.insert(words.end(), {"--runtime", path});
  return {words, environment()};
}

Caller Podman::buildah() const {
  Words words = store_words();
  words.insert(words.begin(), "buildah");
  Words env = environment();
  env.insert(env.end(), {"BUILDAH_ISOLATION=oci", "BUILDAH_RUNTIME=" + support::runtime_program()});
  return {words, env};
}

}  // namespace callers
