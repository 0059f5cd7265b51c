#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Makes the surroundings in which the bench is fair, runs it, and leaves nothing behind.
#
# Called by root: in mount and pid namespaces of its own, with a pure cgroup v2 view (crun and runc
# do not start without), on a tmpfs, as an ordinary user that exists in there only: its passwd and
# subuid lines are in private copies. All of it ends with the namespaces, and those with this script, even
# by kill -9 (then an empty directory and an empty cgroup stay).
# Called by a user: as that user, with what the machine offers.
#
#   OUT=DIR TILLA=FILE bench/run.sh [options of bench]
#
# OUT is where bench.mk has built the tools; the numbers go to OUT/result.json.
set -eu

here=$(dirname "$(readlink -f "$0")")
OUT=$(readlink -f "${OUT:-$here/../build/bench}")
TILLA=$(readlink -f "${TILLA:-$here/../build/bin/tilla-runtime}" || true)
BUSYBOX=${BUSYBOX:-/bin/busybox}
tools="bench floor true nothing peak first_throw docker-seccomp.bpf docker-seccomp.json"

# shellcheck source=bench/place.sh
. "$here/place.sh"

# Fills $dir: tools/ and installed/ are the caller's, the rest belongs to OWNER. Sets `args`.
furnish() {
  local owner=$1
  mkdir -p "$dir"/{tools,installed,home/bin,run,work}
  for tool in $tools; do cp "$OUT/$tool" "$dir/tools/"; done
  cp "$BUSYBOX" "$dir/tools/busybox"
  args=(--dir "$dir/work" --tools "$dir/tools" --busybox "$dir/tools/busybox"
    --json "$dir/work/result.json")
  if [ -x "$TILLA" ]; then
    cp "$TILLA" "$dir/installed/tilla-runtime"
    cp "$TILLA" "$dir/home/bin/tilla-runtime"
    args+=(--tilla-home "$dir/home/bin/tilla-runtime")
    if [ "$owner" != "$(id -u)" ]; then
      args+=(--tilla "$dir/installed/tilla-runtime")
    else
      args+=(--note "only root can make an installation owned by root: tilla is skipped")
    fi
  else
    args+=(--note "tilla-runtime is not built: skipped")
  fi
  chown -R "$owner" "$dir"/{home,run,work}
  chmod 700 "$dir/run"
}

environment() {
  env -i HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" PATH=/usr/bin:/usr/sbin:/bin:/sbin LC_ALL=C "$@"
}

# For the work `cgroup` alone: by descriptor 8, by which bench goes there.
make_cgroup() {
  give_cgroup
  exec 8> "$cgroup/main/cgroup.procs"
  args+=(--cgroup 8)
}

# Called when all of it has ended, also by a signal. Containers' own are gone by then.
# shellcheck disable=SC2317,SC2016  # the trap calls it, and $0 is the inner shell's
remove_cgroup() {
  unshare --mount --propagation private sh -c 'umount -R /sys/fs/cgroup 2> /dev/null
    mount -t cgroup2 cgroup2 /sys/fs/cgroup && [ ! -d "$0" ] || rmdir "$0/main" "$0"' "$cgroup"
}

# Inside the namespaces, as their root and PID 1.
inside() {
  mount -t proc proc /proc
  mount -t tmpfs -o mode=755 bench "$dir"
  mkdir "$dir/etc"
  show_unified_cgroups
  choose_ids
  add_line /etc/passwd "tilla-bench:x:$uid:$uid::$dir/home:/usr/sbin/nologin"
  add_line /etc/group "tilla-bench:x:$uid:"
  local note=()
  add_line /etc/subuid "tilla-bench:$first:65536" && add_line /etc/subgid "tilla-bench:$first:65536" ||
    note=(--note "no /etc/subuid and /etc/subgid on this machine")
  furnish "$uid"
  make_cgroup
  local code=0
  environment setpriv --reuid "$uid" --regid "$uid" --clear-groups -- \
    "$dir/tools/bench" "${args[@]}" "${note[@]}" "$@" || code=$?
  if [ -e "$dir/work/result.json" ]; then cp "$dir/work/result.json" "$OUT/result.json"; fi
  return $code
}

if [ "${BENCH_INSIDE:-}" ]; then
  dir=$BENCH_INSIDE
  cgroup=/sys/fs/cgroup/$(basename "$dir")
  inside "$@"
  exit
fi

rm -f "$OUT/result.json"
dir=$(mktemp -d "${TMPDIR:-/tmp}/tilla-bench.XXXXXX")
child=
code=0
if [ "$(id -u)" = 0 ]; then
  cgroup=/sys/fs/cgroup/$(basename "$dir")
  trap 'rmdir "$dir"; remove_cgroup' EXIT
  # unshare blocks SIGTERM while it waits; its death takes the whole pid namespace with it.
  trap '[ -z "$child" ] || { kill -KILL "$child"; wait "$child" || true; }; exit 130' INT TERM
  BENCH_INSIDE=$dir OUT=$OUT TILLA=$TILLA BUSYBOX=$BUSYBOX \
    setpriv --pdeathsig KILL unshare --mount --propagation private --pid --fork --kill-child -- "$0" "$@" &
else
  trap 'rm -rf "$dir"' EXIT
  trap '[ -z "$child" ] || { kill -TERM "$child"; wait "$child" || true; }; exit 130' INT TERM
  furnish "$(id -u)"
  environment "$dir/tools/bench" "${args[@]}" "$@" &
fi
child=$!
wait "$child" || code=$?
if [ -e "$dir/work/result.json" ]; then cp "$dir/work/result.json" "$OUT/result.json"; fi
if [ -e "$OUT/result.json" ]; then echo "numbers: $OUT/result.json"; fi
exit $code
