#!/usr/bin/env bash
# What is read of a stick, on a real kernel: a LUKS2 stick is registered as read, seen
# with its content by a check, restored from an older copy of its header, formatted
# anew, and let pass by two people. Nobody but root may read it, and nothing is ever
# written by custody. A recording of this very bus is not opened.
#
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   older    the older header is not restored
#   nobody   the one who may not read is root
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
: "${BREAK:=nothing}"

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

ledger=/tmp/work/ledger
keys=/tmp/work/keys
passphrase=$LAB_PASSPHRASE
place='ward 3 cabinet'
SERIAL=1C6F65D8ABCDE1234567

custody() { timeout 90 "$CUSTODY" --ledger "$ledger" --keys "$keys" --no-input "$@"; }
signed() { custody "$@" --passphrase-file "$passphrase" --yes; }
check() { signed check --place "$place" --by carol --json; }
handover() { signed handover USB-1 --from alice --to bob --purpose night --place "$place"; }
# Without a ledger: whoever looks need not be able to read one.
scan_as() { # USER-ID ARGUMENTS...
  local user=$1
  shift
  timeout 90 setpriv --reuid "$user" --regid "$user" --clear-groups \
    env HOME=/tmp/nobody "$CUSTODY" scan --json "$@"
}
alarms() { printf '[.check.alarms[].alarm] == %s' "$1"; }

say "a LUKS2 stick, and a copy of its first header"
host_stick sealed $SERIAL 64
host_plug sealed
stick=$(wait_for_block $SERIAL)
luks_format "$stick" "correct horse"
dd if="$stick" of=older.img bs=64k count=1 status=none
cryptsetup config --label later "$stick"
sync "$stick"

say "ledger and people"
cheap_keys "$keys"
expect_exit 0 custody init --origin lab.example/office --organisation Lab --site Lab \
  --zone Asia/Tokyo --prefix LAB --admin admin --admin-name Admin --custodian alice \
  --custodian-name Alice --passphrase-file "$passphrase"
for who in bob carol; do
  expect_exit 0 signed party add "$who" --name "$who" --role staff --by alice
done

say "who may read it, reads it"
written=$(blocks_written "$stick")
expect_exit 0 custody scan --json
expect_json '.devices[0].read == null' "$OUT"
expect_exit 0 custody scan --probe --json
expect_json '.devices[0].read.words == "luks2 aes-xts-plain64, verified"' "$OUT"
must_fail expect_json '.devices[0].read.unread == "no-permission"' "$OUT"
mkdir -p /tmp/nobody
chmod 0600 "$stick"
nobody=65534
if [ "$BREAK" = nobody ]; then nobody=0; fi
expect_exit 0 scan_as $nobody --probe
expect_json '.devices[0].read.unread == "no-permission"' "$OUT"
expect_json '.devices[0].read.words == "not read (no permission)"' "$OUT"
expect_json ".devices[0].serial == \"$SERIAL\"" "$OUT"

say "a recording of this bus is not opened on it"
expect_exit 0 custody scan --record bus.json
expect_exit 0 custody scan --probe --json --bus bus.json
expect_json '.devices[0].read.unread == "not-here"' "$OUT"

say "registered as read, whatever is stated"
expect_exit 0 signed register USB-1 --home "$place" --class lab --by alice --encryption bitlocker
expect_text "is not what reading shows" "$ERR"
expect_exit 0 custody show USB-1
expect_text "luks2 aes-xts-plain64" "$OUT"
expect_exit 0 check
expect_json '.check.found[0].grade == "device"' "$OUT"
expect_json "$(alarms '[]')" "$OUT"

say "an older copy of the header"
if [ "$BREAK" != older ]; then
  # Both headers stand in the first 32 KiB.
  dd if=older.img of="$stick" bs=64k count=1 conv=notrunc,fsync status=none
fi
expect_exit 0 check
expect_json "$(alarms '["sequence-backwards"]')" "$OUT"
expect_json '.check.found[0].grade == "profile"' "$OUT"
expect_refused handover
expect_text "sequence-backwards" "$ERR"

say "formatted anew, and no longer encrypted"
dd if=/dev/zero of="$stick" bs=1M count=1 conv=notrunc,fsync status=none
mkfs.vfat -I -n PLAIN "$stick" >/dev/null
sync "$stick"
expect_exit 0 check
expect_json "$(alarms '["encryption-weaker","mark-drift"]')" "$OUT"
expect_exit 0 signed override USB-1 --reason tested --by alice --second carol
expect_exit 0 handover
expect_text "NOT ENCRYPTED" "$OUT"
expect_exit 0 custody verify

say "custody wrote nothing"
host_unplug sealed
wait_for_absence $SERIAL
host_plug sealed
stick=$(wait_for_block $SERIAL)
expect_exit 0 check
expect_exit 0 custody scan --probe
[ "$(blocks_written "$stick")" = 0 ] || fail "sectors written: $(blocks_written "$stick")"
[ "$written" -gt 0 ] || fail "the counter counts nothing"
! grep -E "^$stick" /proc/mounts || fail "the stick is mounted"

say "done after ${SECONDS} s in the guest"
