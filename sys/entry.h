// SPDX-License-Identifier: Apache-2.0
// What is in a directory, entry by entry, without following anything: for walks through trees that
// somebody else has made (INV-1, INV-12). Source: getdents64(2), fstatat(2), xattr(7).
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sys/fd.h"

namespace sys {

struct Entry {
  std::string name;
  unsigned char type = 0;  // DT_*; never DT_UNKNOWN
  bool operator==(const Entry&) const = default;
};
/// All but "." and "..", sorted by name, byte by byte. Reads from the beginning, so `dir` (not
/// O_PATH) is for one reader at a time. Errors: EFBIG with more than `limit`.
std::vector<Entry> list_entries(int dir, std::size_t limit);

/// Of the entry itself, never of what a symlink leads to. Empty: there is none.
std::optional<struct stat> entry_status(int dir, const std::string& name);
/// Opens a directory for list_entries, never by way of a symlink. Empty: no such directory.
std::optional<Fd> open_directory(int dir, const std::string& name);

/// Extended attributes of the entry itself ("": of `dir`), symlinks and devices included; by way of
/// /proc, for there is no other. Those that we may not read, or that are gone, are left out.
/// Errors: EFBIG with more than `limit` bytes in all.
using Attributes = std::vector<std::pair<std::string, std::string>>;  // sorted by name
Attributes entry_attributes(int dir, const std::string& name, std::size_t limit);
/// One of them. Empty: there is none.
std::optional<std::string> entry_attribute(int dir, const std::string& name, const char* attribute);
/// Sets one. False: this file, or its file system, takes no such attribute from us.
bool set_entry_attribute(int dir, const std::string& name, const std::string& attribute,
                         const std::string& value);

/// Owner, permissions (not of a symlink) and times, in the order in which they don't undo another.
void set_entry_status(int dir, const std::string& name, const struct stat& status);

/// Makes `name` another name of `target_dir`/`target`.
void link_entry(int target_dir, const std::string& target, int dir, const std::string& name);

/// Copies a regular file's content into an empty one: as a reflink where the file system has them,
/// else piece by piece with its holes. Source: ioctl_ficlonerange(2), copy_file_range(2).
void clone_content(int from, int to);

/// Whether two open files read the same from their beginning on.
bool have_same_content(int one, int other);

/// Moves an entry from one directory to another.
void move_entry(int from_dir, const std::string& from, int to_dir, const std::string& to);

/// Lets this process have as many descriptors as it may.
void raise_descriptor_limit();

}  // namespace sys
