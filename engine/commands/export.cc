// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/output_file.h"
#include "engine/commands/verbs.h"
#include "engine/container/containers.h"
#include "engine/image/export_root.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  std::string output, container;
};

int run(Context& context, const Options& options) {
  OutputFile output(options.output);
  (void)context.identity_with_mounts();
  Progress progress(false);
  const Workshop workshop = context.workshop(progress);
  context.explaining([&] { return sys::format("export \"{}\"", options.container); },
                     [&] {
                       const OpenContainer container =
                           open_container(workshop.store, workshop.mapping,
                                          find_container(workshop.store, options.container));
                       const sys::Fd root = container.root(container.record.is_read_only);
                       export_root(workshop, root.get(), output.fd());
                     });
  output.keep();
  return 0;
}

}  // namespace

Command export_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Write a container's root file system as a tar archive",
      .usage = "[OPTIONS] CONTAINER",
      .flags = {{"-o,--output", &options->output, "A file instead of standard output", "file"}},
      .positionals = {{"CONTAINER", &options->container}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
