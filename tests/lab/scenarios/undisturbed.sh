#!/usr/bin/env bash
# A mounted stick is written by another program while the drive is scanned,
# registered and checked over and over: the file is right, the kernel resets nothing.
#
# Processors: 2
# `--set BREAK=reset` resets the stick in the middle, as nothing of ours may do; the
# run then has to exit 1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

WRITTEN=1C6F65D8ABCDE1234567
ROUNDS=5

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
# A megabyte at a time, each on the medium before the next, over and over until the
# other side has seen enough.
(
  trap - ERR
  until [ -e /tmp/work/enough ]; do
    for part in $(seq 0 23); do
      dd if=/tmp/work/source of=/tmp/stick/file bs=1M skip="$part" seek="$part" count=1 \
        conv=notrunc,fsync status=none || exit 1
    done
    echo pass >>/tmp/work/passes
  done
) &
writer=$!

say "while it is scanned, registered and checked"
expect_exit 0 custody scan
expect_exit 0 register USB-1 $WRITTEN
for ((round = 1; round <= ROUNDS; round++)); do
  kill -0 $writer || fail "the other program could not write"
  expect_exit 0 custody scan
  expect_exit 0 check
  expect_refused register USB-2 $WRITTEN
  if [ "$BREAK" = reset ] && [ "$round" = 2 ]; then reset_device; fi
done
touch /tmp/work/enough
wait $writer || fail "the other program could not write"
[ -s /tmp/work/passes ] || fail "the file was never written to its end"

say "the file is what was written, and nothing was reset"
umount /tmp/stick
echo 3 >/proc/sys/vm/drop_caches
mount -t vfat -o ro "$device" /tmp/stick
[ "$(sha256sum </tmp/stick/file)" = "$wanted" ] || fail "the file is another one"
umount /tmp/stick
[ "$(disturbances)" = "$before" ] || { dmesg | tail -n 20; fail "the kernel met a disturbance"; }

say "$ROUNDS rounds, the file written $(wc -l </tmp/work/passes) times; done after ${SECONDS} s in the guest"
