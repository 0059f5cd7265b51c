// SPDX-License-Identifier: Apache-2.0
#include "config/platform.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

using Catch::Matchers::Contains;
using config::parse_platform;

namespace {

config::Index index_of(const std::vector<std::string>& platforms) {
  config::Index index;
  for (const std::string& text : platforms) {
    config::Descriptor entry;
    entry.media_type = config::media_type::kManifest;
    if (!text.empty()) {
      const std::size_t slash = text.find('/');
      const std::size_t second = text.find('/', slash + 1);
      entry.platform =
          config::Platform{.os = text.substr(0, slash),
                           .architecture = text.substr(slash + 1, second - slash - 1),
                           .variant = second == std::string::npos ? "" : text.substr(second + 1)};
    }
    index.manifests.push_back(entry);
  }
  return index;
}

std::optional<std::size_t> choose(const std::vector<std::string>& platforms,
                                  const std::string& wanted) {
  return config::choose_platform(index_of(platforms), parse_platform(wanted));
}

}  // namespace

TEST_CASE("platform: each spelling is the specification's one", "[config][platform]") {
  const auto [text, normal] = GENERATE(table<std::string, std::string>({
      {"linux/x86_64", "linux/amd64"},
      {"linux/x86-64", "linux/amd64"},
      {"linux/amd64/v1", "linux/amd64"},
      {"linux/amd64/v3", "linux/amd64/v3"},
      {"Linux/AMD64", "linux/amd64"},
      {"linux/aarch64", "linux/arm64"},
      {"linux/arm64/v8", "linux/arm64"},
      {"linux/armhf", "linux/arm/v7"},
      {"linux/armel", "linux/arm/v6"},
      {"linux/arm", "linux/arm/v7"},
      {"linux/arm/7", "linux/arm/v7"},
      {"linux/i386", "linux/386"},
      {"macos/arm64", "darwin/arm64"},
      {"armhf", "linux/arm/v7"},
      {"riscv64", "linux/riscv64"},
  }));
  CAPTURE(text);
  CHECK(config::to_text(parse_platform(text)) == normal);
}

TEST_CASE("platform: an operating system alone is of our architecture", "[config][platform]") {
  CHECK(parse_platform("linux") == config::native_platform());
  CHECK(parse_platform("windows").architecture == config::native_platform().architecture);
}

TEST_CASE("platform: what is none, with a caret", "[config][platform]") {
  for (const char* text :
       {"", "/", "linux/", "linux//x", "a/b/c/d", "linux/a b", "nonsense", "*"}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(parse_platform(text), Contains("invalid platform") && Contains("^"));
  }
}

TEST_CASE("platform: the same is better than what also runs", "[config][platform]") {
  CHECK(choose({"linux/arm/v5", "linux/arm/v6", "linux/arm/v7"}, "linux/arm/v7") == 2);
  CHECK(choose({"linux/arm/v5", "linux/arm/v6"}, "linux/arm/v7") == 1);
  CHECK_FALSE(choose({"linux/arm/v7"}, "linux/arm/v6"));
  CHECK(choose({"linux/amd64", "linux/amd64/v2", "linux/amd64/v4"}, "linux/amd64/v3") == 1);
  CHECK(choose({"linux/amd64/v2", "linux/amd64/v1"}, "linux/amd64") == 1);
  CHECK(choose({"linux/386", "linux/amd64"}, "linux/amd64") == 1);
  CHECK(choose({"linux/386"}, "linux/amd64") == 0);
  CHECK(choose({"linux/arm/v6", "linux/arm64"}, "linux/arm64") == 1);
  CHECK(choose({"linux/arm/v7"}, "linux/arm64") == 0);
  CHECK_FALSE(choose({"linux/arm64", "windows/amd64"}, "linux/amd64"));
}

TEST_CASE("platform: the first of equals", "[config][platform]") {
  CHECK(choose({"linux/s390x", "linux/amd64", "linux/amd64"}, "linux/amd64") == 1);
}

TEST_CASE("platform: an entry without one is the last resort", "[config][platform]") {
  CHECK(choose({"", "linux/amd64"}, "linux/amd64") == 1);
  CHECK(choose({"linux/arm64", "", ""}, "linux/amd64") == 1);
  config::Index index = index_of({"", ""});
  index.manifests[0].artifact_type = "application/x.sbom";
  CHECK(config::choose_platform(index, config::native_platform()) == 1);
  index.manifests[1].media_type = "application/x.unknown";
  CHECK_FALSE(config::choose_platform(index, config::native_platform()));
}
