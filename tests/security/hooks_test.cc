// SPDX-License-Identifier: Apache-2.0
// Hooks between a hostile image and the host: INV-3, INV-4 and INV-7 for them.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sys/format.h"
#include "sys/open.h"
#include "tests/security/scene.h"
#include "tests/support/needs.h"

using Catch::Matchers::Contains;
using config::Hook;
using config::RuntimeSpec;
using support::Bundle;
using support::Runtime;

namespace {

Hook shell(std::string line) {
  return {
      .path = "/bin/sh", .args = {"sh", "-c", std::move(line)}, .env = {}, .timeout_seconds = {}};
}

}  // namespace

TEST_CASE("t_hook_env: nothing of the image's reaches a hook in the container's namespaces",
          "[security][inv4]") {
  // CVE-2025-23266: a createContainer hook had the image's LD_PRELOAD, and its root as working
  // directory.
  const support::TempDirectory notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.process->env = {"PATH=/bin", "LD_PRELOAD=./evil.so", "LD_LIBRARY_PATH=.", "BASH_ENV=evil"};
    spec.process->cwd = "/evil";
    spec.hooks.emplace().create_container = {shell("tr '\\0' '\\n' < /proc/self/environ > " +
                                                   notes / "env" + "; readlink /proc/self/cwd > " +
                                                   notes / "cwd")};
  });
  support::make_directory(bundle.rootfs() + "/evil");
  support::write_text(bundle.rootfs() + "/evil.so", "not a library");
  const Runtime runtime;
  CHECK(runtime.run(bundle, {}, {.cwd = bundle.rootfs()}).exit_code == 0);
  CHECK(support::read_text(notes / "env").empty());
  CHECK(support::read_text(notes / "cwd") == "/\n");
}

TEST_CASE("t_fd_inventory: a hook has its three streams and nothing of the runtime's",
          "[security][inv4]") {
  using Kind = std::pair<const char*, std::vector<Hook> config::Hooks::*>;
  const auto [kind, hooks] =
      GENERATE(values<Kind>({{"prestart", &config::Hooks::prestart},
                             {"createRuntime", &config::Hooks::create_runtime},
                             {"createContainer", &config::Hooks::create_container},
                             {"startContainer", &config::Hooks::start_container},
                             {"poststart", &config::Hooks::poststart},
                             {"poststop", &config::Hooks::poststop}}));
  CAPTURE(kind);
  const bool is_inside = hooks == &config::Hooks::start_container;
  const support::TempDirectory notes;
  const Bundle bundle([&](RuntimeSpec& spec) {
    support::add_mount(spec, "/log", "bind", notes.path(), {"rbind"});
    spec.hooks.emplace().*hooks = {shell(sys::format(
        "exec {} fds > {}/fds", is_inside ? "/bin/probe" : support::own_directory() + "/probe",
        is_inside ? "/log" : notes.path()))};
  });
  const Canary canary;
  const sys::Fd secret = sys::open_path(canary.path(), O_RDONLY | O_DIRECTORY);
  const Runtime runtime;
  CHECK(runtime.run(bundle, {"--preserve-fds", "1"}, {.fds = {{secret.get(), 3}}}).exit_code == 0);
  const std::string fds = support::read_text(notes / "fds");
  CHECK(std::count(fds.begin(), fds.end(), '\n') == 3);
  CHECK_THAT(fds, !Contains(canary.path()));
}

TEST_CASE("t_selfexe_write: a startContainer hook that is a magic link is none",
          "[security][inv3]") {
  // CVE-2019-5736: an image's program that led to /proc/self/exe was the runtime itself.
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.hooks.emplace().start_container = {
        {.path = "/hook", .args = {}, .env = {}, .timeout_seconds = {}}};
  });
  plant_symlink("/proc/self/exe", bundle.rootfs() + "/hook");
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK_THAT(result.err, Contains("startContainer hook") && Contains("magic link"));
}

TEST_CASE("t_hook_restrictions: a startContainer hook is restricted as its container",
          "[security][inv7]") {
  const bool no_new_privileges = GENERATE(true, false);
  const Bundle bundle([&](RuntimeSpec& spec) {
    spec.process->no_new_privileges = no_new_privileges;
    spec.process->capabilities->effective = {"CAP_KILL"};
    spec.process->capabilities->permitted = {"CAP_KILL"};
    spec.process->capabilities->bounding = {"CAP_KILL"};
    spec.process->capabilities->ambient.clear();
    spec.linux_.seccomp.emplace();
    spec.linux_.seccomp->default_action = config::SeccompAction::kAllow;
    spec.linux_.seccomp->syscalls = {{.names = {"mkdir", "mkdirat"},
                                      .action = config::SeccompAction::kErrno,
                                      .errno_ret = {},
                                      .args = {}}};
    spec.hooks.emplace().start_container = {shell(
        "grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status | cut -f2 | tr '\\n' ' '; "
        "mkdir /made; exit 1")};
  });
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK_THAT(result.err, Contains(sys::format("0000000000000020 0000000000000020 {} 2",
                                              no_new_privileges ? 1 : 0)) &&
                             Contains("not permitted"));
  CHECK_FALSE(support::exists(bundle.rootfs() + "/made"));
}

TEST_CASE("t_terminal_escapes: what a hook of the image says can't speak to the terminal",
          "[security][inv12]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    spec.hooks.emplace().start_container = {shell("printf '\\033]0;evil\\007'; exit 1")};
  });
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.find('\033') == std::string::npos);
}

TEST_CASE("t_hook_output: a hook that talks without end is bounded", "[security][inv12]") {
  const Bundle bundle([](RuntimeSpec& spec) {
    Hook hook = shell("yes");
    hook.timeout_seconds = 1;
    spec.hooks.emplace().start_container = {hook};
  });
  const Runtime runtime;
  const auto result = runtime.run(bundle);
  CHECK(result.exit_code == 1);
  CHECK(result.err.size() < 20000);
}
