// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/targets.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>

#include <array>
#include <string>
#include <vector>

#include "config/cpu_list.h"
#include "config/image_change.h"
#include "config/image_spec.h"
#include "config/json.h"
#include "config/mount_options.h"
#include "config/platform.h"
#include "config/reference.h"
#include "config/runtime_spec.h"
#include "config/seccomp_evaluate.h"
#include "config/seccomp_filter.h"
#include "config/state.h"
#include "config/sysctl.h"
#include "config/template.h"
#include "runtime/apply/channel.h"
#include "runtime/apply/filter_entry.h"
#include "runtime/apply/passwd.h"
#include "runtime/commands/command_line.h"
#include "runtime/plan/plan.h"
#include "snapshotter/content/walk.h"
#include "sys/error.h"
#include "sys/open.h"
#include "sys/procfs.h"
#include "sys/socket.h"
#include "tests/fuzz/layer_targets.h"

namespace fuzz {
namespace {

void promise(bool is_kept, const char* what) {
  if (is_kept) return;
  fprintf(stderr, "a broken promise: %s\n", what);
  abort();
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(separator, start), text.size());
    parts.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  return parts;
}

const sys::IdMap kAllIds = {{.inside = 0, .outside = 0, .count = 4294967295U}};
const std::array<runtime::HostFacts, 2> kCallers = {
    runtime::HostFacts{
        .can_set_ids = true, .can_raise_limits = true, .own_uids = kAllIds, .own_gids = kAllIds},
    runtime::HostFacts{.uid = 1000, .gid = 1000, .own_uids = {}, .own_gids = {}}};

// Reading, checking and planning, and that what is written is read again as the same.
void read_configuration(std::string_view input) {
  const config::RuntimeSpec spec = config::parse_runtime_spec(std::string(input), "config.json");
  promise(config::parse_runtime_spec(config::write_runtime_spec(spec), "written") == spec,
          "a configuration is read as it was written");
  (void)config::validate(spec);
  for (const runtime::HostFacts& caller : kCallers) {
    try {  // what one caller is refused another may have
      const runtime::Plan plan =
          runtime::make_plan(spec, caller, {.id = "fuzz", .bundle = "/bundle"});
      promise(!runtime::describe(plan).empty(), "a plan can be told");
    } catch (const sys::Error&) {
    }
  }
}

void read_process(std::string_view input) {
  const config::Process process = config::parse_process(std::string(input), "process.json");
  promise(config::parse_process(config::write_process(process), "written") == process,
          "a process is read as it was written");
  if (!config::validate_process(process).empty()) return;
  std::vector<std::string> warnings;
  (void)runtime::plan_process(process, config::default_runtime_spec(), kCallers[0], warnings);
}

// A profile alone, of the size that a libseccomp without a fuzzer's counters takes in its stride.
void compile_profile(std::string_view input) {
  constexpr std::size_t kMost = 2000;
  if (input.size() > kMost) return;
  const std::string text = R"({"ociVersion":"1.2.0","root":{"path":"r"},"linux":{"seccomp":)" +
                           std::string(input) + "}}";
  const config::RuntimeSpec spec = config::parse_runtime_spec(text, "profile");
  if (!spec.linux_.seccomp || !config::validate(spec).empty()) return;
  std::vector<std::string> unknown;
  const config::CompiledFilter filter = config::compile_seccomp(*spec.linux_.seccomp, unknown);
  promise(config::is_plausible_filter(filter.program), "what is compiled can be loaded");
  for (const int number : {0, 59, 322, 435, 0x40000000, -1}) {
    seccomp_data call = {};
    call.nr = number;
    call.arch = AUDIT_ARCH_X86_64;
    (void)config::evaluate_filter(filter.program, call);
  }
}

void read_json(std::string_view input) {
  // What is no UTF-8 after all, such as half a surrogate pair, is written as another character.
  const config::Json first = config::parse_json(std::string(input), "json");
  const config::Json json = config::parse_json(config::write_json(first, ""), "written");
  promise(config::parse_json(config::write_json(json, "\t"), "written again") == json,
          "JSON is read as it was written");
}

void read_record(std::string_view input) {
  const config::Record record = config::parse_record(std::string(input), "state.json");
  promise(record.pid >= 0, "a pid names no process group");
  promise(config::parse_record(config::write_record(record), "written") == record,
          "a record is read as it was written");
}

// The first byte says how many descriptors come along.
void read_channel(std::string_view input) {
  if (input.size() < 2) return;
  static const sys::Fd null = sys::open_path("/dev/null", O_PATH);
  const std::vector<int> descriptors(static_cast<unsigned char>(input[0]) % 17, null.get());
  sys::SocketPair pair = sys::make_channel();
  if (!sys::send_message(pair.first.get(), input.substr(1), descriptors)) return;
  pair.first.reset();
  try {
    const std::optional<runtime::ChannelMessage> message = runtime::receive(pair.second.get());
    promise(message.has_value(), "a message that was sent is one");
    promise(message->text.size() + message->hint.size() <= 16384, "what is said is bounded");
  } catch (const sys::Error&) {  // the end is told after a message that was refused
  }
  promise(!runtime::receive(pair.second.get()), "the end of the channel is told");
}

// As an entry, and as the program of one that is whole.
void read_filter_entry(std::string_view input) {
  const std::string key = "key";
  (void)runtime::parse_filter_entry(std::string(input), key);
  const config::CompiledFilter filter = {.program = std::string(input), .kernel_flags = 2};
  const auto again = runtime::parse_filter_entry(runtime::make_filter_entry(key, filter), key);
  promise(again.has_value() == config::is_plausible_filter(input), "a whole entry is taken");
  if (!again) return;
  promise(*again == filter, "an entry is read as it was written");
  seccomp_data call = {};
  call.nr = 322;
  call.arch = AUDIT_ARCH_X86_64;
  (void)config::evaluate_filter(again->program, call);
}

void read_passwd(std::string_view input) {
  for (const uid_t uid : {0U, 1000U, 4294967294U}) {
    const std::string home = runtime::home_in(input, uid);
    promise(home.size() <= 4096 && home.find('\n') == std::string::npos,
            "a home is one short line");
  }
}

void read_process_times(std::string_view input) { (void)sys::parse_process_times(input); }

void read_command_line(std::string_view input) {
  (void)runtime::parse_command_line(split(input, '\n'));
}

void read_id_map(std::string_view input) {
  const sys::IdMap map = sys::parse_id_map(std::string(input));
  (void)sys::to_text(map);
  (void)sys::maps_inside(map, 65534);
}

void read_mount_options(std::string_view input) {
  (void)config::parse_mount_options(split(input, '\n'));
}

// The first line is the name of a kernel parameter, the second a list of processors.
void read_words(std::string_view input) {
  const std::vector<std::string> words = split(input, '\n');
  if (const std::optional<std::string> path = config::sysctl_path(words[0])) {
    const std::string framed = "/" + *path + "/";
    for (const char* escape : {"/../", "/./", "//"}) {
      promise(framed.find(escape) == std::string::npos, "a parameter's path leads down alone");
    }
    (void)config::sysctl_namespace(*path);
  }
  if (words.size() > 1) {
    const auto cpus = config::parse_cpu_list(words[1]);
    promise(!cpus || cpus->size() <= 1024, "processors are bounded");
  }
}

// The store's index.json, as any tool may have written it.
void read_store_index(std::string_view input) {
  const config::Index index = config::read_index(std::string(input), "index.json");
  promise(config::read_index(config::write_index(index), "written") == index,
          "an index is read as it was written");
}

void read_store_needs(std::string_view input) {
  (void)snapshotter::read_needs(std::string(input), "record.json");
}

void read_store_lease(std::string_view input) {
  const snapshotter::Needs needs = snapshotter::read_lease(std::string(input), "lease");
  std::string text;
  for (const config::Digest& blob : needs.blobs) text += "blob " + blob.text() + "\n";
  promise(snapshotter::read_lease(text, "written").blobs == needs.blobs,
          "what a lease keeps is read as it was written");
}

// The first line is a name, the second a pattern, the third a platform.
void read_reference(std::string_view input) {
  const std::vector<std::string> lines = split(input, '\n');
  if (lines.size() > 2) {
    const config::Platform platform = config::parse_platform(lines[2]);
    promise(config::parse_platform(config::to_text(platform)) == platform,
            "a platform is read as it was written");
  }
  const config::Reference reference = config::parse_reference(lines[0]);
  promise(config::parse_reference(reference.text()) == reference, "a name's full form is its own");
  promise(config::parse_reference(reference.familiar()) == reference, "its short form is too");
  promise(reference.text().find("..") == std::string::npos, "no name leads upwards");
  // Of an address, the brackets mean something in a pattern.
  promise(
      reference.domain[0] == '[' || config::matches_reference(reference.repository(), reference),
      "a name matches itself");
  if (lines.size() > 1) (void)config::matches_reference(lines[1], reference);
}

void read_manifest(std::string_view input) {
  const config::Manifest manifest = config::read_manifest(std::string(input), "manifest");
  promise(config::read_manifest(config::write_manifest(manifest), "written") == manifest,
          "a manifest is read as it was written");
  bool is_index = true;
  try {
    (void)config::read_index(std::string(input), "index");
  } catch (const sys::Error&) {
    is_index = false;
  }
  promise(!is_index, "no document is a manifest and an index");
}

void read_index(std::string_view input) {
  const config::Index index = config::read_index(std::string(input), "index");
  promise(config::read_index(config::write_index(index), "written") == index,
          "an index is read as it was written");
  const auto chosen = config::choose_platform(index, config::native_platform());
  promise(!chosen || *chosen < index.manifests.size(), "what is chosen is there");
  (void)config::list_platforms(index);
}

void read_image_config(std::string_view input) {
  const config::ImageConfig image = config::read_image_config(std::string(input), "config");
  promise(config::read_image_config(config::write_image_config(image), "written") == image,
          "an image's configuration is read as it was written");
}

// Of a fixed value: what is somebody else's is the template.
void render_template(std::string_view input) {
  static const config::Json data = config::parse_json(
      R"({"A":"text","B":[1,-2,"x",null],"C":{"k":"v","D":{"E":true}},"F":1.5,"G":null})", "data");
  const config::Template pattern = config::Template::parse(input);
  promise(pattern.execute(data).size() <= std::size_t{16} << 20U, "a text has a bound");
  (void)pattern.execute_titles(data);
}

void apply_image_change(std::string_view input) {
  config::ContainerConfig container;
  container.env = {"PATH=/bin", "EMPTY="};
  config::apply_changes({std::string(input)}, container);
  config::ImageConfig image;
  image.config = container;
  for (const std::string& variable : container.env) {
    promise(variable.find('=') != std::string::npos && variable[0] != '=', "a variable has a name");
  }
  promise(container.working_dir.empty() || container.working_dir[0] == '/',
          "it starts at the root");
  (void)config::write_image_config(image);
}

constexpr std::array kTargets = {Target{"configuration", read_configuration},
                                 Target{"process", read_process},
                                 Target{"seccomp", compile_profile},
                                 Target{"json", read_json},
                                 Target{"record", read_record},
                                 Target{"channel", read_channel},
                                 Target{"filter_entry", read_filter_entry},
                                 Target{"passwd", read_passwd},
                                 Target{"process_times", read_process_times},
                                 Target{"command_line", read_command_line},
                                 Target{"id_map", read_id_map},
                                 Target{"mount_options", read_mount_options},
                                 Target{"words", read_words},
                                 Target{"store_index", read_store_index},
                                 Target{"store_needs", read_store_needs},
                                 Target{"store_lease", read_store_lease},
                                 Target{"reference", read_reference},
                                 Target{"manifest", read_manifest},
                                 Target{"index", read_index},
                                 Target{"image_config", read_image_config},
                                 Target{"template", render_template},
                                 Target{"image_change", apply_image_change},
                                 Target{"layer_names", read_layer_names},
                                 Target{"owner_records", read_owner_records},
                                 Target{"protocol", read_protocol},
                                 Target{"archive", read_archive}};

}  // namespace

std::span<const Target> targets() { return kTargets; }

bool run(const Target& target, std::string_view input) {
  try {
    target.run(input);
    return true;
  } catch (const sys::Error&) {  // refused, with a reason
    return false;
  }
}

}  // namespace fuzz
