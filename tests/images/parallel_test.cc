// SPDX-License-Identifier: Apache-2.0
// Many tillas on one store: what they share is there once, locks die with their holders, and what
// one is at no other takes away.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <sstream>

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "tests/support/harness.h"
#include "tests/support/stopper.h"
#include "tests/support/tilla.h"

using support::LayoutBuilder;
using support::Program;
using support::Stopper;
using support::TarBuilder;
using support::Tilla;
using Words = std::vector<std::string>;

namespace {

const support::ProgramOptions kPatient = {.timeout = std::chrono::seconds(120)};

// newuidmap can't be traced by those whom it serves.
std::string traceable_identity() { return support::is_root() ? "root" : "single"; }

std::string layer(const std::string& name) {
  return TarBuilder().directory(name + "/").file(name + "/file", "of " + name).bytes();
}

/// An OCI layout with one image, of layers that are called so.
std::string make_layout(const Tilla& tilla, const std::string& name, const Words& layers) {
  const LayoutBuilder layout(tilla / name);
  Words tars;
  for (const std::string& each : layers) tars.push_back(layer(each));
  layout.index({LayoutBuilder::named(layout.image(tars), name)});
  return layout.path();
}

Words command(const Tilla& tilla, const Words& words) {
  Words argv = {"env", "TILLA_IDENTITY=" + traceable_identity(), support::tilla_program(), "--root",
                tilla.root()};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

Words load(const std::string& layout) { return {"load", "--quiet", "--input", layout}; }

// Whole, with these images, of each of which a container can be made.
void expect_images(const Tilla& tilla, Words names) {
  CHECK(tilla.must({"system", "check"}, kPatient).empty());
  std::sort(names.begin(), names.end());
  std::string wanted;
  for (const std::string& name : names) wanted += name + ":latest\n";
  CHECK(tilla.must({"images", "--format", "{{.Repository}}:{{.Tag}}"}).size() == wanted.size());
  for (const std::string& name : names) {
    INFO(name);
    CHECK(tilla.call({"inspect", "--format", "{{.Id}}", name}).exit_code == 0);
    CHECK(tilla.call({"create", name}, kPatient).exit_code == 0);
  }
  CHECK(tilla.left().empty());
  CHECK(support::names_in(tilla.root() + "/leases").empty());
}

std::string path_of_lock(const Tilla& tilla) {
  const std::string locks = tilla.root() + "/locks";
  if (!support::exists(locks)) return {};
  for (const std::string& name : support::names_in(locks)) {
    if (name.starts_with("layer-")) return locks + "/" + name;
  }
  return {};
}

enum class Lock { kHeld, kWaitedFor };

// Source: proc_locks(5): a line with "->" is of somebody who waits.
bool has_lock(const std::string& file, Lock lock) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) return false;
  const std::string inode = sys::format(":{} ", status.st_ino);
  std::istringstream lines(support::read_text("/proc/locks"));
  for (std::string line; std::getline(lines, line);) {
    const bool waits = line.find("->") != std::string::npos;
    if (waits == (lock == Lock::kWaitedFor) && line.find(inode) != std::string::npos) return true;
  }
  return false;
}

// Does a verb over and over, in a shell, until `stop` is there; its end is in `result`.
std::unique_ptr<Program> repeat(const Tilla& tilla, const std::string& line) {
  return std::make_unique<Program>(
      Words{"sh", "-c",
            sys::format("tilla() {{ '{}' --root '{}' \"$@\" > /dev/null; }}; "
                        "until [ -e '{}' ]; do {} || exit 1; done",
                        support::tilla_program(), tilla.root(), tilla / "stop", line)},
      kPatient);
}

}  // namespace

TEST_CASE("load: eight at once of images that overlap end in one copy of each layer",
          "[tilla][load][parallel]") {
  const Tilla tilla;
  constexpr int kLoaders = 8;
  Words layouts, names;
  for (int i = 0; i < kLoaders; ++i) {
    const std::string own = "own" + std::to_string(i);
    names.push_back("image" + std::to_string(i));
    // Half of them with the shared ones at the bottom, half with one of their own there.
    layouts.push_back(
        make_layout(tilla, names.back(),
                    i % 2 == 0 ? Words{"base", "shared", own} : Words{own, "base", "shared"}));
  }
  std::vector<std::unique_ptr<Program>> programs;
  for (const std::string& layout : layouts) {
    Words argv = {support::tilla_program(), "--root", tilla.root()};
    for (const std::string& word : load(layout)) argv.push_back(word);
    programs.push_back(std::make_unique<Program>(argv, kPatient));
  }
  for (auto& program : programs) {
    const support::Result result = program->wait();
    INFO(result.all());
    CHECK(result.exit_code == 0);
  }
  // base, base+shared, and the third of four images; three of each of the other four.
  CHECK(tilla.layers().size() == 2 + 4 + 3 * 4);
  // Two that all have, one of each image, and its config and manifest.
  CHECK(support::names_in(tilla.root() + "/blobs/sha256").size() == 2 + 3 * kLoaders);
  expect_images(tilla, names);
}

