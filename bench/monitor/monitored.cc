// SPDX-License-Identifier: Apache-2.0
// Starts a container with a tilla-monitor, for bench/monitor/run: creates it, says "created PID
// MONITOR", waits for a line on standard input, starts it, and ends when all is over.
//
//   monitored MONITOR RUNTIME STATES BUNDLE DIRECTORY [at-once]
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <exception>
#include <string>

#include "shim/monitor/client.h"
#include "sys/fd.h"
#include "sys/open.h"

namespace {

void run_container(const std::string& monitor, shim::MonitorConfig config,
                   const std::string& directory, bool at_once) {
  (void)::mkdir(config.sockets.c_str(), 0700);
  shim::Starting starting =
      shim::start_monitor({.program = monitor, .directory = directory, .at_once = at_once}, config);
  const pid_t pid = starting.wait_created();
  const sys::Fd files = sys::open_path(directory, O_RDONLY | O_DIRECTORY);
  std::printf("created %d %d\n", pid, shim::read_status(files.get())->monitor);
  std::fflush(stdout);
  if (!at_once) (void)sys::read_some(0, 1);
  starting.start();
  starting.wait_until_over();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  try {
    shim::MonitorConfig config;
    config.id = "bench";
    config.runtime = argv[2];
    config.runtime_arguments = {"--root", argv[3]};
    config.bundle = argv[4];
    config.sockets = std::string(argv[5]) + "/s";
    config.log.path = std::string(argv[5]) + "/log";
    run_container(argv[1], config, argv[5], argc > 6);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "monitored: %s\n", error.what());
    return 1;
  }
}
