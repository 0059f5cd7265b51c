// SPDX-License-Identifier: Apache-2.0
// libFuzzer's side: TARGET in the environment says which one is fuzzed. Source:
// llvm.org/docs/LibFuzzer.html.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/targets.h"

// Names that libFuzzer demands.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

const fuzz::Target& chosen() {
  const char* name = ::getenv("TARGET");
  for (const fuzz::Target& target : fuzz::targets()) {
    if (name != nullptr && ::strcmp(name, target.name) == 0) return target;
  }
  fprintf(stderr, "TARGET is none of:");
  for (const fuzz::Target& target : fuzz::targets()) fprintf(stderr, " %s", target.name);
  fprintf(stderr, "\n");
  exit(2);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fuzz::Target& target = chosen();
  (void)fuzz::run(target, {reinterpret_cast<const char*>(data), size});
  return 0;
}
