// SPDX-License-Identifier: Apache-2.0
#include "engine/image/image_users.h"

#include <fcntl.h>

#include <algorithm>

#include "config/json.h"
#include "sys/file.h"
#include "sys/format.h"
#include "sys/open.h"

namespace engine {
namespace {

constexpr std::size_t kMaxRecord = std::size_t{1} << 20;

ImageUser read_user(const std::string& id, const std::string& text) {
  const std::string document = sys::format("record of container {}", id);
  const config::Json json = config::parse_json(text, document);
  const config::Reader reader(json, document);
  ImageUser user;
  user.id = id;
  reader.get("name", user.name);
  reader.get("imageId", user.image_id);
  reader.with("needs", [&](const config::Reader& needs) {
    needs.get("blobs", user.blobs);
    needs.get("layers", user.layers);
  });
  return user;
}

}  // namespace

std::vector<ImageUser> list_users(const snapshotter::Store& store) {
  std::vector<ImageUser> users;
  const sys::Fd folder = store.containers();
  for (const std::string& id : sys::list_directory(folder.get())) {
    const auto directory = sys::open_at_if_exists(folder.get(), id, O_PATH | O_DIRECTORY);
    if (!directory) continue;
    const auto text = sys::read_file_at_if_exists(directory->get(), "record.json", kMaxRecord);
    if (text) users.push_back(read_user(id, *text));
  }
  return users;
}

bool uses(const ImageUser& user, const ImageRecord& image) {
  const auto needs = [&](const config::Digest& digest) {
    return std::ranges::find(user.blobs, digest.text()) != user.blobs.end();
  };
  return user.image_id == image.id.text() ||
         (image.is_image && needs(image.documents.descriptor.digest)) ||
         std::ranges::any_of(image.entries, needs, &config::Descriptor::digest);
}

bool is_used(const std::vector<ImageUser>& users, const ImageRecord& image) {
  return std::ranges::any_of(users, [&](const ImageUser& user) { return uses(user, image); });
}

}  // namespace engine
