// SPDX-License-Identifier: Apache-2.0
// Verbs that take several containers: the others go on when one can't, as with docker.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/commands/context.h"
#include "engine/container/containers.h"

namespace engine {

/// Calls `act` for each and prints its name. Errors: the last; the others are told before.
int for_each_container(Context& context, std::string_view verb,
                       const std::vector<std::string>& names,
                       const std::function<void(const ContainerRecord&)>& act);

/// Errors: "container NAME is not running".
void check_running(Context& context, const ContainerRecord& record);

}  // namespace engine
