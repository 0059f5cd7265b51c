// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <memory>

#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/output_file.h"
#include "engine/commands/verbs.h"
#include "engine/image/lookup.h"
#include "engine/image/save_images.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

struct Options {
  std::string output, format = "docker-archive", conversion, platform;
  std::vector<std::string> names;
  bool is_quiet = false;
};

sys::Fd open_directory(const std::string& path) {
  if (path.empty()) {
    throw UsageError("a directory needs --output DIR", 0, "See 'tilla save --help'.");
  }
  const sys::Fd here = sys::open_path(".", O_RDONLY | O_DIRECTORY);
  (void)sys::make_directory_at(here.get(), path, 0755);
  return sys::open_path(path, O_RDONLY | O_DIRECTORY);
}

/// Every image is looked for before anything is written.
std::vector<SavedImage> find_images(Context& context, const std::vector<std::string>& names) {
  const snapshotter::Store* store = context.store_if_exists();
  std::vector<SavedImage> images;
  for (const std::string& name : names) {
    if (store == nullptr) throw sys::Error(sys::format("no such image: {}", name), ENOENT);
    const FoundImage found = find_stored(*store, name);
    images.push_back({found.descriptor, found.name});
  }
  return images;
}

int run(Context& context, const Options& options) {
  SaveOptions save = {.format = parse_save_format(options.format)};
  if (!options.platform.empty()) save.platform = config::parse_platform(options.platform);
  if (!options.conversion.empty()) save.conversion = parse_image_format(options.conversion);
  const std::vector<SavedImage> images = find_images(context, options.names);
  const auto what = [&] { return sys::format("save \"{}\"", options.names.front()); };
  Progress progress(options.is_quiet);
  if (save.format == SaveFormat::kOciDirectory || save.format == SaveFormat::kDockerDirectory) {
    const sys::Fd directory = open_directory(options.output);
    const Workshop workshop = context.workshop(progress);
    context.explaining(what, [&] { save_directory(workshop, images, save, directory.get()); });
    return 0;
  }
  OutputFile output(options.output);
  const Workshop workshop = context.workshop(progress);
  context.explaining(what, [&] { save_archive(workshop, images, save, output.fd()); });
  output.keep();
  return 0;
}

}  // namespace

Command save_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Save images to an archive or a directory",
      .usage = "[OPTIONS] IMAGE [IMAGE...]",
      .text =
          "Layers and manifests go out as they came in, bit for bit. In oci-archive and oci-dir "
          "an\n"
          "image of several platforms goes out with all of them.",
      .flags = {{"-o,--output", &options->output,
                 "A file, or for the -dir formats a directory, instead of standard output", "file"},
                {"--convert", &options->conversion,
                 "The images' manifests become \"oci\" or \"docker\" (schema 2)", "format"},
                {"--format", &options->format, "docker-archive, oci-archive, docker-dir or oci-dir",
                 "format"},
                {"--platform", &options->platform,
                 "This one alone: os/arch[/variant]; docker's formats take one anyway"},
                {"-q,--quiet", &options->is_quiet, "Don't say how far it has got"}},
      .positionals = {{"IMAGE", &options->names}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
