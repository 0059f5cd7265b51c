// SPDX-License-Identifier: Apache-2.0
#include "config/platform.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <vector>

#include "config/caret.h"
#include "sys/error.h"
#include "sys/format.h"

namespace config {
namespace {

constexpr std::string_view kSystems[] = {
    "aix",   "android", "darwin", "dragonfly", "freebsd", "illumos", "ios",    "js",      "linux",
    "macos", "nacl",    "netbsd", "openbsd",   "plan9",   "solaris", "wasip1", "windows", "zos"};
constexpr std::string_view kArchitectures[] = {
    "386",    "amd64",    "arm",    "arm64",   "armbe", "arm64be",  "loong64",   "mips",
    "mips64", "mips64le", "mipsle", "ppc",     "ppc64", "ppc64le",  "riscv",     "riscv64",
    "s390",   "s390x",    "sparc",  "sparc64", "wasm",  "amd64p32", "mips64p32", "mips64p32le"};
constexpr std::size_t kMaxText = 256;

bool is_in(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool is_part_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.-").find(c) != std::string_view::npos;
}

[[noreturn]] void fail(std::string_view text, std::string_view problem, std::size_t at) {
  throw sys::Error(sys::format("invalid platform: {}{}", problem, point_at(text, at)), EINVAL);
}

// "v7" is 7; 0 for what is none of ours.
unsigned variant_number(std::string_view variant) {
  if (variant.size() != 2 || variant[0] != 'v') return 0;
  return variant[1] >= '1' && variant[1] <= '9' ? static_cast<unsigned>(variant[1] - '0') : 0;
}

constexpr std::size_t kMostVariants = 10;

// The variant as a number, with the architecture's default where there is none.
unsigned level_of(const Platform& platform) {
  if (!platform.variant.empty()) return variant_number(platform.variant);
  if (platform.architecture == "arm") return 7;
  return platform.architecture == "arm64" ? 8 : 1;
}

}  // namespace

Platform native_platform() {
  Platform platform;
  platform.os = "linux";
#if defined(__x86_64__)
  platform.architecture = "amd64";
#elif defined(__aarch64__)
  platform.architecture = "arm64";
#elif defined(__arm__)
  platform.architecture = "arm";
  platform.variant = __ARM_ARCH >= 7 ? "v7" : __ARM_ARCH == 6 ? "v6" : "v5";
#elif defined(__i386__)
  platform.architecture = "386";
#elif defined(__riscv)
  platform.architecture = "riscv64";
#elif defined(__powerpc64__)
  platform.architecture = "ppc64le";
#elif defined(__s390x__)
  platform.architecture = "s390x";
#elif defined(__loongarch64)
  platform.architecture = "loong64";
#elif defined(__mips64)
  platform.architecture = "mips64le";
#else
#error "which platform is this?"
#endif
  return platform;
}

Platform normalise(Platform platform) {
  platform.os = lower(std::move(platform.os));
  if (platform.os == "macos") platform.os = "darwin";
  std::string& architecture = platform.architecture = lower(std::move(platform.architecture));
  std::string& variant = platform.variant = lower(std::move(platform.variant));
  if (architecture == "i386" || architecture == "i686") {
    architecture = "386";
    variant.clear();
  } else if (architecture == "x86_64" || architecture == "x86-64" || architecture == "amd64") {
    architecture = "amd64";
    if (variant == "v1") variant.clear();
  } else if (architecture == "aarch64" || architecture == "arm64") {
    architecture = "arm64";
    if (variant == "8" || variant == "v8" || variant == "v8.0") variant.clear();
  } else if (architecture == "armhf") {
    architecture = "arm";
    variant = "v7";
  } else if (architecture == "armel") {
    architecture = "arm";
    variant = "v6";
  } else if (architecture == "arm") {
    if (variant.empty()) variant = "v7";
    if (variant.size() == 1 && variant[0] >= '5' && variant[0] <= '8') variant = "v" + variant;
  }
  return platform;
}

Platform parse_platform(std::string_view text) {
  if (text.size() > kMaxText) fail(text, "too long", kMaxText);
  std::array<std::string_view, 3> parts;
  std::size_t count = 0;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('/', start), text.size());
    if (count == parts.size()) fail(text, "os/architecture/variant is all there is", start - 1);
    if (end == start) fail(text, "a part is missing (os/architecture[/variant])", start);
    for (std::size_t i = start; i < end; ++i) {
      if (!is_part_char(text[i])) fail(text, "letters, digits, \"_\", \".\" and \"-\" only", i);
    }
    parts[count++] = text.substr(start, end - start);
    start = end + 1;
  }
  Platform platform = native_platform();
  if (count == 1) {
    Platform named =
        normalise({.os = std::string(parts[0]), .architecture = std::string(parts[0])});
    if (is_in(kSystems, named.os)) {
      platform.os = named.os;
      return normalise(platform);
    }
    if (!is_in(kArchitectures, named.architecture)) {
      fail(text, "unknown operating system or architecture", 0);
    }
    named.os = platform.os;
    return named;
  }
  return normalise({.os = std::string(parts[0]),
                    .architecture = std::string(parts[1]),
                    .variant = std::string(parts[2])});
}

std::string to_text(const Platform& platform) {
  std::string text = platform.os + "/" + platform.architecture;
  if (!platform.variant.empty()) text += "/" + platform.variant;
  return text;
}

std::optional<std::size_t> match_platform(const Platform& offered, const Platform& wanted) {
  const Platform have = normalise(offered);
  const Platform want = normalise(wanted);
  if (have.os != want.os) return std::nullopt;
  if (!want.os_version.empty() && have.os_version != want.os_version) return std::nullopt;
  if (have.architecture == want.architecture) {
    if (have.variant == want.variant) return 0;
    const unsigned offered_level = level_of(have);
    const unsigned wanted_level = level_of(want);
    const bool has_levels =
        have.architecture == "arm" || have.architecture == "arm64" || have.architecture == "amd64";
    if (!has_levels || offered_level == 0 || offered_level > wanted_level) return std::nullopt;
    return wanted_level - offered_level;
  }
  // The older instructions that such processors have too.
  if (want.architecture == "amd64" && have.architecture == "386") return kMostVariants;
  if (want.architecture == "arm64" && have.architecture == "arm") {
    const unsigned level = level_of(have);
    if (level >= 5 && level <= 8) return kMostVariants + 8 - level;
  }
  return std::nullopt;
}

std::optional<std::size_t> choose_platform(const Index& index, const Platform& wanted) {
  std::optional<std::size_t> chosen, without;
  std::size_t least = 0;
  for (std::size_t i = 0; i < index.manifests.size(); ++i) {
    const Descriptor& entry = index.manifests[i];
    if (!entry.platform || entry.platform->os.empty()) {
      const bool can_be_image =
          is_manifest_type(entry.media_type) || is_index_type(entry.media_type);
      if (!without && can_be_image && entry.artifact_type.empty()) without = i;
      continue;
    }
    const std::optional<std::size_t> distance = match_platform(*entry.platform, wanted);
    if (!distance || (chosen && *distance >= least)) continue;
    chosen = i;
    least = *distance;
  }
  return chosen ? chosen : without;
}

std::string list_platforms(const Index& index) {
  std::vector<std::string> names;
  for (const Descriptor& entry : index.manifests) {
    if (!entry.platform || entry.platform->os == "unknown") continue;
    std::string name = to_text(normalise(*entry.platform));
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace config
