# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What bench/run.sh and bench/images/run share: an ordinary user that exists in this mount namespace
# only. Expects `dir`, ours.

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
