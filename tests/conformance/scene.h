// SPDX-License-Identifier: Apache-2.0
// What a conformance test is given: a bundle whose config.json is JSON to be changed, and the
// runtime under test, which is called by its command line alone. Nothing here reads or writes JSON
// by tilla's own code.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/harness.h"

namespace conformance {

using Json = nlohmann::json;
using support::Result;

/// Why a test failed, and what it would need.
struct Failed {
  std::string why;
};
struct Skipped {
  std::string what;
};

[[noreturn]] void fail(std::string why);
[[noreturn]] void skip(std::string what);
void expect(bool claim, const std::string& why);
void expect_equal(const std::string& actual, const std::string& expected, const std::string& what);
bool has(const std::string& text, std::string_view part);
/// Of the environment; "" when it is not there.
std::string variable(const char* name);
/// Without blanks and newlines at its end.
std::string trim(std::string text);
/// Lines of a text.
std::vector<std::string> lines_of(const std::string& text);

/// Who calls the runtime.
enum class Role { kRoot, kNested, kUser };
Role own_role();
std::string name_of(Role role);
/// Skips the test unless the caller is one of those who may do a thing.
void only_root();           // of the host
void only_with_mounts();    // may mount: not an ordinary user
void only_with_many_ids();  // has ids beside its own

// ---------------------------------------------------------------------------- configurations

/// A plain container: new pid, network, ipc, uts and mount namespaces; a user namespace for an
/// ordinary user.
Json default_config();
void add_mount(Json& config, const std::string& destination, const std::string& type,
               const std::string& source, const std::vector<std::string>& options = {});
void drop_mount(Json& config, const std::string& destination);
/// A new namespace, or that at `path`, in the place of one that is there.
void set_namespace(Json& config, const std::string& type, const std::string& path = {});
void drop_namespace(Json& config, const std::string& type);
/// A user namespace with many ids, of which the caller's may be none.
void use_user_namespace(Json& config);
void set_shell(Json& config, const std::string& line);
/// A hook that is `sh -c LINE`, of the host's or the container's shell.
Json hook(const std::string& line);

// ---------------------------------------------------------------------------- containers

/// One container named "test", from creation to deletion. Forgotten by force at the end.
class Scene {
 public:
  Scene();
  ~Scene();
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  Json config = default_config();
  /// Written instead of `config` unless empty.
  std::string config_text;
  std::string id = "test";

  std::string bundle() const { return bundle_.path(); }
  std::string rootfs() const { return bundle_.rootfs(); }
  /// A directory of the test's own. The container has it once it is shared, as /shared.
  std::string file(const std::string& name) const { return shared_ / name; }
  void share();
  std::string note(const std::string& name) const { return trim(support::read_text(file(name))); }

  // The operations, whatever comes of them.
  Result call(const std::vector<std::string>& words,
              const support::ProgramOptions& options = {}) const;
  Result create(const std::vector<std::string>& flags = {});
  Result start() const { return call({"start", id}); }
  Result kill(const std::string& signal) const { return call({"kill", id, signal}); }
  Result remove() const { return call({"delete", id}); }

  // The operations, which must succeed.
  void must_create(const std::vector<std::string>& flags = {});
  void must_start() const;
  void must_kill(const std::string& signal) const;
  void must_remove() const;
  Json state() const;
  /// "" when the runtime knows no such container.
  std::string status() const;
  pid_t pid() const { return state().at("pid").get<pid_t>(); }
  void wait_until_stopped() const;

  /// Created, started, and ended: what the program wrote.
  std::string run();
  /// The same of `sh -c LINE`.
  std::string shell(const std::string& line);
  /// What program and runtime wrote to standard output and error.
  std::string output() const { return support::read_text(directory_ / "output"); }
  /// What the runtime wrote to its log.
  std::string log() const { return support::read_text(directory_ / "log"); }
  /// create fails, and no container is there; `what` was wrong with the configuration.
  void must_refuse(const std::string& what);

 private:
  void write_config() const;

  support::TempDirectory directory_, shared_;
  support::Bundle bundle_;
};

/// The lines of the container's mountinfo below and on `path`, with `config`'s program replaced.
std::vector<std::string> mounts_inside(Scene& scene, const std::string& path);
/// The mount options, the optional fields and the superblock's options of such a line.
struct MountLine {
  std::string attributes, propagation, data;
};
MountLine parse_mount(const std::string& line);
bool has_option(const std::string& options, const std::string& option);

}  // namespace conformance
