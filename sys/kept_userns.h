// SPDX-License-Identifier: Apache-2.0
// A mapped user namespace that outlives the programs that use it: newuidmap and newgidmap cost more
// than starting a container, so they run once, and containers nest inside. A small process per user
// and map, the holder, keeps the namespace and hands it out to its own user alone.
// Source: user_namespaces(7), unix(7).
#pragma once

#include <chrono>
#include <string>

#include "sys/fd.h"
#include "sys/idmap.h"

namespace sys {

/// A lease of the namespace. While any is alive, in whatever process, the holder stays; a child
/// that neither executes nor ends has a part in its parent's.
class KeptUserns {
 public:
  struct Options {
    std::string directory;  // private: for the socket and the lock; made when missing
    IdMap uids, gids;       // as uid_map and gid_map take them
    /// How long the holder stays without a lease.
    std::chrono::milliseconds linger = std::chrono::seconds(60);
  };

  /// Gets the namespace with these maps, making it and its holder when there is none.
  /// Errors: those of write_id_maps_by_helpers (of write_id_maps for a caller with CAP_SETUID and
  /// CAP_SETGID); a directory that is not ours alone; ETIMEDOUT when the holder does not answer.
  static KeptUserns acquire(const Options& options);

  /// The user namespace, for Join or setns(2). A child of the caller's, owned by the caller's user.
  int fd() const { return namespace_.get(); }
  /// What the holder counts, for a program that is to have a part in the lease.
  int lease() const { return lease_.get(); }
  /// The holder's pidfd.
  int holder() const { return holder_.get(); }
  const IdMap& uids() const { return uids_; }
  const IdMap& gids() const { return gids_; }

 private:
  KeptUserns(Fd lease, Fd user_namespace, Fd holder, const Options& options);

  Fd lease_;  // the connection: the holder counts them
  Fd namespace_;
  Fd holder_;
  IdMap uids_, gids_;
};

/// Moves this process, which must have one thread, into the namespace for good, as its root, with
/// no supplementary groups (INV-6).
void enter(const KeptUserns& userns);

}  // namespace sys
