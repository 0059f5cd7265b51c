// SPDX-License-Identifier: Apache-2.0
// Labels that can't be had: refused, on machines with AppArmor or SELinux and on others. What they
// do where they can be had: tests/vm/labels_test.cc.
#include <catch2/catch.hpp>

#include "tests/support/harness.h"

using config::RuntimeSpec;
using namespace support;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kApparmorWords = "unable to apply apparmor profile: ";
constexpr const char* kNoProfile = "tilla-no-such-profile";
constexpr const char* kNoContext = "no:such:context_t:s0";

void sleeps(RuntimeSpec& spec) { spec.process->args = {"sleep", "100"}; }

void check_refused(const Change& change, const std::string& words) {
  const Bundle bundle(change);
  const Runtime runtime;
  const Result result = runtime.create(bundle, "test");
  CHECK(result.exit_code == 1);
  CHECK_THAT(runtime.output_of("test") + result.err, Contains(words));
  CHECK(runtime.left().empty());
}

}  // namespace

TEST_CASE("labels: what can't be had is an error of create, and nothing is left",
          "[integration][labels]") {
  check_refused([](RuntimeSpec& spec) { spec.process->apparmor_profile = kNoProfile; },
                kApparmorWords);
  check_refused([](RuntimeSpec& spec) { spec.process->selinux_label = kNoContext; }, "label");
  check_refused([](RuntimeSpec& spec) { spec.linux_.mount_label = kNoContext; }, "");
}

TEST_CASE("labels: empty ones are none", "[integration][labels]") {
  const Bundle bundle;
  std::string text = read_text(bundle / "config.json");
  const std::string args = "\"args\":";
  text.replace(text.find(args), args.size(), R"("apparmorProfile":"","selinuxLabel":"","args":)");
  const std::string platform = "\"linux\": {";
  text.replace(text.find(platform), platform.size(), R"("linux": {"mountLabel":"",)");
  write_text(bundle / "config.json", text);
  CHECK(Runtime().run(bundle).exit_code == 0);
}

TEST_CASE("labels: exec's are refused by the same words", "[integration][labels]") {
  const Bundle bundle(sleeps);
  const Runtime runtime;
  runtime.start(bundle, "test");
  const Result profile = runtime.call({"exec", "--apparmor", kNoProfile, "test", "true"});
  CHECK(profile.exit_code == 255);
  CHECK_THAT(profile.err, Contains(kApparmorWords));
  const Result label = runtime.call({"exec", "--process-label", kNoContext, "test", "true"});
  CHECK(label.exit_code == 255);
  CHECK_THAT(label.err, Contains("label"));
  const std::string file = runtime.directory() / "process.json";
  write_text(file, R"({"user":{"uid":0,"gid":0},"args":["true"],"env":["PATH=/bin"],"cwd":"/",
                       "apparmorProfile":"tilla-no-such-profile"})");
  CHECK_THAT(runtime.call({"exec", "--process", file, "test"}).err, Contains(kApparmorWords));
}
