// SPDX-License-Identifier: Apache-2.0
#include "sys/label.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include <string_view>

#include "sys/error.h"
#include "sys/format.h"

namespace sys {
namespace {

constexpr std::size_t kLongestLabel = 65536;

// In backquotes: podman finds the path of an attribute by them.
std::string name_of(const std::string& file) { return format("`/proc/{}/{}`", kAttributes, file); }

void write_attribute(const Procfs& proc, const std::string& file, std::string_view text) {
  try {  // the words of callers
    proc.write(format("{}/{}", kAttributes, file), text);
  } catch (const Error& error) {
    throw errno_error("write " + name_of(file), error.code());
  }
}

// Without what the kernel puts behind it: "name (enforce)\n", "context\0".
std::string read_attribute(const Procfs& proc, const std::string& file) {
  std::string text = proc.read(format("{}/{}", kAttributes, file), kLongestLabel);
  text.resize(std::min(text.find('\0'), text.size()));
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

[[noreturn]] void fail_read_back(const std::string& file, const std::string& wanted,
                                 const std::string& found) {
  throw Error(format("{} says \"{}\" after \"{}\" was written", name_of(file), found, wanted),
              EPROTO);
}

void set_apparmor(const Procfs& proc, const std::string& profile) {
  try {  // ENOENT says of the file what is meant of the profile
    write_attribute(proc, kApparmorFile, apparmor_command(profile));
  } catch (Error& error) {
    if (error.code() != ENOENT) throw;
    throw Error(format("{}: no profile \"{}\" is loaded", name_of(kApparmorFile), profile), ENOENT);
  }
  const std::string found = read_attribute(proc, kApparmorFile);
  const std::string name = found.substr(0, found.rfind(" ("));
  // Of a namespace, or of several, the kernel writes the name in its own way.
  const bool is_plain = profile.find("//&") == std::string::npos && !profile.starts_with(':') &&
                        !profile.starts_with('&');
  if (name.empty() || (is_plain && name != profile)) {
    fail_read_back(kApparmorFile, profile, found);
  }
}

// user:role:type; levels are written in more than one way.
std::string_view type_of(std::string_view context) {
  std::size_t end = 0;
  for (int colons = 0; end < context.size(); ++end) {
    if (context[end] == ':' && ++colons == 3) break;
  }
  return context.substr(0, end);
}

void set_selinux(const Procfs& proc, const std::string& context) {
  write_attribute(proc, kSelinuxFile, context);
  const std::string found = read_attribute(proc, kSelinuxFile);
  if (type_of(found) != type_of(context)) fail_read_back(kSelinuxFile, context, found);
}

}  // namespace

bool has_apparmor(const Procfs& proc) {
  const auto file = proc.open_file_if_exists(format("{}/apparmor/current", kAttributes), O_RDONLY);
  if (!file) return false;
  try {  // built in and switched off it says EINVAL
    return !read_some(file->get(), kLongestLabel).empty();
  } catch (const Error&) {
    return false;
  }
}

bool has_selinux() {
  struct statfs status = {};
  return ::statfs("/sys/fs/selinux", &status) == 0 && status.f_type == SELINUX_MAGIC;
}

std::string apparmor_command(const std::string& profile) { return "exec " + profile; }

void set_exec_labels(const Procfs& proc, const ExecLabels& labels) {
  if (!labels.apparmor.empty()) {
    in_context("unable to apply apparmor profile", [&] { set_apparmor(proc, labels.apparmor); });
  }
  if (!labels.selinux.empty()) {
    in_context("can't set process label", [&] { set_selinux(proc, labels.selinux); });
  }
}

void set_key_label(const Procfs& proc, const std::string& context) {
  // A newline is what takes a context off; nothing at all would be no write.
  write_attribute(proc, "keycreate", context.empty() ? "\n" : context);
}

bool set_file_label(int fd, const std::string& context) {
  if (::fsetxattr(fd, "security.selinux", context.c_str(), context.size() + 1, 0) == 0) return true;
  if (errno == EPERM) return false;
  throw errno_error(format("set the context \"{}\"", context));
}

}  // namespace sys
