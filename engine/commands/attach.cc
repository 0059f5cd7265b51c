// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "config/detach_keys.h"
#include "engine/commands/attached.h"
#include "engine/commands/each.h"
#include "engine/commands/verbs.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  bool has_no_input = false;
  std::string detach_keys = std::string(config::kDefaultDetachKeys), sig_proxy = "true", name;
};

}  // namespace

Command attach_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Show the output of a container that runs, and pass input on",
      .usage = "[OPTIONS] CONTAINER",
      .flags = {{"--detach-keys", &options->detach_keys, "What leaves it (default ctrl-p,ctrl-q)"},
                {"--no-stdin", &options->has_no_input, "Pass no input on"},
                {"--sig-proxy", &options->sig_proxy, "Pass signals on (default true)", "bool"}},
      .positionals = {{"CONTAINER", &options->name}},
      .run =
          [options](Context& context) {
            return context.explaining(
                [&] { return sys::format("attach \"{}\"", options->name); },
                [&] {
                  const ContainerRecord record = find_container(context.store(), options->name);
                  check_running(context, record);
                  return attach_to(context, record,
                                   {.has_input = !options->has_no_input,
                                    .detach_keys = options->detach_keys,
                                    .passes_signals = options->sig_proxy != "false"});
                });
          },
  };
}

}  // namespace engine
