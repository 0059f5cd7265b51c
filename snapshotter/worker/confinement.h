// SPDX-License-Identifier: Apache-2.0
// What tilla-layers gives up before it reads a byte of anybody's (DESIGN.md, "Confinement of the
// workers"). A flaw in a decompressor or in libarchive then reaches the descriptors of the running
// jobs and the staging directory, and nothing else.
#pragma once

namespace snapshotter {

/// To be called once, with one thread, by a process that is the first of its pid namespace.
/// staging: becomes the root directory. channel: the one other descriptor that stays.
/// Errors: the step that the kernel refused; then nothing may be read.
void confine(int staging, int channel);

}  // namespace snapshotter
