// SPDX-License-Identifier: Apache-2.0
// Platforms as people write them, and which image of several runs on one.
// Source: github.com/containerd/platforms; image-spec, "image-index.md", "Platform Variants".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/image_spec.h"

namespace config {

/// What this program was compiled for.
Platform native_platform();

/// Reads "os/arch[/variant]", "os" or "arch" alone (the rest is the native platform's), normalised.
/// Errors: quoted, with a caret below the place.
Platform parse_platform(std::string_view text);

/// Other spellings become the one of the specification: x86_64 amd64, aarch64 arm64, armhf arm/v7.
/// What is the default of its architecture is left out: amd64/v1, arm64/v8.
Platform normalise(Platform platform);

/// "linux/arm/v7"
std::string to_text(const Platform& platform);

/// How well something for `offered` runs where `wanted` is asked for: 0 is the same, more is worse
/// (arm/v6 on v7), none is not at all.
std::optional<std::size_t> match_platform(const Platform& offered, const Platform& wanted);

/// The entry of `index` that fits best, the first of equals; without one that fits, the first that
/// names no platform (its own configuration tells). Entries may be indexes themselves, or of
/// types that nobody knows: those are taken only when they name a fitting platform.
std::optional<std::size_t> choose_platform(const Index& index, const Platform& wanted);

/// "linux/amd64, linux/arm64" for messages.
std::string list_platforms(const Index& index);

}  // namespace config
