#!/usr/bin/env bash
# A mounted stick is written by another program while the drive is scanned,
# registered and checked over and over: the file is right, the kernel resets nothing.
#
# `--set BREAK=reset` resets the stick in the middle, as nothing of ours may do; the
# run then has to exit 1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

WRITTEN=1C6F65D8ABCDE1234567
ROUNDS=12

# Lines in which the kernel says that it reset a device, dropped one or met an error.
disturbances() { dmesg | grep -ciE 'reset (low|full|high|super)|USB disconnect|I/O error|device offlined' || true; }
# What a program does that must not be used on a drive: USBDEVFS_RESET.
reset_device() {
  local path
  path=$(device_path $WRITTEN)
  python3 - "$(printf '/dev/bus/usb/%03d/%03d' "$(cat "$path/busnum")" "$(cat "$path/devnum")")" <<'PY'
import fcntl, sys
with open(sys.argv[1], "wb") as device:
    fcntl.ioctl(device, 0x5514)
PY
}

office_open
host_stick written $WRITTEN 64
host_plug written
device=$(wait_for_block $WRITTEN)
expect_exit 0 mkfs.fat "$device"
mkdir -p /tmp/stick
mount -t vfat "$device" /tmp/stick
before=$(disturbances)

say "another program writes"
dd if=/dev/urandom of=/tmp/work/source bs=1M count=24 status=none
wanted=$(sha256sum </tmp/work/source)
# A megabyte at a time, each on the medium before the next.
(
  trap - ERR
  for part in $(seq 0 23); do
    dd if=/tmp/work/source of=/tmp/stick/file bs=1M skip="$part" seek="$part" count=1 \
      conv=notrunc,fsync status=none || exit 1
  done
  touch /tmp/work/written
) &
writer=$!

say "while it is scanned, registered and checked"
expect_exit 0 custody scan
expect_exit 0 register USB-1 $WRITTEN
rounds=0 beside=0
while [ "$rounds" -lt $ROUNDS ] || [ ! -e /tmp/work/written ]; do
  kill -0 $writer 2>/dev/null && beside=$((beside + 1))
  expect_exit 0 custody scan
  expect_exit 0 check
  expect_refused register USB-2 $WRITTEN
  if [ "$BREAK" = reset ] && [ $rounds = 1 ]; then reset_device; fi
  rounds=$((rounds + 1))
done
wait $writer || fail "the other program could not write"
[ "$beside" -ge 3 ] || fail "only $beside rounds beside the writing: it proves nothing"

say "the file is what was written, and nothing was reset"
umount /tmp/stick
echo 3 >/proc/sys/vm/drop_caches
mount -t vfat -o ro "$device" /tmp/stick
[ "$(sha256sum </tmp/stick/file)" = "$wanted" ] || fail "the file is another one"
umount /tmp/stick
[ "$(disturbances)" = "$before" ] || { dmesg | tail -n 20; fail "the kernel met a disturbance"; }

say "$rounds rounds, $beside of them beside the writing; done after ${SECONDS} s in the guest"
