// SPDX-License-Identifier: Apache-2.0
// -v, --mount and --tmpfs. Source: docs.docker.com, "docker container run"; podman-run(1).
#include <algorithm>

#include "config/container_options.h"
#include "sys/error.h"
#include "sys/format.h"
#include "sys/log.h"

namespace config {
namespace {

[[noreturn]] void fail(std::string_view what, const std::string& word, std::string_view why) {
  throw sys::Error(sys::format("invalid {} \"{}\": {}", what, sys::terminal_safe(word), why));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_propagation(std::string_view word) {
  constexpr std::string_view kWords[] = {"private", "rprivate", "shared",
                                         "rshared", "slave",    "rslave"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

bool is_mount_flag(std::string_view word) {
  constexpr std::string_view kWords[] = {"suid",   "nosuid",  "dev",      "nodev",     "exec",
                                         "noexec", "noatime", "relatime", "nodiratime"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

// False: it is none.
bool apply_volume_word(const std::string& word, VolumeRequest& volume) {
  if (word == "ro" || word == "readonly") {
    volume.is_read_only = true;
  } else if (word == "rw") {
    volume.is_read_only = false;
  } else if (word == "U") {
    volume.takes_owner = true;
  } else if (word == "O") {
    volume.is_overlay = true;
  } else if (word == "nocopy") {
    volume.copies_up = false;
  } else if (word == "copy") {
    volume.copies_up = true;
  } else if (word == "bind" || word == "rbind") {
    volume.is_recursive = word == "rbind";
  } else if (is_propagation(word)) {
    volume.propagation = word;
  } else if (is_mount_flag(word)) {
    volume.options.push_back(word);
  } else {
    // SELinux labels and macOS's consistency: nothing to do here, as with docker on such a host.
    return word == "z" || word == "Z" || word == "cached" || word == "delegated" ||
           word == "consistent" || word.empty();
  }
  return true;
}

void check_target(std::string_view what, const std::string& word, const VolumeRequest& volume) {
  const std::string& target = volume.target;
  if (target.empty()) fail(what, word, "it has no place in the container");
  if (target.front() != '/')
    fail(what, word, "its place in the container must be an absolute path");
  if (target.find_first_not_of("/.") == std::string::npos) {
    fail(what, word, "its place in the container can't be \"/\"");
  }
}

void check_source(std::string_view what, const std::string& word, const VolumeRequest& volume) {
  if (volume.kind == VolumeKind::kBind && volume.source.empty()) {
    fail(what, word, "a bind needs a source");
  }
  if (volume.kind != VolumeKind::kVolume || volume.source.empty()) return;
  if (is_volume_name(volume.source)) return;
  fail(what, word,
       sys::format("\"{}\" includes invalid characters for a volume name: letters, digits, \"_\", "
                   "\".\" and \"-\" are allowed; a directory of the host's is an absolute path",
                   sys::terminal_safe(volume.source)));
}

bool parse_flag_value(std::string_view value, bool& target) {
  if (value.empty() || value == "1" || value == "true") {
    target = true;
  } else if (value == "0" || value == "false") {
    target = false;
  } else {
    return false;
  }
  return true;
}

// False: it is no word of --mount.
bool apply_mount_word(const std::string& key, const std::string& value, VolumeRequest& volume) {
  if (key == "source" || key == "src") {
    volume.source = value;
  } else if (key == "target" || key == "dst" || key == "destination") {
    volume.target = value;
  } else if (key == "readonly" || key == "ro") {
    return parse_flag_value(value, volume.is_read_only);
  } else if (key == "rw") {
    bool writes = true;
    if (!parse_flag_value(value, writes)) return false;
    volume.is_read_only = !writes;
  } else if (key == "bind-propagation" && is_propagation(value)) {
    volume.propagation = value;
  } else if (key == "bind-nonrecursive") {
    bool is_single = false;
    if (!parse_flag_value(value, is_single)) return false;
    volume.is_recursive = !is_single;
  } else if (key == "volume-nocopy") {
    bool stays = false;
    if (!parse_flag_value(value, stays)) return false;
    volume.copies_up = !stays;
  } else if (key == "tmpfs-size" && parse_bytes(value)) {
    volume.options.push_back(sys::format("size={}", *parse_bytes(value)));
  } else if (key == "tmpfs-mode" && value.find_first_not_of("01234567") == std::string::npos) {
    volume.options.push_back("mode=" + value);
  } else if (key == "U" || key == "chown") {
    return parse_flag_value(value, volume.takes_owner);
  } else {
    return key == "consistency";
  }
  return true;
}

}  // namespace

bool is_volume_name(std::string_view text) {
  const auto is_plain = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z');
  };
  return text.size() >= 2 && text.size() <= 255 && is_plain(text.front()) &&
         std::ranges::all_of(text, [&](char letter) {
           return is_plain(letter) || letter == '_' || letter == '.' || letter == '-';
         });
}

VolumeRequest parse_volume(const std::string& word) {
  constexpr std::string_view kWhat = "volume specification";
  const std::vector<std::string> parts = split(word, ':');
  VolumeRequest volume;
  if (parts.size() > 3) fail(kWhat, word, "too many colons");
  if (parts.size() == 1) {
    volume.kind = VolumeKind::kVolume;
    volume.target = parts[0];
  } else {
    if (parts[0].empty()) fail(kWhat, word, "its source is empty");
    volume.source = parts[0];
    volume.target = parts[1];
    // A path is the caller's word: "./x" was made absolute before.
    if (volume.source.front() != '/') volume.kind = VolumeKind::kVolume;
  }
  if (parts.size() == 3) {
    for (const std::string& option : split(parts[2], ',')) {
      if (!apply_volume_word(option, volume)) {
        fail(kWhat, word, sys::format("unknown option \"{}\"", sys::terminal_safe(option)));
      }
    }
  }
  check_target(kWhat, word, volume);
  check_source(kWhat, word, volume);
  return volume;
}

VolumeRequest parse_mount(const std::string& word) {
  constexpr std::string_view kWhat = "argument for \"--mount\" flag";
  VolumeRequest volume = {.kind = VolumeKind::kVolume};
  for (const std::string& field : split(word, ',')) {
    const std::size_t equals = std::min(field.find('='), field.size());
    const std::string key = field.substr(0, equals);
    const std::string value = equals < field.size() ? field.substr(equals + 1) : "";
    if (key == "type") {
      if (value == "bind") {
        volume.kind = VolumeKind::kBind;
      } else if (value == "tmpfs") {
        volume.kind = VolumeKind::kTmpfs;
      } else if (value != "volume") {
        fail(kWhat, word, sys::format("there is no type \"{}\" here", sys::terminal_safe(value)));
      }
    } else if (!apply_mount_word(key, value, volume)) {
      fail(kWhat, word, sys::format("unexpected \"{}\"", sys::terminal_safe(field)));
    }
  }
  check_target(kWhat, word, volume);
  if (volume.kind == VolumeKind::kTmpfs && !volume.source.empty()) {
    fail(kWhat, word, "a tmpfs has no source");
  }
  if (volume.kind == VolumeKind::kBind && !volume.source.empty() && volume.source.front() != '/') {
    fail(kWhat, word, "the source of a bind must be an absolute path");
  }
  check_source(kWhat, word, volume);
  return volume;
}

VolumeRequest parse_tmpfs(const std::string& word) {
  constexpr std::string_view kWhat = "argument for \"--tmpfs\" flag";
  const std::size_t colon = std::min(word.find(':'), word.size());
  VolumeRequest volume = {.kind = VolumeKind::kTmpfs, .target = word.substr(0, colon)};
  check_target(kWhat, word, volume);
  if (colon == word.size()) return volume;
  for (const std::string& option : split(word.substr(colon + 1), ',')) {
    const bool is_data = option.starts_with("size=") || option.starts_with("mode=") ||
                         option.starts_with("uid=") || option.starts_with("gid=") ||
                         option.starts_with("nr_inodes=");
    if (option == "ro") {
      volume.is_read_only = true;
    } else if (is_data || is_mount_flag(option)) {
      volume.options.push_back(option);
    } else if (option != "rw" && !option.empty()) {
      fail(kWhat, word, sys::format("unknown option \"{}\"", sys::terminal_safe(option)));
    }
  }
  return volume;
}

}  // namespace config
