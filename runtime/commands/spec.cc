// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include "config/runtime_spec.h"
#include "runtime/commands/commands.h"
#include "sys/error.h"
#include "sys/file.h"
#include "sys/open.h"
#include "sys/process.h"

namespace runtime {

int perform(const Context&, const SpecOptions& options) {
  const std::string bundle = options.bundle.empty() ? "." : options.bundle;
  const sys::Fd dir = sys::open_path(bundle, O_PATH | O_DIRECTORY);
  if (sys::open_at_if_exists(dir.get(), "config.json", O_PATH)) {
    throw sys::Error("File config.json exists. Remove it first", EEXIST);  // runc's words
  }
  const config::RuntimeSpec spec =
      options.rootless ? config::default_rootless_spec(sys::effective_uid(), sys::effective_gid())
                       : config::default_runtime_spec();
  sys::create_file_at(dir.get(), "config.json", config::write_runtime_spec(spec), 0666);
  return 0;
}

}  // namespace runtime
