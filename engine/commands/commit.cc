// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/names.h"
#include "engine/commands/verbs.h"
#include "engine/container/container_image.h"
#include "engine/container/containers.h"
#include "engine/image/commit_image.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  std::string author, message, format, container, name;
  std::vector<std::string> changes;
  bool pause = true, is_quiet = false;
};

config::Digest commit(const Workshop& workshop, const OpenContainer& container,
                      const CommitOptions& options) {
  const std::vector<sys::Fd> sources = container.sources();
  CommitSource source;
  source.find_changes = [&] { return container.changes(); };
  for (const sys::Fd& each : sources) source.sources.push_back(each.get());
  source.owners = container.source_owners();
  source.base = image_of(workshop.store, container.record);
  source.command = container.record.command;
  return commit_image(workshop, source, options);
}

int run(Context& context, const Options& options) {
  CommitOptions commit_options = {
      .author = options.author,
      .message = options.message,
      .changes = options.changes,
      .format = {},
      .name = options.name.empty() ? "" : parse_new_name(options.name),
  };
  if (!options.format.empty()) commit_options.format = parse_image_format(options.format);
  (void)context.identity_with_mounts();
  Progress progress(options.is_quiet);
  const Workshop workshop = context.workshop(progress);
  const config::Digest id = context.explaining(
      [&] { return sys::format("commit \"{}\"", options.container); },
      [&] {
        const OpenContainer container = open_container(
            workshop.store, workshop.mapping, find_container(workshop.store, options.container));
        return commit(workshop, container, commit_options);
      });
  print(id.text() + "\n");
  return 0;
}

}  // namespace

Command commit_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Make an image out of a container's changes",
      .usage = "[OPTIONS] CONTAINER [NAME[:TAG]]",
      .text = "The new layer is plain tar; the same changes make the same layer everywhere.",
      .flags = {{"-a,--author", &options->author, "Who made it: \"Name <address>\""},
                {"-c,--change", &options->changes,
                 "Apply an instruction of a Dockerfile to the image: CMD, ENV, ...", "list"},
                {"-m,--message", &options->message, "What the history says of it"},
                {"--format", &options->format, "oci or docker; else that of the container's image",
                 "format"},
                {"-p,--pause", &options->pause, "Nothing runs yet that could be paused", "", true},
                {"-q,--quiet", &options->is_quiet, "Don't say how far it has got"}},
      .positionals = {{"CONTAINER", &options->container}, {"NAME", &options->name, true}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
