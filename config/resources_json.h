// SPDX-License-Identifier: Apache-2.0
// Resources in the middle of a document: what the reader and the writer of config.json call.
#pragma once

#include "config/json.h"
#include "config/problems.h"
#include "config/resources.h"

namespace config {

void read_resources(const Reader& place, Resources& resources);
Json to_json(const Resources& resources);
void check_resources(Problems& problems, const std::string& place, const Resources& resources);

}  // namespace config
