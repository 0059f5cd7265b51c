// SPDX-License-Identifier: Apache-2.0
#include "config/problems.h"

#include <algorithm>
#include <limits>

#include "config/json.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr size_t kMaxProblems = 100;
constexpr size_t kMaxExtents = 340;  // UID_GID_MAP_MAX_EXTENTS
constexpr uint32_t kNoId = std::numeric_limits<uint32_t>::max();

bool ends_beyond_ids(uint32_t first, uint32_t size) { return uint64_t{first} + size > kNoId; }

void check_overlaps(Problems& problems, std::string_view pointer, std::vector<IdMapping> mappings,
                    uint32_t IdMapping::*first, std::string_view side) {
  std::ranges::sort(mappings, {}, first);
  for (size_t i = 1; i < mappings.size(); ++i) {
    const IdMapping& before = mappings[i - 1];
    if (uint64_t{before.*first} + before.size <= mappings[i].*first) continue;
    problems.add(pointer, sys::format("{} id {} is mapped twice", side, mappings[i].*first));
  }
}

}  // namespace

void Problems::add(std::string_view pointer, std::string_view reason) {
  if (list_.size() < kMaxProblems) list_.push_back(sys::format("{}: {}", pointer, reason));
}

void Problems::check_text(std::string_view pointer, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    add(pointer, sys::format("a NUL byte in {}", quote_for_message(text)));
  }
}

void Problems::check_texts(std::string_view pointer, const std::vector<std::string>& texts) {
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].find('\0') != std::string::npos) {
      check_text(sys::format("{}/{}", pointer, i), texts[i]);
    }
  }
}

void Problems::check_absolute(std::string_view pointer, std::string_view path) {
  check_text(pointer, path);
  if (path.empty()) {
    add(pointer, "empty, an absolute path is needed");
  } else if (!path.starts_with('/')) {
    add(pointer, sys::format("{} is not an absolute path", quote_for_message(path)));
  }
}

void Problems::check_absolutes(std::string_view pointer, const std::vector<std::string>& paths) {
  for (size_t i = 0; i < paths.size(); ++i) {
    check_absolute(sys::format("{}/{}", pointer, i), paths[i]);
  }
}

void Problems::check_id(std::string_view pointer, uint32_t id) {
  if (id == kNoId) add(pointer, sys::format("{} is not an id", id));
}

void check_id_mappings(Problems& problems, std::string_view pointer,
                       const std::vector<IdMapping>& mappings) {
  if (mappings.size() > kMaxExtents) {
    problems.add(pointer, sys::format("more than {} mappings", kMaxExtents));
    return;
  }
  for (size_t i = 0; i < mappings.size(); ++i) {
    const IdMapping& mapping = mappings[i];
    const std::string place = sys::format("{}/{}", pointer, i);
    if (mapping.size == 0) problems.add(place + "/size", "maps nothing");
    if (ends_beyond_ids(mapping.container_id, mapping.size)) {
      problems.add(place, "container ids beyond 4294967294");
    }
    if (ends_beyond_ids(mapping.host_id, mapping.size)) {
      problems.add(place, "host ids beyond 4294967294");
    }
  }
  check_overlaps(problems, pointer, mappings, &IdMapping::container_id, "container");
  check_overlaps(problems, pointer, mappings, &IdMapping::host_id, "host");
}

}  // namespace config
