// SPDX-License-Identifier: Apache-2.0
// tilla-layers: takes archives apart and puts them together for tilla, confined.
#include <stdio.h>

#include <string_view>

#include "snapshotter/layer/protocol.h"
#include "snapshotter/worker/confinement.h"
#include "snapshotter/worker/serve.h"
#include "sys/error.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace {

constexpr const char* kHelp =
    "usage: tilla-layers\n"
    "\n"
    "Takes the archives of images apart and puts them together. Started by tilla alone, which\n"
    "gives it a socket (descriptor 3) and a directory (4), in a pid namespace of its own; see\n"
    "tilla-layers(8).\n"
    "\n"
    "  --help     these lines\n"
    "  --version  the version\n";

int work() {
  using snapshotter::protocol::kChannel;
  using snapshotter::protocol::kStaging;
  if (sys::own_pid() != 1 || !sys::is_open(kChannel) || !sys::is_open(kStaging)) {
    fputs("tilla-layers: it is started by tilla, which gives it its work; not by hand\n", stderr);
    return 1;
  }
  try {
    snapshotter::confine(kStaging, kChannel);
    snapshotter::serve(kChannel);
    return 0;
  } catch (const sys::Error& error) {
    (void)snapshotter::protocol::send(kChannel, snapshotter::protocol::encode_failure(0, error));
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (argc == 2 && word == "--help") return fputs(kHelp, stdout) < 0 ? 1 : 0;
  if (argc == 2 && word == "--version") {
    return fputs("tilla-layers version " TILLA_VERSION "\n", stdout) < 0 ? 1 : 0;
  }
  if (argc > 1) {
    fprintf(stderr, "tilla-layers: it takes no words such as \"%s\"; try --help\n", argv[1]);
    return 1;
  }
  const int code = work();
  fflush(stdout);
  sys::exit_now(code);  // other threads may still be at a job that nobody waits for
}
