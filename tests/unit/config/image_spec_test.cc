// SPDX-License-Identifier: Apache-2.0
#include "config/image_spec.h"

#include <catch2/catch.hpp>

#include "config/base64.h"
#include "config/json.h"
#include "sys/error.h"
#include "sys/format.h"

using Catch::Matchers::Contains;

namespace {

const std::string kEmptyDigest =
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

std::string descriptor(const std::string& type, const std::string& more = "") {
  return R"({"mediaType":")" + type + R"(","digest":")" + kEmptyDigest + R"(","size":2)" + more +
         "}";
}

std::string manifest_with(const std::string& more) {
  return R"({"schemaVersion":2,"config":)" + descriptor(std::string(config::media_type::kConfig)) +
         R"(,"layers":[)" + descriptor(std::string(config::media_type::kLayerGzip)) + "]" + more +
         "}";
}

template <typename Read>
std::string problem_of(const Read& read) {
  try {
    (void)read();
  } catch (const sys::Error& error) {
    return error.what();
  }
  return "";
}

std::string manifest_problem(const std::string& text, std::string_view declared = {}) {
  return problem_of([&] { return config::read_manifest(text, "doc", declared); });
}

std::string config_problem(const std::string& text) {
  return problem_of([&] { return config::read_image_config(text, "doc"); });
}

// Of the specification's "config.md", with what docker adds.
constexpr const char* kConfigText =
    R"({"created":"2015-10-31T22:22:56.015925234Z","author":"Alyssa P. Hacker","architecture":"arm",)"
    R"("os":"linux","variant":"v7","config":{"User":"alice","ExposedPorts":{"53/udp":{},"8080/tcp":{}},)"
    R"("Env":["PATH=/usr/bin","FOO=oci_is_a"],"Entrypoint":["/bin/my-app-binary"],"Cmd":["--foreground"],)"
    R"("Volumes":{"/var/job":{},"/var/log":{}},"WorkingDir":"/home/alice","Labels":{"a.b":"c"},)"
    R"("StopSignal":"SIGTERM","Healthcheck":{"Test":["CMD-SHELL","true"],"Interval":30000000000,)"
    R"("Retries":3},"OnBuild":["RUN true"],"Shell":["/bin/bash","-c"]},"rootfs":{"type":"layers",)"
    R"("diff_ids":["sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]},)"
    R"("history":[{"created":"2015-10-31T22:22:54.690851953Z","created_by":"/bin/sh -c #(nop) ADD"},)"
    R"({"created_by":"CMD","empty_layer":true}]})";

}  // namespace

