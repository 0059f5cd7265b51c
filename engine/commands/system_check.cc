// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "engine/commands/context.h"
#include "engine/commands/verbs.h"
#include "engine/image/progress.h"
#include "sys/format.h"

namespace engine {
namespace {

struct Options {
  bool repairs = false, is_quiet = false;
};

int run(Context& context, const Options& options) {
  // Damaged layers are removed, whosever files they have.
  if (options.repairs) (void)context.identity();
  snapshotter::Store* store = options.repairs ? &context.store() : context.store_if_exists();
  if (store == nullptr) return 0;
  Progress progress(options.is_quiet);
  bool has_begun = false;
  const auto show = [&](std::uint64_t done, std::uint64_t total) {
    if (!has_begun) progress.begin("checking blobs", total);
    has_begun = true;
    progress.at(done);
  };
  const std::vector<snapshotter::Store::Problem> problems = context.explaining(
      [] { return "system check"; },
      [&] { return store->check({.repair = options.repairs, .progress = show}); });
  progress.end();
  bool is_well = true;
  for (const snapshotter::Store::Problem& problem : problems) {
    print(sys::format("{}: {}{}\n", problem.what, problem.reason,
                      problem.repaired ? " (repaired)" : ""));
    is_well &= problem.repaired;
  }
  return is_well ? 0 : 1;
}

}  // namespace

Command system_check_command() {
  const auto options = std::make_shared<Options>();
  return {
      .summary = "Verify the store, and mend it",
      .usage = "[OPTIONS]",
      .text =
          "A line for each problem; exit code 1 when one is left. Files of containers are never\n"
          "touched. What is dropped says which image to load again.",
      .flags = {{"--repair", &options->repairs, "Drop what is damaged"},
                {"-q,--quiet", &options->is_quiet, "Don't say how far it has got"}},
      .run = [options](Context& context) { return run(context, *options); },
  };
}

}  // namespace engine
