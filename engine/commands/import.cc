// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <memory>

#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/names.h"
#include "engine/commands/verbs.h"
#include "engine/image/import_image.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/open.h"
#include "sys/terminal.h"

namespace engine {
namespace {

struct Options {
  std::string file, name, message, platform;
  std::vector<std::string> changes;
  bool is_quiet = false;
};

sys::Fd open_archive(const std::string& file) {
  if (file.find("://") != std::string::npos) {
    throw sys::Error(sys::format("\"{}\": import fetches nothing", file), 0,
                     "curl -L ... | tilla import -");
  }
  if (file != "-") return sys::open_path(file, O_RDONLY | O_NOCTTY);
  if (sys::is_terminal(0)) {
    throw UsageError("standard input is a terminal, and no archive", 0,
                     "See 'tilla import --help'.");
  }
  return sys::duplicate(0);
}

int run(Context& context, const Options& options) {
  const ImportOptions import = {
      .changes = options.changes,
      .message = options.message,
      .platform = options.platform.empty() ? config::native_platform()
                                           : config::parse_platform(options.platform),
      .name = options.name.empty() ? "" : parse_new_name(options.name),
  };
  const sys::Fd archive = open_archive(options.file);
  Progress progress(options.is_quiet);
  const Workshop workshop = context.workshop(progress);
  const config::Digest id =
      context.explaining([&] { return sys::format("import \"{}\"", options.file); },
                         [&] { return import_image(workshop, archive.get(), import); });
  print(id.text() + "\n");
  return 0;
}

}  // namespace

Command import_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Make an image out of an archive of a root file system",
      .usage = "[OPTIONS] FILE|- [NAME[:TAG]]",
      .text = "The archive is tar, plain or in gzip, zstd, xz or bzip2; - is standard input.",
      .flags = {{"-c,--change", &options->changes,
                 "Apply an instruction of a Dockerfile to the image: CMD, ENV, ...", "list"},
                {"-m,--message", &options->message, "What the history says of it"},
                {"--platform", &options->platform, "What it is for: os/arch[/variant]"},
                {"-q,--quiet", &options->is_quiet, "Don't say how far it has got"}},
      .positionals = {{"FILE", &options->file}, {"NAME", &options->name, true}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
