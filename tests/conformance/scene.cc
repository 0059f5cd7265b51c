// SPDX-License-Identifier: Apache-2.0
// The runtime under test: RUNTIME, with RUNTIME_FLAGS before each command.
#include "tests/conformance/scene.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include "sys/format.h"
#include "sys/idmap.h"
#include "sys/procfs.h"

namespace conformance {
namespace {

// Of those whose parent was the runtime, we are the parent now.
void reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
}

}  // namespace

// ---------------------------------------------------------------------------- claims

void fail(std::string why) { throw Failed{std::move(why)}; }
void skip(std::string what) { throw Skipped{std::move(what)}; }

void expect(bool claim, const std::string& why) {
  if (!claim) fail(why);
}

void expect_equal(const std::string& actual, const std::string& expected, const std::string& what) {
  if (actual != expected) {
    fail(sys::format("{} is \"{}\" and should be \"{}\"", what, actual, expected));
  }
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string variable(const char* name) {
  const char* value = ::getenv(name);
  return value != nullptr ? value : "";
}

std::string trim(std::string text) {
  while (!text.empty() && std::string_view(" \n\r\t").find(text.back()) != std::string::npos) {
    text.pop_back();
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

Role own_role() {
  if (::geteuid() != 0) return Role::kUser;
  return sys::is_initial(sys::own_uid_map(sys::Procfs::open())) ? Role::kRoot : Role::kNested;
}

std::string name_of(Role role) {
  if (role == Role::kRoot) return "root";
  return role == Role::kNested ? "nested" : "user";
}

void only_root() {
  if (own_role() != Role::kRoot) skip("root");
}

void only_with_mounts() {
  if (own_role() == Role::kUser) skip("a caller who may mount");
}

void only_with_many_ids() {
  if (own_role() == Role::kUser && support::subordinate_uids().count < 65536) {
    skip("a range of ids");
  }
}

// ---------------------------------------------------------------------------- the container

// A container's root may be an id that owns nothing here.
Scene::Scene() {
  for (const std::string& path : {directory_.path(), shared_.path(), bundle_.path()}) {
    (void)::chmod(path.c_str(), 0755);
  }
}

Scene::~Scene() {
  try {
    (void)call({"delete", "--force", id});
    reap();
  } catch (const std::exception&) {  // the driver finds what is left
  }
}

void Scene::share() { add_mount(config, "/shared", "bind", shared_.path(), {"rbind"}); }

Result Scene::call(const std::vector<std::string>& words,
                   const support::ProgramOptions& options) const {
  std::vector<std::string> argv = {variable("RUNTIME")};
  std::istringstream flags(variable("RUNTIME_FLAGS"));
  for (std::string flag; flags >> flag;) argv.push_back(flag);
  argv.insert(argv.end(), {"--root", directory_ / "state", "--log", directory_ / "log"});
  argv.insert(argv.end(), words.begin(), words.end());
  return support::run(argv, options);
}

void Scene::write_config() const {
  support::write_text(bundle_ / "config.json", config_text.empty() ? config.dump(2) : config_text);
}

Result Scene::create(const std::vector<std::string>& flags) {
  write_config();
  std::vector<std::string> words = {"create", "--bundle", bundle()};
  words.insert(words.end(), flags.begin(), flags.end());
  words.push_back(id);
  support::write_text(directory_ / "output", "");
  Result result = call(words, {.output_file = directory_ / "output"});
  result.err = output();
  return result;
}

namespace {

void must(const Result& result, const std::string& operation) {
  if (result.exit_code != 0) fail(operation + ": " + trim(result.all()));
}

}  // namespace

void Scene::must_create(const std::vector<std::string>& flags) { must(create(flags), "create"); }
void Scene::must_start() const { must(start(), "start"); }
void Scene::must_kill(const std::string& signal) const { must(kill(signal), "kill"); }
void Scene::must_remove() const { must(remove(), "delete"); }

Json Scene::state() const {
  const Result result = call({"state", id});
  must(result, "state");
  return Json::parse(result.out);
}

std::string Scene::status() const {
  const Result result = call({"state", id});
  if (result.exit_code != 0) return "";
  return Json::parse(result.out).at("status").get<std::string>();
}

void Scene::wait_until_stopped() const {
  const bool stopped = support::eventually([&] {
    reap();
    return status() == "stopped";
  });
  if (!stopped) fail("the status is \"" + status() + "\" after the program ended");
}

std::string Scene::run() {
  must_create();
  must_start();
  wait_until_stopped();
  return output();
}

std::string Scene::shell(const std::string& line) {
  set_shell(config, line);
  return trim(run());
}

void Scene::must_refuse(const std::string& what) {
  const Result result = create();
  if (result.exit_code == 0) fail("create accepts " + what);
  expect_equal(status(), "", "the status after the error");
}

// ---------------------------------------------------------------------------- mounts inside

std::vector<std::string> mounts_inside(Scene& scene, const std::string& path) {
  std::vector<std::string> found;
  for (const std::string& line : lines_of(scene.shell("cat /proc/self/mountinfo"))) {
    std::istringstream words(line);
    std::string word;
    for (int i = 0; i < 5; ++i) words >> word;
    if (word == path || word.starts_with(path + "/")) found.push_back(line);
  }
  if (found.empty()) fail("nothing is mounted on " + path);
  return found;
}

MountLine parse_mount(const std::string& line) {
  std::istringstream words(line);
  std::string word;
  MountLine result;
  for (int i = 0; i < 5; ++i) words >> word;
  words >> result.attributes;
  while (words >> word && word != "-") result.propagation += word + " ";
  words >> word >> word >> result.data;
  return result;
}

bool has_option(const std::string& options, const std::string& option) {
  return has("," + options + ",", "," + option + ",");
}

}  // namespace conformance
