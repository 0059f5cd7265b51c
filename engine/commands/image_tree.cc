// SPDX-License-Identifier: Apache-2.0
#include "engine/commands/image_tree.h"

#include <algorithm>
#include <map>

#include "config/human.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Layer {
  std::uint64_t size = 0;
  std::vector<const ImageRecord*> images;  // whose topmost it is
  std::vector<config::Digest> above;       // in the order of the list
};

class Tree {
 public:
  Tree(const std::vector<const ImageRecord*>& images, bool is_truncated)
      : is_truncated_(is_truncated) {
    for (const ImageRecord* image : images) add(*image);
  }

  std::string draw() {
    for (const config::Digest& root : roots_) draw_layer(root, "", "");
    return std::move(text_);
  }

 private:
  void add(const ImageRecord& image) {
    std::vector<config::Digest>* siblings = &roots_;
    for (std::size_t i = 0; i < image.chain_ids.size(); ++i) {
      const config::Digest& id = image.chain_ids[i];
      if (std::ranges::find(*siblings, id) == siblings->end()) siblings->push_back(id);
      Layer& layer = layers_[id];
      layer.size = image.layer_sizes[i];
      siblings = &layer.above;
    }
    if (!image.chain_ids.empty()) layers_[image.chain_ids.back()].images.push_back(&image);
  }

  void draw_layer(const config::Digest& id, const std::string& branch, const std::string& indent) {
    const Layer& layer = layers_[id];
    text_ += branch;
    text_ += is_truncated_ ? short_id(id) : id.text();
    text_ += "  " + config::human_size(layer.size);
    for (const ImageRecord* image : layer.images) {
      text_ += sys::format("  [{} {} {}]", call_image(*image),
                           is_truncated_ ? short_id(image->id) : image->id.text(),
                           config::human_size(image->size));
    }
    text_ += '\n';
    for (std::size_t i = 0; i < layer.above.size(); ++i) {
      const bool is_last = i + 1 == layer.above.size();
      // One alone goes on below, without a step to the right: images have many layers.
      const bool is_only = layer.above.size() == 1;
      draw_layer(layer.above[i], indent + (is_last ? "└─" : "├─"),
                 indent + (is_only   ? ""
                           : is_last ? "  "
                                     : "│ "));
    }
  }

  bool is_truncated_;
  std::map<config::Digest, Layer> layers_;
  std::vector<config::Digest> roots_;
  std::string text_;
};

}  // namespace

std::string draw_tree(const std::vector<const ImageRecord*>& images, bool is_truncated) {
  return Tree(images, is_truncated).draw();
}

}  // namespace engine
