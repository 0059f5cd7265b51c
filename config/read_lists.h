// SPDX-License-Identifier: Apache-2.0
// What the readers of documents share: lists and members that may be missing, of structs that a
// function reads.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "config/json.h"

namespace config {

/// Reads an array of things that `read_one` reads; null leaves it empty.
template <typename T>
void get_list(const Reader& parent, std::string_view key, std::vector<T>& target,
              void (*read_one)(const Reader&, T&)) {
  parent.with(key, [&](const Reader& list) {
    target.clear();
    list.each_element([&](const Reader& element) { read_one(element, target.emplace_back()); });
  });
}

template <typename T>
void get_optional(const Reader& parent, std::string_view key, std::optional<T>& target,
                  void (*read_one)(const Reader&, T&)) {
  parent.with(key, [&](const Reader& place) { read_one(place, target.emplace()); });
}

}  // namespace config
