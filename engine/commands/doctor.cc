// SPDX-License-Identifier: Apache-2.0
#include "engine/doctor/checks.h"

#include <algorithm>
#include <memory>

#include "config/json_object.h"
#include "engine/commands/context.h"
#include "engine/commands/output.h"
#include "engine/commands/verbs.h"
#include "sys/format.h"

namespace engine {
namespace {

using config::Json;
using config::JsonObject;

Json to_json(const Findings& findings) {
  Json::Array list;
  for (const Finding& each : findings) {
    list.push_back(JsonObject()
                       .add("Id", each.id)
                       .add("Subject", each.subject)
                       .add("Status", std::string(name_of(each.health)))
                       .add("Text", each.text)
                       .add("Fix", each.fix)
                       .take());
  }
  return {std::move(list)};
}

/// The lines of `text`, each but the first behind `indent`.
std::string indented(std::string text, const std::string& indent) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;
       at += indent.size() + 1) {
    text.insert(at + 1, indent);
  }
  return text;
}

std::string describe(const Findings& findings) {
  std::size_t width = 0;
  for (const Finding& each : findings) width = std::max(width, each.subject.size());
  const std::string indent(10 + width + 2, ' ');
  std::string text;
  for (const Finding& each : findings) {
    text += sys::format("{:<10}{:<{}}  {}\n", name_of(each.health), each.subject, width,
                        indented(each.text, indent));
    if (!each.fix.empty()) {
      text += sys::format("{}fix: {}\n", indent, indented(each.fix, indent + "     "));
    }
  }
  return text;
}

}  // namespace

Command doctor_command() {
  const auto is_json = std::make_shared<bool>(false);
  return {
      .summary = "Examine this host: what works, what does not, why, and what mends it",
      .usage = "[OPTIONS]",
      .text = "Ends with 1 when something is broken. Commands that mend want root.",
      .flags = {{"--json", is_json.get(), "A list of findings for scripts"}},
      .run =
          [is_json](Context& context) {
            const Findings findings = examine_host(context.store_path());
            print_text(*is_json ? config::write_json(to_json(findings), "") + "\n"
                                : describe(findings));
            const auto is_broken = [](const Finding& each) {
              return each.health == Health::kBroken;
            };
            return std::ranges::any_of(findings, is_broken) ? 1 : 0;
          },
  };
}

}  // namespace engine
