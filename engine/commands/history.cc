// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>

#include "config/json_object.h"
#include "config/platform.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "engine/image/lookup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Json;

struct Options {
  bool is_quiet = false, is_whole = false, is_human = true;
  std::string format, image, platform;
};

constexpr std::size_t kShownWidth = 45;

// Docker's: cut with an ellipsis, in characters.
std::string shorten(std::string_view text) {
  std::size_t count = 0;
  std::size_t cut = text.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;
    if (count == kShownWidth - 1) cut = at;
    if (++count > kShownWidth) return std::string(text.substr(0, cut)) + "…";
  }
  return std::string(text);
}

std::string without_tabs(std::string text) {
  for (char& c : text) {
    if (c == '\t' || c == '\n') c = ' ';
  }
  return text;
}

struct Step {
  config::History history;
  std::uint64_t size = 0;
};

// Layers that the history doesn't know come last, without words.
std::vector<Step> list_steps(const ImageRecord& image) {
  std::vector<Step> steps;
  std::size_t layer = 0;
  for (const config::History& history : image.documents.config.history) {
    const bool has_layer = !history.empty_layer && layer < image.layer_sizes.size();
    steps.push_back({history, has_layer ? image.layer_sizes[layer++] : 0});
  }
  for (; layer < image.layer_sizes.size(); ++layer) steps.push_back({{}, image.layer_sizes[layer]});
  return steps;
}

// Docker knows seconds.
std::string without_fraction(std::string time) {
  const std::size_t dot = time.find('.');
  if (dot != std::string::npos) {
    time.erase(dot, std::min(time.find_first_not_of("0123456789", dot + 1), time.size()) - dot);
  }
  return time;
}

Json make_row(const Step& step, const std::string& id, const Options& options, config::Time now) {
  const config::History& history = step.history;
  const std::string created_by = without_tabs(history.created_by);
  return config::JsonObject()
      .add("Comment", without_tabs(history.comment))
      .add("CreatedAt", without_fraction(history.created))
      .add("CreatedBy", options.is_whole ? created_by : shorten(created_by))
      .add("CreatedSince", config::human_age(history.created, now))
      .add("ID", id)
      .add("Size", options.is_human ? config::human_size(step.size) : sys::format("{}", step.size))
      .take();
}

config::RowFormat make_format(const Options& options) {
  config::RowFormat format;
  format.format = options.format;
  format.otherwise =
      options.is_quiet ? "{{.ID}}"
      : options.is_human
          ? "table {{.ID}}\\t{{.CreatedSince}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}"
          : "table {{.ID}}\\t{{.CreatedAt}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}";
  format.titles = config::JsonObject()
                      .add("Comment", std::string("COMMENT"))
                      .add("CreatedAt", std::string("CREATED AT"))
                      .add("CreatedBy", std::string("CREATED BY"))
                      .add("CreatedSince", std::string("CREATED"))
                      .add("ID", std::string("IMAGE"))
                      .add("Size", std::string("SIZE"))
                      .take();
  return format;
}

int run(Context& context, const Options& options) {
  const snapshotter::Store* store = context.store_if_exists();
  if (store == nullptr) throw sys::Error("no such image: " + options.image, ENOENT);
  const std::vector<ImageRecord> images =
      list_images(*store, options.platform.empty() ? config::native_platform()
                                                   : config::parse_platform(options.platform));
  const ImageRecord& image = *resolve_image(images, options.image).image;
  if (!image.problem.empty()) throw sys::Error(image.problem);
  const std::vector<Step> steps = list_steps(image);
  std::vector<Json> rows;
  const config::Time time = now();
  for (std::size_t i = steps.size(); i > 0; --i) {
    const std::string id = i < steps.size()   ? "<missing>"
                           : options.is_whole ? image.id.text()
                                              : short_id(image.id);
    rows.push_back(make_row(steps[i - 1], id, options, time));
  }
  print_rows(make_format(options), rows);
  return 0;
}

}  // namespace

Command history_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Show the steps in which an image was made",
      .usage = "[OPTIONS] IMAGE",
      .flags = {{"--format", &options->format, "table, json, or a Go template of each step"},
                {"-H,--human", &options->is_human, "Sizes and dates for people (default true)"},
                {"--no-trunc", &options->is_whole, "Show everything to its end"},
                {"--platform", &options->platform, "Of an image for several: os/arch[/variant]"},
                {"-q,--quiet", &options->is_quiet, "Only ids"}},
      .positionals = {{"IMAGE", &options->image}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
