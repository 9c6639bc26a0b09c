#!/usr/bin/env bash
# Every state a power cut can leave: a few entries are recorded on a disk under
# dm-log-writes, then the disk is put together again write by write, in the order in which
# the writes had reached it, and after each write the ledger on it is opened. Every entry
# acknowledged up to there is there, the audit holds, one more can be recorded.
#
# `--set FS=vfat` for another file system than ext4, `--set ENTRIES=N` for more than 3.
# `--set FROM=N` begins with a ledger of N entries: from 250 on the index is built meanwhile.
# `--set BREAK=sync` takes the program its syncs; the run then has to exit 1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/ledger.sh
. "$LAB/guest/ledger.sh"
: "${BREAK:=nothing}" "${FS:=ext4}" "${ENTRIES:=3}" "${FROM:=3}"

DATA=1C6F65D8ABCDE1234567 LOG=4C530001230412115471
modprobe -a dm_log_writes loop

say "a ledger on $FS"
host_stick data $DATA 12
host_stick log $LOG 64
host_plug data
host_plug log
data=$(wait_for_block $DATA)
log=$(wait_for_block $LOG)
make_fs "$FS" "$data"
mount -t "$FS" "$data" "$disk"
founded
for ((n = 3; n < FROM; n++)); do keep "before $n" || { cat said errors; fail "entry $n"; }; done
umount "$disk"
cat "$data" >base

say "$ENTRIES entries, with every write of theirs in a log"
dmsetup create logged --table "0 $(blockdev --getsz "$data") log-writes $data $log"
mount -t "$FS" /dev/mapper/logged "$disk"
[ "$BREAK" != sync ] || with=(env LD_PRELOAD=libeatmydata.so)
before=$(wc -l <"$kept")
for ((n = 1; n <= ENTRIES; n++)); do
  keep "entry $n" || { cat said errors; fail "entry $n"; }
  dmsetup message logged 0 mark "$((before + n))"
done
with=()
# A machine that is not in use writes what it has after half a minute.
sync -f "$disk"
umount "$disk"
dmsetup remove logged
cp "$kept" all

say "the disk again, write by write"
# The ledger as it is now, but for the ballast, which says nothing.
state() { (cd "$ledger" && find . -type f ! -name ballast -exec sha256sum {} + | sort | sha256sum); }
# check ACKNOWLEDGED: everything that has to hold on the disk that was put together.
check() {
  local seen
  # The machine was started anew.
  cat /proc/sys/kernel/random/uuid >boot
  # A journal sets a file system right by itself; without one it is repaired first.
  [ "$FS" = ext4 ] || repair_fs "$FS" scratch
  mount -t "$FS" -o loop scratch "$disk" || fail "cannot be mounted"
  seen=$(state)
  seen=seen/${seen%% *}
  head -n "$1" all >"$kept"
  # What is the same to the last byte needs no second look.
  if [ -e "$seen" ]; then
    head -n "$1" "$seen" | cmp -s - "$kept" || fail "acknowledged entries are missing"
  else
    expect_exit 0 custody verify
    entries >"$seen"
    holds "a cut"
  fi
  umount "$disk"
}
mkdir seen
cat /proc/sys/kernel/random/uuid >boot
mount --bind boot /proc/sys/kernel/random/boot_id
coproc replay { python3 "$LAB/guest/prefixes.py" "$log" base scratch; }
exec 3<&"${replay[0]}" 4>&"${replay[1]}"
writes=0
while read -r number acknowledged <&3; do
  check "$acknowledged"
  writes=$number
  echo on >&4
done
states=$(find seen -type f | wc -l)
[ "$writes" -gt "$((ENTRIES * 3))" ] || fail "only $writes writes: nothing was logged"
states=$(find seen -type f | wc -l)
row "The power goes between any two writes (dm-log-writes, every prefix replayed)" \
  "$FS, from entry $FROM" "$writes" "$states different ledgers; every acknowledged entry there in each"

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