TEST_CASE("load: one that waits for another goes on when that is killed",
          "[tilla][load][parallel]") {
  const Tilla tilla(traceable_identity());
  const std::string layout = make_layout(tilla, "image", {"base", "upper"});
  Stopper holder(command(tilla, load(layout)), tilla / "holder.output");
  while (path_of_lock(tilla).empty()) REQUIRE(holder.next());
  REQUIRE(holder.next());  // it has the lock now, and has just begun
  const std::string lock = path_of_lock(tilla);
  // No child of ours, for which the stopper might wait in our place.
  std::string line = "(";
  for (const std::string& word : command(tilla, load(layout))) line += "'" + word + "' ";
  line += sys::format("> '{0}' 2>&1; echo $? > '{1}.new'; mv '{1}.new' '{1}') &",
                      tilla / "waiter.output", tilla / "code");
  REQUIRE(support::run({"sh", "-c", line}, {.output_file = tilla / "shell.output"}).exit_code == 0);
  REQUIRE(support::eventually([&] { return has_lock(lock, Lock::kWaitedFor); },
                              std::chrono::seconds(20)));
  CHECK_FALSE(support::exists(tilla / "code"));
  holder.kill();
  REQUIRE(support::eventually([&] { return support::exists(tilla / "code"); },
                              std::chrono::seconds(20)));
  INFO(support::read_text(tilla / "waiter.output"));
  CHECK(support::read_text(tilla / "code") == "0\n");
  CHECK(tilla.layers().size() == 2);
  tilla.must({"system", "prune", "--force"});  // the first one's staging goes with any verb
  expect_images(tilla, {"image"});
}

TEST_CASE("load: a prune at any moment takes nothing of it", "[tilla][load][parallel]") {
  const Tilla tilla(traceable_identity());
  const std::string layout = make_layout(tilla, "image", {"base", "upper"});
  tilla.must({"info"});
  Stopper loader(command(tilla, load(layout)), tilla / "output");
  int prunes = 0;
  for (int i = 0; loader.next(); ++i) {
    if (i % 3 != 0) continue;
    // For these a prune would wait, and the loader is held.
    if (has_lock(tilla.root() + "/lock", Lock::kHeld)) continue;
    if (has_lock(tilla.root() + "/index.lock", Lock::kHeld)) continue;
    tilla.must({"system", "prune", "--force"}, kPatient);
    ++prunes;
  }
  INFO(support::read_text(tilla / "output"));
  CHECK(prunes > 5);
  CHECK(loader.exit_code() == 0);
  expect_images(tilla, {"image"});
}

TEST_CASE("load, rmi and prune at once: nothing that has a name is lost",
          "[tilla][load][parallel]") {
  const Tilla tilla;
  const std::string victim = make_layout(tilla, "victim", {"base", "shared", "victims"});
  const std::string one = make_layout(tilla, "one", {"base", "shared", "ones"});
  const std::string two = make_layout(tilla, "two", {"base", "twos"});
  std::vector<std::unique_ptr<Program>> programs;
  programs.push_back(repeat(tilla, "tilla system prune --force"));
  programs.push_back(
      repeat(tilla, sys::format("tilla load --quiet -i '{}' && tilla rmi victim", victim)));
  // What nobody has any more is loaded again, while the others take it away.
  for (const std::string& layout : {one, two}) {
    const std::string name = layout.substr(layout.rfind('/') + 1);
    programs.push_back(
        repeat(tilla, sys::format("tilla load --quiet -i '{0}' && tilla inspect {1} && "
                                  "tilla create --name {1} {1} && tilla rm {1} && tilla rmi {1}",
                                  layout, name)));
  }
  REQUIRE_FALSE(programs[0]->pid() == 0);
  (void)support::eventually([] { return false; }, std::chrono::seconds(4));
  support::write_text(tilla / "stop", "");
  for (auto& program : programs) {
    const support::Result result = program->wait();
    INFO(result.all());
    CHECK(result.exit_code == 0);
  }
  for (const std::string& layout : {victim, one, two}) tilla.must(load(layout), kPatient);
  expect_images(tilla, {"one", "two", "victim"});
}
