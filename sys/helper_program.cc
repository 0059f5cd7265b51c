// SPDX-License-Identifier: Apache-2.0
#include "sys/helper_program.h"

#include "sys/error.h"
#include "sys/file.h"
#include "sys/format.h"

#ifndef TILLA_LIBEXEC
#define TILLA_LIBEXEC "/usr/local/libexec/tilla"
#endif

namespace sys {

std::string find_helper_program(const std::string& name) {
  const std::string self = read_link("/proc/self/exe");
  const std::string folder = self.substr(0, self.rfind('/'));
  const std::string candidates[] = {
      format("{}/{}", folder, name),
      format("{}/libexec/tilla/{}", folder.substr(0, folder.rfind('/')), name),
      format("{}/{}", TILLA_LIBEXEC, name),
  };
  for (const std::string& path : candidates) {
    if (check_executable(path) == 0) return path;
  }
  throw Error(format("no program {}, neither \"{}\" nor \"{}\" nor \"{}\"", name, candidates[0],
                     candidates[1], candidates[2]),
              ENOENT, "it belongs to the installation of tilla");
}

}  // namespace sys
