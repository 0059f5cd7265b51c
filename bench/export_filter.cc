// SPDX-License-Identifier: Apache-2.0
// Compiles the `linux.seccomp` object of a config.json with libseccomp and writes the raw BPF
// program to standard output, for the floor. Independent of the runtime on purpose, also in how it
// reads JSON: a mistake there must not lower the bar here.
//
//   export_filter < docker-seccomp.json > docker-seccomp.bpf
#include <seccomp.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sys/error.h"

namespace {

using nlohmann::json;

void check(int result, const std::string& what) {
  if (result < 0) throw sys::errno_error(what, -result);
}

uint32_t action_of(const json& rule, const char* key, const char* errno_key) {
  const std::string name = rule.at(key);
  if (name == "SCMP_ACT_ALLOW") return SCMP_ACT_ALLOW;
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(rule.value(errno_key, uint32_t{EPERM}));
  throw sys::Error("unexpected action " + name);
}

scmp_arg_cmp compare_of(const json& arg) {
  const std::string op = arg.at("op");
  const unsigned index = arg.at("index");
  const scmp_datum_t value = arg.at("value");
  const scmp_datum_t value_two = arg.value("valueTwo", scmp_datum_t{0});
  if (op == "SCMP_CMP_EQ") return {index, SCMP_CMP_EQ, value, 0};
  if (op == "SCMP_CMP_NE") return {index, SCMP_CMP_NE, value, 0};
  if (op == "SCMP_CMP_MASKED_EQ") return {index, SCMP_CMP_MASKED_EQ, value, value_two};
  throw sys::Error("unexpected operator " + op);
}

void add_architectures(scmp_filter_ctx filter, const json& profile) {
  const std::map<std::string, uint32_t> known = {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
                                                 {"SCMP_ARCH_X86", SCMP_ARCH_X86},
                                                 {"SCMP_ARCH_X32", SCMP_ARCH_X32}};
  for (const std::string name : profile.at("architectures")) {
    const int result = seccomp_arch_add(filter, known.at(name));
    if (result != -EEXIST) check(result, name);  // EEXIST: the native one is there from the start
  }
}

void add_rule(scmp_filter_ctx filter, const json& rule) {
  const uint32_t action = action_of(rule, "action", "errnoRet");
  std::vector<scmp_arg_cmp> args;
  for (const json& arg : rule.value("args", json::array())) args.push_back(compare_of(arg));
  for (const std::string name : rule.at("names")) {
    const int number = seccomp_syscall_resolve_name(name.c_str());
    if (number == __NR_SCMP_ERROR) continue;  // unknown names are skipped, as runc does
    check(seccomp_rule_add_array(filter, action, number, static_cast<unsigned>(args.size()),
                                 args.data()),
          name);
  }
}

void export_filter() {
  const json profile = json::parse(std::cin);
  scmp_filter_ctx filter = seccomp_init(action_of(profile, "defaultAction", "defaultErrnoRet"));
  if (filter == nullptr) throw sys::Error("seccomp_init");
  check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "optimize");
  add_architectures(filter, profile);
  for (const json& rule : profile.at("syscalls")) add_rule(filter, rule);
  check(seccomp_export_bpf(filter, STDOUT_FILENO), "export");
  seccomp_release(filter);
}

}  // namespace

int main() {
  try {
    export_filter();
  } catch (const std::exception& error) {
    std::cerr << "export_filter: " << error.what() << "\n";
    return 1;
  }
}