TEST_CASE("image spec: a configuration is written as it was read", "[config][image]") {
  const config::ImageConfig image = config::read_image_config(kConfigText, "doc");
  CHECK(image.platform.variant == "v7");
  CHECK(image.config.exposed_ports == std::vector<std::string>{"53/udp", "8080/tcp"});
  CHECK(image.config.healthcheck->interval == 30'000'000'000);
  CHECK(image.history.at(1).empty_layer);
  CHECK(config::write_image_config(image) == kConfigText);
}

TEST_CASE("image spec: null is nothing, and what nobody knows is passed over", "[config][image]") {
  const config::ImageConfig image = config::read_image_config(
      R"({"config":{"Cmd":null,"Labels":null,"Env":["A=1",null],"Hostname":"x"},"container":"y",)"
      R"("rootfs":{"type":"layers","diff_ids":null},"history":null})",
      "doc");
  CHECK(image.config.cmd.empty());
  CHECK(image.config.env == std::vector<std::string>{"A=1", ""});
}

TEST_CASE("image spec: what is wrong in a configuration is told with its place",
          "[config][image]") {
  CHECK(config_problem("{}") == "doc: /rootfs: missing");
  CHECK_THAT(config_problem(R"({"rootfs":{"type":"squashfs","diff_ids":[]}})"),
             Contains("/rootfs/type") && Contains("squashfs"));
  CHECK_THAT(config_problem(R"({"rootfs":{"type":"layers","diff_ids":["sha256:12"]}})"),
             Contains("doc: /rootfs/diff_ids/0: digest \"sha256:12\""));
  CHECK_THAT(config_problem(R"({"config":{"Env":[1]},"rootfs":{"type":"layers"}})"),
             Contains("/config/Env/0: expected a string"));
}

TEST_CASE("image spec: a manifest with subject and artifactType is written as it was read",
          "[config][image]") {
  const std::string text =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("artifactType":"application/x.sbom","config":)" +
      descriptor("application/vnd.oci.empty.v1+json", R"(,"data":"e30=")") + R"(,"layers":[)" +
      descriptor("application/x.never-heard-of",
                 R"(,"urls":["https://a"],"annotations":{"k":"v"},"artifactType":"x")") +
      R"(],"subject":)" + descriptor(std::string(config::media_type::kManifest)) +
      R"(,"annotations":{"a":"b"}})";
  const config::Manifest manifest = config::read_manifest(text, "doc");
  CHECK(manifest.config.data == "{}");
  CHECK(config::write_manifest(manifest) == text);
}

TEST_CASE("image spec: an index is written as it was read", "[config][image]") {
  const std::string text =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[)" +
      descriptor(std::string(config::media_type::kManifest),
                 R"(,"platform":{"architecture":"arm","os":"linux","os.version":"1",)"
                 R"("os.features":["f"],"variant":"v7"})") +
      "]}";
  CHECK(config::write_index(config::read_index(text, "doc")) == text);
}

TEST_CASE("INV-8: t_both_layers_manifests: a document is an image or an index, never both",
          "[config][image]") {
  const std::string both = manifest_with(R"(,"manifests":[])");
  CHECK_THAT(manifest_problem(both), Contains("\"layers\"") && Contains("\"manifests\""));
  CHECK_THAT(problem_of([&] { return config::read_index(both, "doc"); }),
             Contains("\"manifests\""));
  CHECK_THAT(problem_of([&] { return config::read_index(manifest_with(""), "doc"); }),
             Contains("manifest of one image"));
  CHECK_THAT(manifest_problem(R"({"schemaVersion":2,"manifests":[]})"),
             Contains("index of images"));
}

TEST_CASE("INV-8: t_mediatype_mismatch: a document is of the type it is referred to as",
          "[config][image]") {
  const std::string text =
      manifest_with(R"(,"mediaType":"application/vnd.oci.image.manifest.v1+json")");
  CHECK(manifest_problem(text, config::media_type::kManifest).empty());
  CHECK_THAT(manifest_problem(text, config::media_type::kDockerManifest),
             Contains("doc: /mediaType: ") && Contains("referred to as"));
  CHECK_THAT(manifest_problem(manifest_with(""), config::media_type::kIndex), Contains("index"));
}

TEST_CASE("image spec: docker's first schema is refused in words", "[config][image]") {
  CHECK_THAT(manifest_problem(R"({"schemaVersion":1,"fsLayers":[]})"),
             Contains("schemaVersion 1") && Contains("push the image again"));
  CHECK_THAT(manifest_problem(R"({"schemaVersion":3})"), Contains("schemaVersion 3"));
}

TEST_CASE("INV-8: data in a descriptor is what its digest and size say", "[config][image]") {
  const auto with_data = [](const std::string& more) {
    return manifest_with(R"(,"subject":)" + descriptor("x", more));
  };
  CHECK(manifest_problem(with_data(R"(,"data":"e30=")")).empty());
  CHECK_THAT(manifest_problem(with_data(R"(,"data":"e31=")")),
             Contains("/subject/data: no base64"));
  CHECK_THAT(manifest_problem(with_data(R"(,"data":"W10=")")), Contains("has the digest"));
  CHECK_THAT(manifest_problem(with_data(R"(,"data":"e30K")")), Contains("3 bytes"));
}

TEST_CASE("INV-12: sizes are not negative, and lists are bounded", "[config][image]") {
  const std::string negative =
      R"({"schemaVersion":2,"config":{"digest":")" + kEmptyDigest + R"(","size":-1},"layers":[]})";
  CHECK_THAT(manifest_problem(negative), Contains("/config/size: -1 is no size"));
  std::string layers;
  for (std::size_t i = 0; i <= config::kMaxImageLayers; ++i) {
    layers += (i == 0 ? "" : ",") + descriptor("x");
  }
  CHECK_THAT(manifest_problem(R"({"schemaVersion":2,"config":)" + descriptor("x") +
                              R"(,"layers":[)" + layers + "]}"),
             Contains("more than 1000 elements"));
}

TEST_CASE("INV-8: t_digest_algo_path: a digest is checked before anything is called by it",
          "[config][image]") {
  const auto problem = [](const std::string& digest) {
    return manifest_problem(R"({"config":{"digest":")" + digest + R"(","size":0}})");
  };
  CHECK_THAT(problem("../../etc:aa"), Contains("/config/digest: digest"));
  CHECK_THAT(problem("md5:../../etc"), Contains("/config/digest: digest"));
  // Of an algorithm that we can't verify: no error here, but wherever its content would be read.
  CHECK(problem("md5:d41d8cd98f00b204e9800998ecf8427e").empty());
  CHECK_THAT(problem("sha256:../44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff"),
             Contains("hexadecimal"));
}

TEST_CASE("image spec: which media types are layers", "[config][image]") {
  CHECK(config::is_layer_type(config::media_type::kLayerZstd));
  CHECK(config::is_layer_type(config::media_type::kDockerLayerGzip));
  CHECK(config::is_layer_type("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"));
  CHECK(config::is_layer_type("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
  CHECK_FALSE(config::is_layer_type("application/vnd.oci.image.layer.v1.tar+xz"));
  CHECK_FALSE(config::is_layer_type("application/x.sbom"));
}

TEST_CASE("base64: RFC 4648's examples both ways, and no other spelling", "[config][base64]") {
  const auto [bytes, text] = GENERATE(table<std::string, std::string>({{"", ""},
                                                                       {"f", "Zg=="},
                                                                       {"fo", "Zm8="},
                                                                       {"foo", "Zm9v"},
                                                                       {"foob", "Zm9vYg=="},
                                                                       {"fooba", "Zm9vYmE="},
                                                                       {"foobar", "Zm9vYmFy"}}));
  CHECK(config::encode_base64(bytes) == text);
  CHECK(config::decode_base64(text) == bytes);
  for (const char* wrong : {"Zg=", "Zg", "Zh==", "Z===", "====", "Zm9=", "Zm-v", "Zg==Zg=="}) {
    CHECK_FALSE(config::decode_base64(wrong));
  }
}
