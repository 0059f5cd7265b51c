// SPDX-License-Identifier: Apache-2.0
// `--filter` of the verbs that list images.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/image/image_list.h"

namespace engine {

/// "key=value" by key. Errors: no "=", or a key that is not among `known`; in docker's words.
using Filters = std::map<std::string, std::vector<std::string>>;
Filters parse_filters(const std::vector<std::string>& texts, const std::vector<std::string>& known);

/// dangling, label, reference, before, since, until. Values of `reference` are alternatives, the
/// others all hold.
bool passes(const Filters& filters, const ImageRecord& image,
            const std::vector<ImageRecord>& images);

/// Whether one of `reference`'s patterns takes this name; true when there are none.
bool passes_reference(const Filters& filters, const config::Reference& name);

}  // namespace engine
