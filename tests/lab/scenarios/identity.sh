#!/usr/bin/env bash
# Which drive is the same drive, on devices a kernel has enumerated: chosen numbers
# and serials, one serial on two sticks, a stick that types, one whose descriptors
# changed after registration, a vault stick that is locked and unlocked.
#
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   twin     the second stick of one serial has another serial
#   changed  the stick comes back as it was
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

KINGSTON=60A44C3FAE28B0B109890123
TYPIST=07AB1C0D2E3F4A5B
VAULT=001CC0EC34F1FB90F71602FB

same_serial() { [ "$(cat /sys/bus/usb/devices/*/serial 2>/dev/null | grep -cx "$1")" = "$2" ]; }
image() { truncate -s "$2" "/tmp/work/$1.img" && printf '/tmp/work/%s.img' "$1"; }

# opened_block SERIAL LUN: as block_path, after the disk was opened, as udev would when
# a medium has come: the kernel asks for its size only then.
opened_block() {
  local entry
  for entry in "$(realpath "$(device_path "$1")")"/*/host*/target*/*:"$2"/block/*; do
    head -c 512 "/dev/${entry##*/}" >/dev/null 2>&1 || true
  done
  block_path "$1" "$2"
}

office_open

say "a gadget with the numbers of a DataTraveler is what it says"
gadget_make kingston 0951 1666 $KINGSTON Kingston "DataTraveler 3.0"
gadget_lun kingston "$(image kingston 32M)"
gadget_plug kingston
wait_for_block $KINGSTON >/dev/null
expect_exit 0 custody scan --json
expect_device $KINGSTON '.vid_pid == "0951:1666" and .serial_grade == "A" and .alarms == []'
expect_device $KINGSTON '.vendor_name == "Kingston Technology" and .capacity == 33554432'
must_fail expect_device $KINGSTON '.vid_pid == "0951:1667"'
expect_exit 0 register USB-1 $KINGSTON

say "its serial on a second stick"
other=$KINGSTON
if [ "$BREAK" = twin ]; then other=60A44C3FAE28B0B109890124; fi
gadget_make twin 0951 1666 $other Kingston "DataTraveler 3.0"
gadget_lun twin "$(image twin 32M)"
gadget_plug twin
until_true 15 same_serial $KINGSTON 2 || fail "one serial does not stand twice"
expect_exit 0 custody scan --json
expect_json '[.devices[] | select(.oddities | tostring | contains("the same identity"))] | length == 2' "$OUT"
expect_refused hand_over USB-1 alice bob
expect_text identity-twice "$ERR"
printf '%s\n' "$ERR"
gadget_unplug twin
until_true 15 same_serial $KINGSTON 1 || fail "the twin is still there"
expect_exit 0 hand_over USB-1 alice bob

say "a stick that types"
gadget_make typist 13fe 4100 $TYPIST "" "USB DISK 2.0"
gadget_lun typist "$(image typist 16M)"
gadget_keyboard typist
gadget_plug typist
wait_for_block $TYPIST >/dev/null
expect_exit 0 custody scan --json
expect_device $TYPIST '.oddities | tostring | contains("keyboard")'
expect_device $KINGSTON '.oddities == []'
expect_exit 0 register USB-2 $TYPIST
expect_text "keyboard" "$OUT$ERR"
gadget_unplug typist
wait_for_absence $TYPIST

say "the first stick comes back with another firmware"
gadget_unplug kingston
wait_for_absence $KINGSTON
if [ "$BREAK" != changed ]; then
  echo 0x0200 >$gadgets/kingston/bcdDevice
  gadget_keyboard kingston
fi
gadget_plug kingston
wait_for_block $KINGSTON >/dev/null
expect_exit 0 custody scan
expect_alarm release-drift "$OUT"
expect_alarm interfaces-drift "$OUT"
expect_text "storage with a keyboard" "$OUT"
printf '%s\n' "$OUT"
expect_refused hand_over USB-1 bob alice
expect_text interfaces-drift "$ERR"
expect_exit 3 check
expect_json '[.check.alarms[].alarm] | contains(["input-beside-storage", "interfaces-drift", "release-drift"])' "$OUT"
expect_json '.check.missing | tostring | contains("USB-2")' "$OUT"

say "two people let it pass, once"
expect_exit 0 signed override USB-1 --reason "board replaced, engraving compared" --by alice --second admin
expect_exit 0 hand_over USB-1 bob alice
expect_refused hand_over USB-1 alice bob
gadget_unplug kingston

say "a vault stick: a disc, and a disk that has no medium until it is unlocked"
gadget_make vault 0951 160d $VAULT Kingston "DT Vault Privacy"
gadget_lun vault "$(image launcher 8M)" cdrom
gadget_lun vault ''
gadget_plug vault
wait_for_block $VAULT 0 >/dev/null
expect_exit 0 custody scan --json
expect_device $VAULT '.family.name == "Kingston DataTraveler Vault Privacy"'
expect_device $VAULT '.family.state == "locked"'
expect_exit 0 register USB-3 $VAULT
echo "$(image vault 16M)" >$gadgets/vault/functions/mass_storage.0/lun.1/file
disk=$(until_true 20 opened_block $VAULT 1) || fail "the unlocked disk does not appear"
expect_exit 0 custody scan --json
expect_device $VAULT '.family.state == "unlocked"'
expect_device $VAULT '.known.medium == "USB-3" and .alarms == []'
expect_device $VAULT ".block_devices | contains([\"${disk#/dev/}\"])"
expect_exit 0 custody scan
printf '%s\n' "$OUT"

say "the ledger holds it all"
expect_exit 0 custody verify
expect_exit 0 custody log
expect_text "interfaces-drift, release-drift let pass" "$OUT"

say "done after ${SECONDS} s in the guest"
