# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What those share that run benchmarks: an ordinary user that exists in this mount namespace only,
# and a cgroup for it. Expects `dir`, ours.

# Sets `uid`, an id that nobody has, and `first`, the start of a range after everybody's.
choose_ids() {
  uid=$(awk -F: '{ used[$3] = 1 } END { for (i = 60100; used[i]; i++); print i }' \
    /etc/passwd /etc/group)
  first=$(awk -F: 'BEGIN { end = 100000 } $2 + $3 > end { end = $2 + $3 } END { print end }' \
    /etc/subuid /etc/subgid)
}

# Replaces FILE, in this mount namespace only, by a copy with one more LINE.
add_line() {
  local copy
  # shellcheck disable=SC2154  # whoever reads this file has set it
  copy=$dir/etc/$(basename "$1")
  { if [ -e "$1" ]; then cat "$1"; fi; echo "$2"; } > "$copy"
  chmod 644 "$copy"
  if [ -e "$1" ]; then mount --bind "$copy" "$1"; else return 1; fi
}

# cgroup v2 and nothing else, in this mount namespace only.
show_unified_cgroups() {
  umount -R /sys/fs/cgroup 2> /dev/null || true
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
}

# Makes $cgroup the user's, as systemd's Delegate= would hand it over: `main` in it is for those who
# make others beside that.
give_cgroup() {
  # shellcheck disable=SC2154  # whoever reads this file has set it
  mkdir -p "$cgroup/main"
  chown "$uid" "$cgroup" "$cgroup"/cgroup.{procs,subtree_control,threads} "$cgroup/main" \
    "$cgroup/main/cgroup.procs"
}
