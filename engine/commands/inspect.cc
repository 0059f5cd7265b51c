// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/platform.h"
#include "config/template.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/container/container_image.h"
#include "engine/container/containers.h"
#include "engine/container/inspect_container.h"
#include "engine/image/inspect_image.h"
#include "engine/image/lookup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Json;

struct Options {
  std::string type, format, platform;
  std::vector<std::string> names;
};

class Inspector {
 public:
  Inspector(Context& context, const Options& options)
      : store_(context.store_if_exists()), options_(options) {}

  Json inspect(const std::string& name) {
    const bool is_either = options_.type.empty();
    if (store_ != nullptr && (is_either || options_.type == "container")) {
      if (const auto record = find_container_if_exists(*store_, name)) {
        return inspect_container(*record, image_of(*store_, *record));
      }
    }
    if (options_.type == "container") throw sys::Error("no such container: " + name, ENOENT);
    try {
      return inspect_stored_image(name);
    } catch (const sys::Error& error) {  // docker's word for what is neither
      if (error.code() != ENOENT || !is_either) throw;
      throw sys::Error("no such object: " + name, ENOENT);
    }
  }

 private:
  Json inspect_stored_image(const std::string& name) {
    if (store_ == nullptr) throw sys::Error("no such image: " + name, ENOENT);
    if (!is_listed_) {
      images_ = list_images(*store_, options_.platform.empty()
                                         ? config::native_platform()
                                         : config::parse_platform(options_.platform));
      is_listed_ = true;
    }
    return inspect_image(*resolve_image(images_, name).image);
  }

  const snapshotter::Store* store_;
  const Options& options_;
  std::vector<ImageRecord> images_;
  bool is_listed_ = false;
};

// All that there is is shown, then what isn't there is said, as docker does.
int run(Context& context, const Options& options) {
  if (!options.type.empty() && options.type != "image" && options.type != "container") {
    throw UsageError(
        sys::format("{} is no type (image, container)", config::quote_for_message(options.type)), 0,
        "See 'tilla inspect --help'.");
  }
  std::optional<config::Template> pattern;
  const bool is_json = options.format.empty() || options.format == "json";
  if (!is_json) pattern = config::Template::parse(options.format);
  Inspector inspector(context, options);
  Json::Array found;
  std::optional<sys::Error> problem;
  for (const std::string& name : options.names) {
    try {
      found.push_back(inspector.inspect(name));
    } catch (const sys::Error& error) {  // the others are shown all the same
      if (error.code() != ENOENT) throw;
      if (problem) context.log().error(problem->what());
      problem = error;
    }
  }
  if (pattern) {
    std::string text;
    for (const Json& each : found) {
      text += pattern->execute(each);
      text += '\n';
    }
    print_text(text);
  } else {
    print_text(config::write_json({std::move(found)}, options.format == "json" ? "" : "    "));
    print("\n");
  }
  if (problem) throw sys::Error(std::move(*problem));
  return 0;
}

Command make_command(const std::string& type) {
  const auto options = std::make_shared<Options>();
  options->type = type;
  Command command = {
      .summary = type.empty() ? "Show all that is known of images or containers"
                              : "Show all that is known of images",
      .usage = "[OPTIONS] NAME...",
      .flags = {{"-f,--format", &options->format, "json, or a Go template"},
                {"--platform", &options->platform, "Of an image for several: os/arch[/variant]"}},
      .positionals = {{"NAME", &options->names}},
      .run = [options](Context& context) { return run(context, *options); },
  };
  if (type.empty()) command.flags.push_back({"--type", &options->type, "image or container"});
  return command;
}

}  // namespace

Command inspect_command() { return make_command(""); }
Command image_inspect_command() { return make_command("image"); }

}  // namespace engine
