#!/usr/bin/env bash
# The lab itself: sticks come and go, gadgets show up, encryption works.
# Needs no custody binary.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"

A=1C6F65D8ABCDE1234567
B=0019E06B9C85F9A0F755
G=60A44C3FAE28B0B109890123
# `--set EXPECT_ABSENT=no` skips the unplugging: the run then has to fail.
: "${EXPECT_ABSENT:=yes}"

say "two sticks"
host_stick first $A 64
host_stick second $B 64
host_plug first
host_plug second
path_a=$(wait_for_device $A)
path_b=$(wait_for_device $B)
[ "$path_a" != "$path_b" ] || fail "one device for two sticks"
[ "$(cat "$path_a/idVendor"):$(cat "$path_a/idProduct")" = 46f4:0001 ] || fail "not QEMU's stick: $path_a"
block_a=$(wait_for_block $A)
block_b=$(wait_for_block $B)
echo "$A $path_a $block_a"
echo "$B $path_b $block_b"
expect_exit 0 lsusb -v -d 46f4:0001
expect_text "$A" "$OUT"
expect_text "$B" "$OUT"
must_fail expect_text "no such serial" "$OUT"
expect_exit 0 lsusb
echo "$OUT"

say "LUKS2 on the first"
luks_format "$block_a" "correct horse"
expect_exit 0 cryptsetup isLuks --type luks2 "$block_a"
uuid=$(cryptsetup luksUUID "$block_a")
[ "$(blkid -p -o value -s TYPE "$block_a")" = crypto_LUKS ] || fail "blkid does not see LUKS"
must_fail expect_exit 0 cryptsetup isLuks "$block_b"
echo "$block_a $uuid"

say "unplug and plug the first again"
if [ "$EXPECT_ABSENT" = yes ]; then host_unplug first; fi
wait_for_absence $A 5
wait_for_device $B >/dev/null
expect_exit 0 lsusb -v -d 46f4:0001
must_fail expect_text "$A" "$OUT"
expect_text "$B" "$OUT"
host_plug first
block_a=$(wait_for_block $A)
[ "$(cryptsetup luksUUID "$block_a")" = "$uuid" ] || fail "the contents did not survive"
must_fail host_plug first

say "a gadget: DataTraveler's numbers, two LUNs, one of them a disc, and a keyboard"
truncate -s 32M /tmp/disk.img
truncate -s 8M /tmp/disc.img
gadget_make mixed 0951 1666 $G Kingston "DataTraveler 3.0"
gadget_lun mixed /tmp/disk.img
gadget_lun mixed /tmp/disc.img cdrom
gadget_keyboard mixed
gadget_plug mixed
path_g=$(wait_for_device $G)
[ "$(cat "$path_g/idVendor"):$(cat "$path_g/idProduct")" = 0951:1666 ] || fail "other numbers at $path_g"
disk=$(wait_for_block $G 0)
disc=$(wait_for_block $G 1)
case $disk in /dev/sd*) ;; *) fail "not a disk: $disk" ;; esac
case $disc in /dev/sr*) ;; *) fail "not a disc drive: $disc" ;; esac
classes=$(cat "$path_g"/*:*/bInterfaceClass | sort | xargs)
[ "$classes" = "03 08" ] || fail "interfaces: $classes"
echo "$G $path_g $disk $disc interfaces $classes"
gadget_unplug mixed
wait_for_absence $G
gadget_plug mixed
wait_for_block $G 0 >/dev/null

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
