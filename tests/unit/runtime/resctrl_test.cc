// SPDX-License-Identifier: Apache-2.0
// Classes of service, in a directory that stands in for the resctrl file system: it makes no files
// of its own, and takes whatever is written.
#include "runtime/apply/resctrl.h"

#include <fcntl.h>

#include <catch2/catch.hpp>

#include "sys/error.h"
#include "sys/open.h"
#include "tests/support/harness.h"

using Catch::Matchers::Contains;
using runtime::IntelRdtStep;
using runtime::plan_intel_rdt;
using runtime::ResctrlGroup;
using support::TempDirectory;

namespace {

sys::Fd open(const TempDirectory& directory) {
  return sys::open_path(directory.path(), O_RDONLY | O_DIRECTORY);
}

config::Linux with(const config::IntelRdt& rdt) {
  config::Linux platform;
  platform.intel_rdt = rdt;
  return platform;
}

IntelRdtStep plan(const config::IntelRdt& rdt) { return *plan_intel_rdt(with(rdt), "web"); }

/// A class that is there, with these schemata.
void make_class(const TempDirectory& resctrl, const std::string& name, const std::string& text) {
  support::make_directory(resctrl / name);
  support::make_directory(resctrl / (name + "/mon_groups"));
  support::write_text(resctrl / (name + "/schemata"), text);
}

}  // namespace

TEST_CASE("resctrl: nothing is planned that nobody asks for", "[runtime][resctrl]") {
  CHECK_FALSE(plan_intel_rdt({}, "web"));
}

TEST_CASE("resctrl: whose class it is, and who makes it", "[runtime][resctrl]") {
  CHECK(plan({}) == IntelRdtStep{.name = "web", .is_own = true, .may_make = true});
  CHECK(plan({.clos_id = "gold"}) == IntelRdtStep{.name = "gold"});
  CHECK(plan({.clos_id = "gold", .schemata = {"L3:0=f", "MB:0=10"}}) ==
        IntelRdtStep{.name = "gold", .may_make = true, .schemata = "L3:0=f\nMB:0=10\n"});
  CHECK(plan({.clos_id = "/", .schemata = {"L3:0=f"}, .enable_monitoring = true}) ==
        IntelRdtStep{.schemata = "L3:0=f\n", .monitor = "web"});
}

TEST_CASE("resctrl: lines of memory bandwidth come from their own field", "[runtime][resctrl]") {
  CHECK(plan({.l3_cache_schema = "L3:0=f\nMB:0=20\nL3:1=f", .mem_bw_schema = "MB:0=10"}).combined ==
        "L3:0=f\nL3:1=f\nMB:0=10\n");
  CHECK(plan({.l3_cache_schema = "L3:0=f\nMB:0=20"}).combined == "L3:0=f\nMB:0=20\n");
}

TEST_CASE("resctrl: schemata are compared as the kernel prints them", "[runtime][resctrl]") {
  const std::string present = "    L3:0=007ff;1=00fff\n    MB:0= 100;1=  50\n";
  CHECK(runtime::has_schemata(present, ""));
  CHECK(runtime::has_schemata(present, "L3:0=7ff\n"));
  CHECK(runtime::has_schemata(present, "MB:1=50;0=100\nL3:1=fff"));
  CHECK_FALSE(runtime::has_schemata(present, "L3:0=7f"));
  CHECK_FALSE(runtime::has_schemata(present, "L3:2=7ff"));
  CHECK_FALSE(runtime::has_schemata(present, "L2:0=7ff"));
}

TEST_CASE("resctrl: a class of the container's own is made, and goes", "[runtime][resctrl]") {
  const TempDirectory resctrl;
  {
    const ResctrlGroup group(open(resctrl), plan({}));
    CHECK(support::names_in(resctrl.path()) == std::vector<std::string>{"web"});
  }
  CHECK(support::names_in(resctrl.path()).empty());
  {
    ResctrlGroup group(open(resctrl), plan({}));
    group.keep();
  }
  CHECK(support::exists(resctrl / "web"));
  CHECK_THROWS_WITH(ResctrlGroup(open(resctrl), plan({})),
                    Contains("/linux/intelRdt: there is a class \"web\" already"));
  remove_resctrl(open(resctrl).get(), plan({}));
  CHECK(support::names_in(resctrl.path()).empty());
}

TEST_CASE("resctrl: schemata and processes are written", "[runtime][resctrl]") {
  const TempDirectory resctrl;
  ResctrlGroup group(open(resctrl), plan({.clos_id = "gold", .schemata = {"L3:0=f"}}));
  group.add(1234);
  CHECK(support::read_text(resctrl / "gold/schemata") == "L3:0=f\n");
  CHECK(support::read_text(resctrl / "gold/tasks") == "1234");
}

TEST_CASE("resctrl: a class that is there must be as it is wanted", "[runtime][resctrl]") {
  const TempDirectory resctrl;
  make_class(resctrl, "gold", "    L3:0=00f\n");
  ResctrlGroup(open(resctrl), plan({.clos_id = "gold", .schemata = {"L3:0=f"}})).add(1);
  CHECK(support::read_text(resctrl / "gold/tasks") == "1");
  CHECK_THROWS_WITH(ResctrlGroup(open(resctrl), plan({.clos_id = "gold", .schemata = {"L3:0=7"}})),
                    Contains("class \"gold\" is there with other schemata"));
  CHECK_THROWS_WITH(ResctrlGroup(open(resctrl), plan({.clos_id = "tin"})), Contains("tin"));
  CHECK_FALSE(support::exists(resctrl / "tin"));
}

TEST_CASE("resctrl: a monitoring group of the container's", "[runtime][resctrl]") {
  const TempDirectory resctrl;
  make_class(resctrl, "gold", "");
  const IntelRdtStep step = plan({.clos_id = "gold", .enable_monitoring = true});
  {
    const ResctrlGroup group(open(resctrl), step);
    CHECK(support::exists(resctrl / "gold/mon_groups/web"));
  }
  CHECK_FALSE(support::exists(resctrl / "gold/mon_groups/web"));
  ResctrlGroup group(open(resctrl), step);
  group.keep();
  remove_resctrl(open(resctrl).get(), step);
  CHECK_FALSE(support::exists(resctrl / "gold/mon_groups/web"));
  CHECK(support::exists(resctrl / "gold"));
}

TEST_CASE("resctrl: a container that runs gets other schemata", "[runtime][resctrl]") {
  const TempDirectory resctrl;
  make_class(resctrl, "gold", "    L3:0=00f\n");
  update_resctrl(
      open(resctrl).get(),
      plan({.clos_id = "gold", .l3_cache_schema = "L3:0=3", .mem_bw_schema = "MB:0=20"}));
  CHECK(support::read_text(resctrl / "gold/schemata") == "L3:0=3\nMB:0=20\n");
}

TEST_CASE("resctrl: a process of an exec puts itself where the container is",
          "[runtime][resctrl]") {
  const TempDirectory resctrl;
  make_class(resctrl, "gold", "");
  support::make_directory(resctrl / "gold/mon_groups/web");
  join_resctrl(open(resctrl).get(), plan({.clos_id = "gold", .enable_monitoring = true}));
  CHECK(support::read_text(resctrl / "gold/tasks") == "0");
  CHECK(support::read_text(resctrl / "gold/mon_groups/web/tasks") == "0");
}
