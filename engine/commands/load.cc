// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <memory>
#include <optional>

#include "config/platform.h"
#include "config/reference.h"
#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/image/load_images.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/terminal.h"

namespace engine {
namespace {

struct Options {
  std::string input, platform;
  bool is_quiet = false;
};

sys::Fd open_input(const std::string& input) {
  if (!input.empty() && input != "-") return sys::open_path(input, O_RDONLY | O_NOCTTY);
  if (sys::is_terminal(0)) {
    throw UsageError("standard input is a terminal, and no archive", 0, "See 'tilla load --help'.");
  }
  return sys::duplicate(0);
}

std::string describe(const LoadedImage& image) {
  if (image.names.empty()) return sys::format("Loaded image ID: {}\n", image.id.text());
  std::string text;
  for (const std::string& name : image.names) {
    text += sys::format("Loaded image: {}\n", config::parse_reference(name).familiar());
  }
  return text;
}

int run(Context& context, const Options& options) {
  LoadOptions load;
  if (!options.platform.empty()) load.platform = config::parse_platform(options.platform);
  sys::Fd input = open_input(options.input);
  Progress progress(options.is_quiet);
  const Workshop workshop = context.workshop(progress);
  const std::vector<LoadedImage> images = context.explaining(
      [&] { return sys::format("load \"{}\"", options.input.empty() ? "-" : options.input); },
      [&] {
        snapshotter::Staging staging = workshop.store.stage();
        const Archive archive = sys::is_directory(input.get())
                                    ? Archive::in_directory(std::move(input))
                                    : Archive::of_file(workshop, staging, input.get());
        return load_images(workshop, staging, archive, load);
      });
  for (const LoadedImage& image : images) print(describe(image));
  return 0;
}

}  // namespace

Command load_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Load images from an archive or a directory",
      .usage = "[OPTIONS]",
      .text =
          "An archive is docker's or OCI's, plain or in gzip, zstd, xz or bzip2; a directory is "
          "an\n"
          "OCI layout, or one image as skopeo writes it (dir:). Of an index all is kept that is\n"
          "there; layers are unpacked for one platform.",
      .flags = {{"-i,--input", &options->input,
                 "An archive or a directory, instead of standard input", "file"},
                {"--platform", &options->platform, "Whose layers to unpack: os/arch[/variant]"},
                {"-q,--quiet", &options->is_quiet, "Don't say how far it has got"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
