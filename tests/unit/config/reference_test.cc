// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <catch2/catch.hpp>

#include "sys/error.h"

using Catch::Matchers::Contains;
using config::parse_reference;

namespace {

const std::string kHex = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const std::string kDigest = "sha256:" + kHex;

std::string problem_of(const std::string& text) {
  try {
    (void)parse_reference(text);
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("reference: names as people write them, in full and in short", "[config][reference]") {
  struct Row {
    std::string text, full, familiar;
  };
  const auto row = GENERATE(values<Row>({
      {"ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest"},
      {"ubuntu:22.04", "docker.io/library/ubuntu:22.04", "ubuntu:22.04"},
      {"library/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest"},
      {"docker.io/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest"},
      {"index.docker.io/ubuntu", "docker.io/library/ubuntu:latest", "ubuntu:latest"},
      {"jpetazzo/clock", "docker.io/jpetazzo/clock:latest", "jpetazzo/clock:latest"},
      {"library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"},
      {"localhost/x", "localhost/x:latest", "localhost/x:latest"},
      {"localhost:5000/wordpress", "localhost:5000/wordpress:latest",
       "localhost:5000/wordpress:latest"},
      {"registry.example.com:5000/my-private/image",
       "registry.example.com:5000/my-private/image:latest",
       "registry.example.com:5000/my-private/image:latest"},
      {"[::1]:5000/x:1", "[::1]:5000/x:1", "[::1]:5000/x:1"},
      {"[fe80::1]/x", "[fe80::1]/x:latest", "[fe80::1]/x:latest"},
      {"HOST/x", "HOST/x:latest", "HOST/x:latest"},
      {"a__b/c-d--e.f", "docker.io/a__b/c-d--e.f:latest", "a__b/c-d--e.f:latest"},
      {"x:V1.0_a-b", "docker.io/library/x:V1.0_a-b", "x:V1.0_a-b"},
      {"x@" + kDigest, "docker.io/library/x@" + kDigest, "x@" + kDigest},
      {"x:1@" + kDigest, "docker.io/library/x:1@" + kDigest, "x:1@" + kDigest},
  }));
  CAPTURE(row.text);
  CHECK(parse_reference(row.text).text() == row.full);
  CHECK(parse_reference(row.text).familiar() == row.familiar);
  CHECK(parse_reference(row.familiar).text() == row.full);
}

TEST_CASE("reference: without a tag it is a repository", "[config][reference]") {
  CHECK(config::parse_partial_reference("ubuntu").tag.empty());
  CHECK(config::parse_partial_reference("ubuntu").text() == "docker.io/library/ubuntu");
}

TEST_CASE("reference: a caret is below what is wrong", "[config][reference]") {
  CHECK(problem_of("docker.io/Ubuntu:1") ==
        "invalid reference format: repository name must be lowercase\n"
        "  docker.io/Ubuntu:1\n"
        "            ^");
  CHECK_THAT(problem_of("Ubuntu"), Contains("repository name must be lowercase"));
  CHECK(problem_of("ubuntu:") ==
        "invalid reference format: a tag is missing after \":\"\n  ubuntu:\n         ^");
  CHECK_THAT(problem_of(kHex), Contains("cannot specify 64-byte hexadecimal strings"));
}

TEST_CASE("reference: what is none", "[config][reference]") {
  const std::string text = GENERATE_COPY(values<std::string>({"",
                                                              " ",
                                                              "a b",
                                                              "-a",
                                                              "a-",
                                                              "a..b",
                                                              "a___b",
                                                              "a//b",
                                                              "/a",
                                                              "a/",
                                                              "a:-1",
                                                              "a:b:c",
                                                              "a@",
                                                              "a@sha256:12",
                                                              "a@md5:" + kHex,
                                                              "a.b:/x",
                                                              "a.b:80x/y",
                                                              "[::1/x",
                                                              "[]/x",
                                                              "[::1]5000/x",
                                                              "-.b/x",
                                                              "a-.b/x",
                                                              "a..b/x",
                                                              "ä",
                                                              "a\n",
                                                              "a:" + std::string(129, 'x'),
                                                              std::string(256, 'a'),
                                                              "https://docker.io/x",
                                                              std::string("a\0b", 3),
                                                              "../x",
                                                              "localhost/../x"}));
  CAPTURE(text);
  CHECK_FALSE(problem_of(text).empty());
}

TEST_CASE("reference: an error shows nothing that a terminal would obey", "[config][reference]") {
  const std::string problem = problem_of("a\x1b[2Jb");
  CHECK(problem.find('\x1b') == std::string::npos);
  CHECK_THAT(problem, Contains("a?[2Jb"));
}

TEST_CASE("reference: patterns are Go's path.Match", "[config][reference]") {
  const config::Reference name = parse_reference("debian:12");
  for (const char* pattern : {"debian", "deb*", "debian:1?", "*:12", "docker.io/library/debian",
                              "*/*/debian:*", "d[a-f]bian", "d[^x]bian", "d\\ebian"}) {
    CAPTURE(pattern);
    CHECK(config::matches_reference(pattern, name));
  }
  for (const char* pattern : {"deb", "*/debian", "debian:13", "d[^e]bian", "Debian"}) {
    CAPTURE(pattern);
    CHECK_FALSE(config::matches_reference(pattern, name));
  }
  CHECK_THROWS_AS(config::matches_reference("d[e", name), sys::Error);
  CHECK_THROWS_AS(config::matches_reference("d\\", name), sys::Error);
}
