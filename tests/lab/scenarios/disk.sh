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
# FAT loses a line of a folder whose write has failed, and the kernel does not try again:
# the newest checkpoint may be cut to nothing by the repair. That is named with the command
# that signs another one, and no entry is missing.
checkpoints=0
mend_checkpoint() {
  if [ "$FS" = ext4 ] || custody verify >said 2>errors; then return; fi
  cat said errors | grep -q '(checkpoint)' || { cat said errors; fail "something else than the checkpoint"; }
  all_kept
  expect_refused record "without a checkpoint"
  expect_text 'custody ledger sign-checkpoint' "$ERR"
  expect_exit 0 custody ledger sign-checkpoint
  checkpoints=$((checkpoints + 1))
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
  mend_checkpoint
  holds "writes failed"
done
[ "$BREAK" = sync ] || [ "$failed" = "$TIMES" ] || fail "acknowledged $((TIMES - failed)) times while writes failed"
row "Writes and syncs fail with EIO (dm-flakey error_writes)" "$FS" "$TIMES" \
  "refused with a named error each time, never acknowledged; then as before$([ "$FS" = ext4 ] ||
    printf '; the checkpoint was lost %s times, named, and signed anew by custody ledger sign-checkpoint' "$checkpoints")"
with=()

# extent FILE: first sector and length, in sectors, of what the file begins with.
extent() {
  python3 - "$1" <<'PY'
import fcntl, os, struct, sys
file = os.open(sys.argv[1], os.O_RDONLY)
def asked(what, number):
    return struct.unpack("i", fcntl.ioctl(file, what, struct.pack("i", number)))[0]
FIBMAP, FIGETBSZ = 1, 2
size = asked(FIGETBSZ, 0)
blocks = [asked(FIBMAP, n) for n in range(-(-os.fstat(file).st_size // size))]
length = 1
while length < len(blocks) and blocks[length] == blocks[0] + length:
    length += 1
print(blocks[0] * size // 512, length * size // 512)
PY
}
# An error that was reported once is reported to whoever syncs as well.
forget() { sync -f "$disk" 2>/dev/null || true; echo 3 >/proc/sys/vm/drop_caches; }
# spoilt FILE KIND...: the sectors the file begins with, at most 2048, become of that kind.
spoilt() {
  local file=$1 from length behind
  shift
  read -r from length <<<"$(extent "$file")"
  [ "$length" -le 2048 ] || length=2048
  behind=$((from + length))
  table "0 $from linear $device 0" "$from $length $*" "$behind $((sectors - behind)) linear $device $behind"
}

say "syncs of the journal fail (dm-flakey error_writes below its segment)"
for ((turn = 1; turn <= TIMES; turn++)); do
  segment=$(find "$ledger/journal" -name '*.seg' | sort | tail -n 1)
  forget
  read -r from _ <<<"$(extent "$segment")"
  spoilt "$segment" flakey "$device" "$from" 0 3600 1 error_writes
  with=(strace -f -y -o trace -e 'trace=fsync,fdatasync,pwrite64')
  if keep "while the sync fails $turn"; then fail "acknowledged although its sync failed"; fi
  with=()
  grep -qE 'sync\(.*\.seg>\) += -1 EIO' trace || { cat trace errors; fail "no sync failed"; }
  # The kernel answers a second one with yes, although the bytes are gone.
  syncs=$(grep -cE 'f(data)?sync\(.*(\.seg|head)>' trace)
  [ "$syncs" = 1 ] || { cat trace; fail "$syncs syncs where the first had failed"; }
  if grep -q 'pwrite64(.*head>' trace; then fail "the head was written behind a failed sync"; fi
  sound
  # With what the kernel has kept of the failed write in its memory, and without.
  [ $((turn % 2)) = 0 ] || forget
  keep "behind a failed sync $turn" || { cat errors; fail "nothing can be recorded any more"; }
  forget
  holds "a failed sync"
done
row "A sync of the journal fails with EIO, the file system goes on (dm-flakey below one file)" "$FS" "$TIMES" \
  "never acknowledged and never synced again; the next command writes the bytes anew"

say "bad sectors: what cannot be read is named, and nothing is written"
reads=0
for file in journal/00000000000000000000.seg head checkpoint FORMAT log.pem; do
  before=$(entries | wc -l)
  forget
  spoilt "$ledger/$file" error
  echo "bad sectors below $file"
  for turn in verify record; do
    if [ "$turn" = record ]; then
      expect_refused record "on bad sectors"
    elif [ "$file" = log.pem ]; then
      expect_exit 0 custody verify # which needs no private key
      continue
    else
      expect_refused custody verify
    fi
    case $ERR in
      *"$file"*"os error 5"* | *"os error 5"*"$file"*) ;;
      *) printf '%s\n' "$ERR"; fail "$file is not named" ;;
    esac
  done
  sound
  forget
  all_kept
  [ "$(wc -l <found)" = "$before" ] || fail "something was recorded"
  holds "bad sectors below $file"
  reads=$((reads + 1))
done
row "Bad sectors below the journal, the head, the checkpoint, the format marker, the log key (EIO on read)" \
  "$FS" "$reads" "the file is named, nothing is recorded; as before once they can be read"

say "the disk is full"
# fill FILE: to the last cluster.
fill() {
  local size
  for size in 64k 512; do
    dd if=/dev/zero of="$disk/$1" bs=$size oflag=append conv=notrunc 2>/dev/null || true
  done
}
for ((turn = 1; turn <= TIMES; turn++)); do
  fill filler
  truncate -s "-$(((turn - 1) * 8))K" "$disk/filler"
  n=0
  while keep "full $turn-$n"; do
    n=$((n + 1))
    [ "$n" -lt 60 ] || break
    fill "filler-$n"
  done
  [ "$n" -lt 60 ] || fail "the disk does not fill"
  grep -qE 'disk is full|No space' errors || { cat errors; fail "the full disk is not named"; }
  expect_exit 0 custody verify
  all_kept
  rm "$disk"/filler*
  holds "a full disk"
done
row "The disk is full" "$FS" "$TIMES" "refused by name, reading goes on; as before once there is room"

say "the disk turns read-only"
for ((turn = 1; turn <= TIMES; turn++)); do
  mount -o remount,ro "$disk"
  expect_refused record "read-only"
  expect_text "can only be read" "$ERR"
  expect_exit 0 custody verify
  all_kept
  mount -o remount,rw "$disk"
  holds "a read-only mount"
done
row "Mounted read-only while nobody records" "$FS" "$TIMES" "refused by name, reading goes on; then as before"
for ((turn = 1; turn <= TIMES; turn++)); do
  # The kernel's own way out of an error, in the middle of a write.
  in_the_middle eval 'echo u >/proc/sysrq-trigger'
  wait "$writer" || true
  grep -q 'disk is read-only\|can only be read\|Read-only file system' errors || { cat errors; fail "it is not named"; }
  again
  mend_checkpoint
  holds "read-only at once"
done
row "Turned read-only by the kernel while entries are recorded (sysrq u)" "$FS" "$TIMES" \
  "every acknowledged entry there; then as before"

say "the disk says that it has flushed, and has not"
expect_exit 0 custody ledger second-copy /tmp/work/elsewhere
keep "before the lie"
flakey drop_writes
keep "behind the lie" || { cat errors; fail "it was no lie"; }
umount "$disk"
sound
repair_fs "$FS" /dev/mapper/disk
attach
sed -i '$d' "$kept"
all_kept
if grep -q "behind the lie" found; then fail "it was no lie"; fi
# No program can keep what a disk throws away; a second copy tells of it.
expect_refused record "behind it"
expect_text "entries are missing" "$ERR"
row "The disk says it has flushed and has not, and then loses its power" "$FS" 1 \
  "what was acknowledged meanwhile is LOST; with a second copy of the checkpoint elsewhere that is noticed, and nothing is signed"

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
