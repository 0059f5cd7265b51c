// SPDX-License-Identifier: Apache-2.0
// Targets of targets.h that are about layers.
#pragma once

#include <string_view>

namespace fuzz {

void read_layer_names(std::string_view input);
void read_owner_records(std::string_view input);
void read_protocol(std::string_view input);
/// Decompression and tar headers.
void read_archive(std::string_view input);

}  // namespace fuzz
