// SPDX-License-Identifier: Apache-2.0
// Images to other engines and back, in each form of archive: the same ids, the same layers.
#include "tests/callers/engines.h"
#include "tests/support/tilla.h"

using namespace callers;
using support::Tilla;

namespace {

constexpr const char* kFirst = "localhost/archives:1";
constexpr const char* kSecond = "localhost/archives:2";

// Two images, of which the second has more in its configuration.
void import_two(const Tilla& tilla) {
  tilla.must({"import", "-", kFirst}, {.input = support::small_root()});
  tilla.must({"import", "-c", "CMD [\"/bin/tool\"]", "-c", "ENV A=b", "-", kSecond},
             {.input = support::small_root()});
}

// Without "sha256:", which podman leaves out.
std::string digits(std::string id) {
  return id.starts_with("sha256:") ? id.substr(id.find(':') + 1) : id;
}

std::string ask(const Caller& engine, const char* field) {
  return engine.must({"inspect", "--type", "image", "--format", field, kSecond});
}

// The id and the layers of kSecond.
void compare(const Tilla& tilla, const Caller& engine) {
  const auto ours = [&](const char* field) {
    std::string text = tilla.must({"inspect", "--format", field, kSecond});
    text.pop_back();
    return text;
  };
  CHECK(digits(ask(engine, "{{.Id}}")) == digits(ours("{{.Id}}")));
  CHECK(ask(engine, "{{json .RootFS.Layers}}") == ours("{{json .RootFS.Layers}}"));
  CHECK(ask(engine, "{{json .Config.Cmd}}") == R"(["/bin/tool"])");
}

void forget(const Caller& engine) { (void)engine.call({"rmi", "--force", kFirst, kSecond}); }

// There by `load`, back by `save` with these words: the image is the same.
void go_there_and_back(const Caller& engine, const Words& save) {
  const Tilla tilla, other;
  import_two(tilla);
  const Words names = {kFirst, kSecond};
  Words words = {"save", "--format", "docker-archive", "--output", tilla / "out"};
  words.insert(words.end(), names.begin(), names.end());
  tilla.must(words);
  engine.must({"load", "--input", tilla / "out"});
  compare(tilla, engine);
  Words back = save;
  back.insert(back.end(), {"--output", tilla / "back"});
  back.insert(back.end(), names.begin(), names.end());
  engine.must(back);
  forget(engine);
  const std::string said = other.must({"load", "--input", tilla / "back"});
  CHECK(said.find(std::string("Loaded image: ") + kSecond) != std::string::npos);
  CHECK(other.must({"images", "--quiet", "--no-trunc", kSecond}) ==
        tilla.must({"images", "--quiet", "--no-trunc", kSecond}));
  CHECK(other.layers() == tilla.layers());  // both images have the one layer
}

}  // namespace

TEST_CASE("podman: docker's archives of two images go there and back", "[callers][archives]") {
  NEEDS_ENGINE(Podman);
  go_there_and_back(shared<Podman>().caller(),
                    {"save", "--format", "docker-archive", "--multi-image-archive"});
}

TEST_CASE("podman: an OCI archive of one image comes from there", "[callers][archives]") {
  NEEDS_ENGINE(Podman);
  const Tilla tilla, other;
  import_two(tilla);
  const Caller& podman = shared<Podman>().caller();
  tilla.must({"save", "--format", "oci-archive", "-o", tilla / "out", kSecond});
  podman.must({"load", "--input", tilla / "out"});
  compare(tilla, podman);
  podman.must({"save", "--format", "oci-archive", "-o", tilla / "oci", kSecond});
  podman.must({"save", "--format", "docker-dir", "-o", tilla / "dir", kSecond});
  forget(podman);
  CHECK(other.must({"load", "-i", tilla / "oci"}) == "Loaded image: localhost/archives:2\n");
  const std::string id = tilla.must({"images", "--quiet", "--no-trunc", kSecond});
  // The directory has no name for it, and the manifest is docker's now: the image is the same.
  CHECK(other.must({"load", "-i", tilla / "dir"}) == "Loaded image ID: " + id);
}

TEST_CASE("buildah: pulls from our archives, and pushes what we load", "[callers][archives]") {
  NEEDS_ENGINE(Podman);
  const Caller buildah = shared<Podman>().buildah();
  const Tilla tilla, other;
  import_two(tilla);
  tilla.must({"save", "-o", tilla / "out", kSecond});
  tilla.must({"save", "--format", "docker-dir", "-o", tilla / "dir", kSecond});
  const std::string id = buildah.must({"pull", "--quiet", "docker-archive:" + (tilla / "out")});
  CHECK("sha256:" + id + "\n" == tilla.must({"images", "--quiet", "--no-trunc", kSecond}));
  CHECK(buildah.must({"pull", "--quiet", "dir:" + (tilla / "dir")}) == id);
  buildah.must({"push", "--quiet", id, "oci-archive:" + (tilla / "back") + ":" + kSecond});
  forget(shared<Podman>().caller());
  other.must({"load", "-i", tilla / "back"});
  CHECK(other.must({"images", "--quiet", "--no-trunc", kSecond}) == "sha256:" + id + "\n");
}

TEST_CASE("docker: archives of two images go there and back", "[callers][archives][root]") {
  NEEDS_ENGINE(Docker);
  go_there_and_back(shared<Docker>().caller(), {"save"});
}
