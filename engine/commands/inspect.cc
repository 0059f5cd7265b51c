// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <memory>

#include "config/platform.h"
#include "config/template.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/image/image_users.h"
#include "engine/image/inspect_image.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/log.h"
#include "sys/open.h"

namespace engine {
namespace {

using config::Json;

struct Options {
  std::string type, format, platform;
  std::vector<std::string> names;
};

// As its record says; issue 6 gives it docker's fields.
std::optional<Json> inspect_container(const snapshotter::Store& store, const std::string& name) {
  constexpr std::size_t kMaxRecord = std::size_t{1} << 20;
  std::string id;
  for (const ImageUser& user : list_users(store)) {
    if (user.name == name || user.id == name) {
      id = user.id;
      break;
    }
    if (name.empty() || !user.id.starts_with(name)) continue;
    if (!id.empty()) {
      throw sys::Error(sys::format("\"{}\" is the beginning of several containers' ids", name));
    }
    id = user.id;
  }
  if (id.empty()) return std::nullopt;
  const sys::Fd folder = sys::open_at(store.containers().get(), id, O_PATH | O_DIRECTORY);
  return config::parse_json(sys::read_file_at(folder.get(), "record.json", kMaxRecord), id);
}

class Inspector {
 public:
  Inspector(Context& context, const Options& options)
      : store_(context.store_if_exists()), options_(options) {}

  Json inspect(const std::string& name) {
    const bool is_either = options_.type.empty();
    if (store_ != nullptr && (is_either || options_.type == "container")) {
      if (auto container = inspect_container(*store_, name)) return std::move(*container);
    }
    if (options_.type == "container") throw sys::Error("No such container: " + name, ENOENT);
    if (store_ == nullptr) throw sys::Error("no such image: " + name, ENOENT);
    if (!is_listed_) {
      images_ = list_images(*store_, options_.platform.empty()
                                         ? config::native_platform()
                                         : config::parse_platform(options_.platform));
      is_listed_ = true;
    }
    return inspect_image(*resolve_image(images_, name).image);
  }

 private:
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
