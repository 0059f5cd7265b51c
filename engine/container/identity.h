// SPDX-License-Identifier: Apache-2.0
// Who we are to the files of images and containers: which ids there are, and how we come by them.
// Chosen by trying, the best first, and always told; nothing is ever less than asked for in
// silence.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshotter/layer/mapping.h"
#include "sys/idmap.h"
#include "sys/kept_userns.h"
#include "sys/procfs.h"

namespace engine {

enum class IdentityMode {
  kRoot,    // of the host (or of a container that has no user namespace): ids as they are
  kNested,  // root in somebody's user namespace with many ids: those, no helper
  kRange,   // newuidmap and newgidmap give us a subordinate range
  kSingle,  // our own id alone; the owners of files are written down beside them
};
/// "root", "nested", "range", "single": as TILLA_IDENTITY takes them.
std::string_view name_of(IdentityMode mode);
/// For people: what this mode gives and what it costs.
std::string_view describe(IdentityMode mode);

struct PassedOver {
  IdentityMode mode;
  std::string reason;
};

struct Identity {
  IdentityMode mode = IdentityMode::kSingle;
  snapshotter::Mapping mapping;
  std::vector<PassedOver> passed_over;  // those that would have been better, the best first
  /// Of the kept user namespace (range); it may go when this process has entered.
  std::optional<sys::KeptUserns> lease;
};

struct IdentityOptions {
  /// TILLA_IDENTITY; empty: the best that can be. One that can't be is an error then.
  std::string forced;
  /// Where the kept user namespace's holder listens: runtime_directory().
  std::string runtime_directory;
  /// How long the user namespace is kept after its last user.
  std::chrono::milliseconds linger = std::chrono::seconds(60);
};

/// Takes on the best identity there is: afterwards this process, which must have one thread, is
/// root of a user namespace (or of the host) with all capabilities over it, for good.
/// Errors: none can be had, with each one's reason; `forced` can't, or is no such mode.
Identity enter_identity(const IdentityOptions& options);

/// A mount namespace of our own, from which nothing spreads; after enter_identity.
void enter_mount_namespace();

/// Sockets, mounts of `tilla mount`: what need not outlive the boot. $XDG_RUNTIME_DIR/tilla, else
/// /run/user/UID/tilla, else /tmp/tilla-UID; the same inside of `tilla unshare` as outside. Not
/// made, not checked: sys::open_private_directory does that.
std::string runtime_directory();

/// What images need, as a rule.
constexpr std::uint32_t kManyIds = 65536;
/// Whether no program that we start gets powers by its file, newuidmap least of all.
bool has_no_new_privileges(const sys::Procfs& proc);
/// /etc/subuid and its like: one that is not there, or not for us, grants nothing.
std::string read_id_file(const std::string& path);
/// What /etc/subuid may call the user: his number, and his name.
std::vector<std::string> own_names(uid_t uid);

struct SubordinateRange {
  uid_t start = 0;
  std::uint32_t count = 0;
  bool operator==(const SubordinateRange&) const = default;
};
/// The lines "WHO:START:COUNT" of /etc/subuid or /etc/subgid with WHO among `names`, in their
/// order. Lines that are no such thing are passed over, as shadow's own programs do.
/// Source: subuid(5).
std::vector<SubordinateRange> parse_subordinate_ranges(std::string_view text,
                                                       const std::vector<std::string>& names);
/// `own` is 0 inside, the ranges follow from 1 on, up to 65536 ids of theirs.
sys::IdMap range_map(uid_t own, const std::vector<SubordinateRange>& ranges);

}  // namespace engine
