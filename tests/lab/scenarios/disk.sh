#!/usr/bin/env bash
# A ledger on a disk that fails: one that loses its power, one that refuses writes, one
# with bad sectors, a full one, one that turns read-only. After each, every acknowledged
# entry is there, the audit holds, one more entry can be recorded.
#
# Processors: 2
# `--set FS=vfat` for another file system than ext4, `--set TIMES=N` for other than 4 of each.
# `--set BREAK=sync` takes the program its syncs while writes fail; the run then has to exit 1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/ledger.sh
. "$LAB/guest/ledger.sh"
: "${BREAK:=nothing}" "${FS:=ext4}" "${TIMES:=4}"

DISK=1C6F65D8ABCDE1234567
modprobe -a dm_flakey loop
preload=()
[ "$BREAK" != sync ] || preload=(env LD_PRELOAD=libeatmydata.so)

# table LINE...: the device-mapper device `disk` is that from now on; its file system is
# not told and what is on its way is not waited for.
table() {
  printf '%s\n' "$@" | dmsetup load disk
  dmsetup suspend --nolockfs --noflush disk
  dmsetup resume disk
}
sound() { table "0 $sectors linear $device 0"; }
# A device that is up for 0 seconds and down for ever, in this way.
flakey() { table "0 $sectors flakey $device 0 0 3600 $#${*:+ $*}"; }

attach() { mount -t "$FS" /dev/mapper/disk "$disk"; }
again() { # as after a start of the machine
  umount "$disk"
  repair_fs "$FS" /dev/mapper/disk
  attach
}
# in_the_middle COMMAND...: entries are recorded meanwhile; each time a bit later.
in_the_middle() {
  keep_on "$turn" &
  writer=$!
  sleep "0.$((turn * 173 % 1000))"
  # What is acknowledged from here on may be lost where the disk says nothing of it.
  cp "$kept" acknowledged
  "$@"
  [ "$BREAK" = sync ] || sleep 0.5
}
ended() {
  touch stop
  wait "$writer" || true
}

say "a ledger on $FS"
host_stick disk $DISK 48
host_plug disk
device=$(wait_for_block $DISK)
make_fs "$FS" "$device"
sectors=$(blockdev --getsz "$device")
dmsetup create disk --table "0 $sectors linear $device 0"
attach
founded

say "the disk loses what is written from one moment on, and says nothing (dm-flakey drop_writes)"
with=("${preload[@]}")
for ((turn = 1; turn <= TIMES; turn++)); do
  in_the_middle flakey drop_writes
  ended
  umount "$disk"
  sound
  repair_fs "$FS" /dev/mapper/disk
  attach
  # As after a power cut at that moment.
  cp acknowledged "$kept"
  holds "writes were dropped"
done
row "The disk drops every write from one moment on (dm-flakey drop_writes)" "$FS" "$TIMES" \
  "every entry acknowledged before that moment is there"

say "writes fail (dm-flakey error_writes)"
failed=0
for ((turn = 1; turn <= TIMES; turn++)); do
  in_the_middle flakey error_writes
  ended
  if ! keep "while writes fail $turn"; then
    failed=$((failed + 1))
    grep -E 'error|エラー' errors | head -n 1 || { cat errors; fail "not a word about it"; }
  fi
  sound
  again
  holds "writes failed"
done
[ "$BREAK" = sync ] || [ "$failed" = "$TIMES" ] || fail "acknowledged $((TIMES - failed)) times while writes failed"
row "Writes and syncs fail with EIO (dm-flakey error_writes)" "$FS" "$TIMES" \
  "refused with a named error each time, never acknowledged; then as before"
with=()

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
