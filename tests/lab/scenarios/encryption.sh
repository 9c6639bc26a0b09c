#!/usr/bin/env bash
# What a drive holds, by what the real tools wrote on it: LUKS2, LUKS1, FAT, LUKS
# beside a plaintext partition, random bytes, and a stick that cannot be read.
# blkid looks at the same devices; nothing is written to any of them.
#
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   plain  the LUKS2 stick is overwritten with FAT before it is looked at
#   sound  the failing stick fails nowhere
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

# stick NAME SERIAL: a plugged stick; its device is then in $device.
stick() {
  host_stick "$1" "$2" 48
  host_plug "$1"
  device=$(wait_for_block "$2")
}
fat() { expect_exit 0 mkfs.fat -n PLAIN "$1"; }
# What blkid calls it, low-level, without a cache.
type_of() { blkid -p -o value -s TYPE "$1" || true; }
# found DEVICE GRADE: the verdict, by device and nothing else.
found() {
  expect_exit 0 custody probe "$1" --json
  expect_json ".grade == \"$2\"" "$OUT"
}

say "LUKS2"
stick luks2 1C6F65D8ABCDE1234501
luks2=$device
luks_format "$luks2" "correct horse"
if [ "$BREAK" = plain ]; then fat "$luks2"; fi
found "$luks2" verified
expect_json '.scheme == "luks2" and (.cipher | startswith("aes-xts"))' "$OUT"
expect_json "tostring | contains(\"$(cryptsetup luksUUID "$luks2")\")" "$OUT"
[ "$(type_of "$luks2")" = crypto_LUKS ] || fail "blkid says otherwise"

say "LUKS1"
stick luks1 1C6F65D8ABCDE1234502
luks1=$device
printf 'correct horse' | cryptsetup luksFormat --batch-mode --type luks1 --iter-time 10 --key-file - "$luks1"
found "$luks1" verified
expect_json '.scheme == "luks1"' "$OUT"

say "FAT"
stick fat 1C6F65D8ABCDE1234503
fat=$device
fat "$fat"
found "$fat" none
[ "$(type_of "$fat")" = vfat ] || fail "blkid says otherwise"

say "LUKS beside a plaintext partition"
stick beside 1C6F65D8ABCDE1234504
beside=$device
printf 'label: gpt\n,24M,L\n,,L\n' | sfdisk --quiet "$beside"
until_true 10 test -b "${beside}2" || fail "no partitions on $beside"
luks_format "${beside}1" "correct horse"
fat "${beside}2"
found "$beside" partial
must_fail expect_json '.grade == "verified"' "$OUT"
expect_exit 0 custody probe "$beside"
printf '%s\n' "$OUT"

say "random bytes"
stick random 1C6F65D8ABCDE1234505
random=$device
dd if=/dev/urandom of="$random" bs=1M count=48 conv=fsync status=none
found "$random" opaque
[ -z "$(type_of "$random")" ] || fail "blkid sees something in random bytes"

say "a stick whose first megabyte cannot be read"
FAILING=1C6F65D8ABCDE1234506
truncate -s 24M failing.img
loop=$(losetup --find --show failing.img)
if [ "$BREAK" = sound ]; then bad=linear; else bad=error; fi
{
  if [ $bad = error ]; then echo "0 2048 error"; else echo "0 2048 linear $loop 0"; fi
  echo "2048 47104 linear $loop 2048"
} | dmsetup create --noudevsync failing
dmsetup mknodes failing
gadget_make failing 0951 1666 $FAILING Kingston "DataTraveler 3.0"
gadget_lun failing /dev/mapper/failing
gadget_plug failing
failing=$(wait_for_block $FAILING)
found "$failing" unreadable
expect_exit 0 custody probe "$failing"
printf '%s\n' "$OUT"

say "nothing was written, mounted or opened by name"
sync
for device in "$luks2" "$luks1" "$fat" "$beside" "$random" "$failing"; do blocks_written "$device"; done >before
for device in "$luks2" "$luks1" "$fat" "$beside" "$random" "$failing"; do
  expect_exit 0 custody probe "$device"
done
for device in "$luks2" "$luks1" "$fat" "$beside" "$random" "$failing"; do blocks_written "$device"; done >after
cmp before after || fail "sectors were written"
! grep -E "^($luks2|$luks1|$fat|$beside|$random|$failing)" /proc/mounts || fail "a stick is mounted"

say "done after ${SECONDS} s in the guest"
