// SPDX-License-Identifier: Apache-2.0
// `images --tree`: layers as a tree, each once, with the images that end there.
#pragma once

#include <string>
#include <vector>

#include "engine/image/image_list.h"

namespace engine {

std::string draw_tree(const std::vector<const ImageRecord*>& images, bool is_truncated);

}  // namespace engine
