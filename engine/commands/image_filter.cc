// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/image_filter.h"

#include <algorithm>

#include "config/go_duration.h"
#include "config/human.h"
#include "config/json.h"
#include "engine/commands/output.h"
#include "engine/image/lookup.h"
#include "sys/error.h"
#include "sys/format.h"

namespace engine {
namespace {

bool parse_bool(const std::string& key, const std::string& value) {
  if (value == "true" || value == "1" || value == "t" || value == "T" || value == "True")
    return true;
  if (value == "false" || value == "0" || value == "f" || value == "F" || value == "False") {
    return false;
  }
  throw sys::Error(sys::format("invalid filter '{}={}': true or false", key, value), EINVAL);
}

bool has_label(const ImageRecord& image, const std::string& wanted) {
  const std::size_t equals = wanted.find('=');
  const auto& labels = image.documents.config.config.labels;
  const auto label = labels.find(wanted.substr(0, equals));
  if (label == labels.end()) return false;
  return equals == std::string::npos || label->second == wanted.substr(equals + 1);
}

const std::string& created_of(const ImageRecord& image) { return image.documents.config.created; }

// "until": an age, or a time.
bool is_older(const ImageRecord& image, const std::string& until) {
  const auto created = config::parse_time(created_of(image));
  if (const auto age = config::parse_duration(until)) return created && *created < now() - *age;
  const auto time = config::parse_time(until);
  if (!time) throw sys::Error(sys::format("invalid filter 'until={}'", until), EINVAL);
  return created && *created < *time;
}

bool passes_one(const std::string& key, const std::string& value, const ImageRecord& image,
                const std::vector<ImageRecord>& images) {
  if (key == "dangling") return parse_bool(key, value) == image.names.empty();
  if (key == "label") return has_label(image, value);
  if (key == "label!") return !has_label(image, value);
  if (key == "until") return is_older(image, value);
  const ImageRecord* other = resolve_image(images, value).image;
  if (key == "before") return created_of(image) < created_of(*other);
  return created_of(image) > created_of(*other) && &image != other;
}

}  // namespace

Filters parse_filters(const std::vector<std::string>& texts,
                      const std::vector<std::string>& known) {
  Filters filters;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      throw sys::Error(sys::format("invalid argument {} for \"-f, --filter\" flag: bad format of "
                                   "filter (expected name=value)",
                                   config::quote_for_message(text)),
                       EINVAL);
    }
    const std::string key = text.substr(0, equals);
    if (std::ranges::find(known, key) == known.end()) {
      std::string names;
      for (const std::string& each : known) names += (names.empty() ? "" : ", ") + each;
      throw sys::Error(sys::format("invalid filter '{}' (there are {})", key, names), EINVAL);
    }
    filters[key].push_back(text.substr(equals + 1));
  }
  return filters;
}

bool passes_reference(const Filters& filters, const config::Reference& name) {
  const auto patterns = filters.find("reference");
  if (patterns == filters.end()) return true;
  return std::ranges::any_of(patterns->second, [&](const std::string& pattern) {
    return config::matches_reference(pattern, name);
  });
}

bool passes(const Filters& filters, const ImageRecord& image,
            const std::vector<ImageRecord>& images) {
  for (const auto& [key, values] : filters) {
    if (key == "reference") continue;
    for (const std::string& value : values) {
      if (!passes_one(key, value, image, images)) return false;
    }
  }
  if (!filters.contains("reference")) return true;
  return std::ranges::any_of(
      image.names, [&](const config::Reference& name) { return passes_reference(filters, name); });
}

}  // namespace engine
