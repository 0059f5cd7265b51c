// SPDX-License-Identifier: Apache-2.0
// The worker's side of the conversation: takes jobs as they come, some at a time, each in a thread
// of its own.
#pragma once

namespace snapshotter {

/// Until the other side goes. Errors: a message that makes no sense.
void serve(int channel);

}  // namespace snapshotter
