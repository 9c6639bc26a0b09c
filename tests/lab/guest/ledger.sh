# shellcheck shell=bash disable=SC2034 # variables are for the scenario
# A ledger on a disk that is about to suffer: entries that say which they are, the list of
# those that were acknowledged, and everything that has to hold afterwards.

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

disk=/mnt/disk
ledger=$disk/ledger
keys=/tmp/work/keys
passphrase=$LAB_PASSPHRASE
kept=/tmp/work/kept
mkdir -p "$disk"
# There is no udev here: device-mapper makes its own nodes.
export DM_DISABLE_UDEV=1

# Under the limit for a command that waits for an answer; `$with` is put before it.
with=()
custody() { timeout 120 "${with[@]}" "$CUSTODY" --ledger "$ledger" --keys "$keys" --no-input "$@"; }
record() {
  custody correct 2 --field name --to "$1" --reason lab --by admin --passphrase-file "$passphrase" --yes
}

# founded: a ledger on the mounted disk.
founded() {
  [ -d "$keys" ] || cheap_keys "$keys"
  expect_exit 0 custody init --origin lab.example/office --organisation Lab --site Lab \
    --zone Asia/Tokyo --prefix LAB --admin admin --admin-name Admin --custodian alice \
    --custodian-name Alice --passphrase-file "$passphrase"
  : >"$kept"
}

# keep TEXT: records it; when the program has said so and ended, it counts as acknowledged.
keep() { record "$1" >said 2>errors </dev/null && printf '%s\n' "$1" >>"$kept"; }

# keep_on NAME: until that fails, or `stop` is there.
keep_on() {
  local n=1
  rm -f stop
  while [ ! -e stop ] && keep "$1-$n"; do n=$((n + 1)); done
}

# entries: what each recorded entry says, in the order of the ledger.
entries() {
  custody log --json --limit 100000 2>/dev/null |
    jq -r '.entries[] | select(.kind == "correct").summary | sub("^.*: "; "")'
}

# all_kept: every acknowledged entry is there, in that order; others may stand between
# them, since a write that failed may have been kept.
all_kept() {
  entries >found
  # What is common to both in their order is all that was acknowledged.
  diff found "$kept" >differs || true
  if grep '^>' differs >missing; then
    cat missing
    fail "acknowledged entries are missing"
  fi
}

# holds WHEN: all of it, and one more entry can be recorded.
holds() {
  expect_exit 0 custody verify
  all_kept
  keep "after $1" || { cat said errors; fail "nothing can be recorded after: $1"; }
  all_kept
  expect_exit 0 custody verify
  expect_exit 0 custody fsck
}

# row FAULT WHERE TIMES RESULT: a line of the table in docs/reliability.md.
row() { printf 'row\t%s\t%s\t%s\t%s\n' "$@"; }

# make_fs KIND DEVICE
make_fs() {
  case $1 in
    ext4) mkfs.ext4 -q -F -b 4096 "$2" ;;
    vfat) mkfs.vfat "$2" >/dev/null ;;
  esac
}

# repair_fs KIND DEVICE: as an administrator would after an error; 1 says it was needed.
repair_fs() {
  local code=0
  case $1 in
    ext4) e2fsck -f -y "$2" >repaired 2>&1 || code=$? ;;
    vfat) fsck.vfat -a "$2" >repaired 2>&1 || code=$? ;;
  esac
  [ "$code" -le 1 ] || { cat repaired; fail "the file system cannot be repaired"; }
}
