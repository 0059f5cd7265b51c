// SPDX-License-Identifier: Apache-2.0
// What the tests of other people's engines share. Each engine has a store of its own, one image,
// and the runtime under test, TILLA_RUNTIME: with that of crun or runc a wrong test shows itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/harness.h"

namespace callers {

using Words = std::vector<std::string>;

/// A command of somebody else's.
class Caller {
 public:
  /// words: what every call begins with; env: as in ProgramOptions.
  Caller(Words words, Words env = {});
  Words argv(const Words& words) const;
  /// `options` with our environment added.
  support::ProgramOptions with_env(support::ProgramOptions options) const;
  support::Result call(const Words& words, const support::ProgramOptions& options = {}) const;
  /// Standard output, without the newline at its end. Errors: any exit code but 0.
  std::string must(const Words& words, const support::ProgramOptions& options = {}) const;

 private:
  Words words_, env_;
};

/// The one engine of its kind in this program: starting one and importing an image take a second.
template <typename Engine>
const Engine& shared() {
  static const Engine engine;
  return engine;
}

/// A container (or a pod) that an engine makes by `words` and that goes with the object.
template <typename Engine>
class Container {
 public:
  explicit Container(const Words& words, Words removal = Engine::removal())
      : id_(shared<Engine>().caller().must(words)), removal_(std::move(removal)) {}
  ~Container() {
    removal_.push_back(id_);
    try {
      (void)shared<Engine>().caller().call(removal_);
    } catch (const std::exception&) {  // the engine's destructor ends what is left
    }
  }
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  const std::string& id() const { return id_; }
  /// Of `inspect`, such as ".State.ExitCode".
  std::string field(const std::string& name) const {
    return shared<Engine>().caller().must({"inspect", "--format", "{{" + name + "}}", id_});
  }
  bool wait_for(const std::string& name, const std::string& value) const {
    return support::eventually([&] { return field(name) == value; });
  }

 private:
  std::string id_;
  Words removal_;
};

constexpr const char* kImage = "localhost/busybox:latest";

/// Writes an archive of one image, kImage, in the form of `docker save`: a bundle's root, and
/// /bin/notprogram, a file that is not executable.
void write_image_archive(const std::string& path);

/// Where `name` is in PATH; "" when it is not.
std::string find_program(const std::string& name);
bool has_programs(const Words& names);

}  // namespace callers
