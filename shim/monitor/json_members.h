// SPDX-License-Identifier: Apache-2.0
// What the readers of our own two documents share: they are strict, for nobody else writes them.
#pragma once

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <string>
#include <string_view>

#include "config/json.h"
#include "sys/format.h"

namespace shim {

inline void check_version(const config::Reader& document, std::uint32_t known) {
  std::uint32_t version = 0;
  document.get_required("version", version);
  if (version != known) {
    document.fail(sys::format("version {}, this tilla knows {}", version, known));
  }
}

inline void check_members(const config::Reader& object,
                          std::initializer_list<std::string_view> known) {
  object.each_member([&](const std::string& key, const config::Reader& place) {
    if (std::ranges::find(known, key) == known.end()) place.fail("unknown member");
  });
}

/// A word of the document and what it stands for.
template <typename T>
struct Named {
  std::string_view name;
  T value;
};

template <typename T, std::size_t size>
T read_named(const config::Reader& place, const Named<T> (&table)[size]) {
  std::string text;
  place.read(text);
  for (const Named<T>& one : table) {
    if (one.name == text) return one.value;
  }
  place.fail(sys::format("unknown word {}", config::quote_for_message(text)));
}

template <typename T, std::size_t size>
std::string_view name_in(const Named<T> (&table)[size], T value) {
  for (const Named<T>& one : table) {
    if (one.value == value) return one.name;
  }
  assert(false);  // each table has all of its enumerators
  return {};
}

}  // namespace shim
