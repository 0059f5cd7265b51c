// SPDX-License-Identifier: Apache-2.0
#include "config/process_merge.h"

#include "sys/error.h"

namespace config {

std::vector<std::string> merge_program(const ProgramRequest& request) {
  std::vector<std::string> words = request.image_entrypoint;
  std::vector<std::string> rest = request.image_cmd;
  if (request.entrypoint) {
    words.clear();
    rest.clear();
    if (!request.entrypoint->empty()) words.push_back(*request.entrypoint);
  }
  if (!request.arguments.empty()) rest = request.arguments;
  words.insert(words.end(), rest.begin(), rest.end());
  if (words.empty()) {
    sys::Error error("no command specified");
    error.set_hint("the image has neither ENTRYPOINT nor CMD: name a program after it");
    throw error;
  }
  if (words.front().empty()) throw sys::Error("the command is an empty word");
  return words;
}

}  // namespace config
