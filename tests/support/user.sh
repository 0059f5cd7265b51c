# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An ordinary user with subordinate ids, made for a run and removed after it; for scripts to source.

# make_user NAME HOME: sets user, uid, first_id. Complains on standard output.
make_user() {
  local name=$1 home=$2 try why
  # Other tests on this machine may hold the lock of /etc/passwd for a moment.
  for try in 1 2 3 4 5 6 7 8 9 10; do
    if why=$(useradd --no-create-home --home-dir "$home" --shell /bin/sh "$name" 2>&1); then
      user=$name
      break
    fi
    sleep 0.2
  done
  [ "$user" ] || { echo "$why"; return 1; }
  uid=$(id -u "$user")
  first_id=$(awk -F: -v name="$user" '$1 == name { print $2; exit }' /etc/subuid)
  if [ -z "$first_id" ]; then
    first_id=$(awk -F: 'BEGIN { end = 100000 } $2 + $3 > end { end = $2 + $3 } END { print end }' \
      /etc/subuid /etc/subgid)
    usermod --add-subuids "$first_id-$((first_id + 65535))" \
      --add-subgids "$first_id-$((first_id + 65535))" "$user"
  fi
}
