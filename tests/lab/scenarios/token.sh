#!/usr/bin/env bash
# A token file on a mounted stick: written when asked for and nowhere else, renewed, and
# missing from a copy of the stick that was made before the last one.
#
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   copy     the copy is made after the last token was written
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

SERIAL=60A44C3FAE28B0B109890123
volume=/tmp/stick

# Plugs in a gadget of that serial with this image, and mounts it.
plug() { # NAME [OPTIONS]
  [ -d "$gadgets/$1" ] || {
    gadget_make "$1" 0951 1666 $SERIAL Kingston "DataTraveler 3.0"
    gadget_lun "$1" "/tmp/work/$1.img"
  }
  gadget_plug "$1"
  device=$(wait_for_block $SERIAL)
  mount -t vfat "${@:2}" "$device" $volume
}
pull() { # NAME
  umount $volume
  gadget_unplug "$1"
  wait_for_absence $SERIAL
}
token_write() { signed token write USB-1 --volume $volume --by alice --json; }
copy() { cp /tmp/work/drive.img /tmp/work/copy.img; }
alarms() { expect_json "[.check.alarms[].alarm] | $1" "$OUT"; }

office_open
mkdir $volume
truncate -s 32M /tmp/work/drive.img
mkfs.fat /tmp/work/drive.img >/dev/null

say "a token is written, and nothing else"
plug drive
expect_exit 0 register USB-1 $SERIAL
expect_exit 0 check
alarms '. == []'
[ -z "$(ls -A $volume)" ] || fail "something was written before it was asked for"
expect_exit 0 token_write
expect_json '.file == "/tmp/stick/custody-token.txt" and .kind == "sighting"' "$OUT"
[ "$(ls -A $volume)" = custody-token.txt ] || fail "more than a token: $(ls -A $volume)"
[ "$(stat -c %s $volume/custody-token.txt)" = 512 ] || fail "not one sector"
cat $volume/custody-token.txt | grep .
expect_exit 0 check
alarms '. == []'

say "not on a volume that may only be read, not in another folder"
umount $volume
mount -t vfat -o ro "$device" $volume
expect_exit 1 token_write
expect_text "mounted for reading only" "$ERR"
umount $volume
expect_exit 1 token_write
expect_text "no volume of USB-1 is mounted" "$ERR"
mount -t vfat "$device" $volume

say "the stick is copied, then gets a fresh token"
if [ "$BREAK" != copy ]; then sync && copy; fi
expect_exit 0 token_write
expect_exit 0 check
alarms '. == []'
pull drive
if [ "$BREAK" = copy ]; then copy; fi

say "the copy shows the older one"
plug copy
expect_exit 0 check
alarms 'index("token-stale") != null'
expect_exit 0 custody scan --probe
expect_alarm token-stale "$OUT"
printf '%s\n' "$OUT"
expect_refused hand_over USB-1 alice bob
expect_text token-stale "$ERR"
expect_exit 1 token_write
expect_text "it may be a copy" "$ERR"
pull copy

say "the drive itself does not, and is renewed by those who keep drives"
token() { sha256sum <$volume/custody-token.txt; }
plug drive
before=$(token)
expect_exit 0 check
alarms '. == []'
expect_json '.tokens == []' "$OUT"
[ "$(token)" = "$before" ] || fail "a check by one of the staff renewed the token"
expect_exit 0 signed check --place "$place" --by admin --keep-tokens --json
expect_json '.tokens == []' "$OUT"
[ "$(token)" = "$before" ] || fail "--keep-tokens did not keep it"
expect_exit 0 signed check --place "$place" --by admin --json
expect_json '.tokens == [{"medium": "USB-1", "file": "/tmp/stick/custody-token.txt"}]' "$OUT"
[ "$(token)" != "$before" ] || fail "the check did not renew the token"
before=$(token)
expect_exit 0 hand_over USB-1 alice bob
expect_text "Fresh token on USB-1" "$ERR"
[ "$(token)" != "$before" ] || fail "the handover did not renew the token"
[ "$(ls -A $volume)" = custody-token.txt ] || fail "more than a token: $(ls -A $volume)"
pull drive
plug copy
expect_exit 0 check
alarms 'index("token-stale") != null'
pull copy
expect_exit 0 custody verify

say "done after ${SECONDS} s in the guest"
