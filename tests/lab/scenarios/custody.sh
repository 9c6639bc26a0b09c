#!/usr/bin/env bash
# The product's main job on a real kernel: two sticks are scanned, registered,
# one changes hands with a receipt, the other disappears and the check says so.
#
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   unplug   the missing stick stays plugged
#   receipt  the receipt is altered before it is verified
#   holder   the check is closed by somebody who holds one of the sticks
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
: "${BREAK:=nothing}"

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

# --- the command line, in one place

ledger=/tmp/work/ledger
keys=/tmp/work/keys
receipt=/tmp/work/receipt.txt
log_key=/tmp/work/log.vkey
passphrase=/tmp/work/passphrase
place='ward 3 cabinet'
checker=carol
exit_found=0
exit_missing=3

# The limit is for a command that waits for an answer.
custody() { timeout 90 "$CUSTODY" --ledger "$ledger" --keys "$keys" --no-input "$@"; }
signed() { custody "$@" --passphrase-file "$passphrase" --yes; }
custody_init() {
  custody init --origin lab.example/office --organisation Lab --site Lab --zone Asia/Tokyo \
    --prefix LAB --admin admin --admin-name Admin --custodian alice --custodian-name Alice \
    --passphrase-file "$passphrase"
}
custody_log_key() { custody key show --log; }
custody_key() { custody key new "$1.lab.example/office" --passphrase-file "$passphrase"; }
custody_enrol() { signed party add "$1" --name "$1" --role staff --by alice; }
custody_scan() { custody scan --json; }
custody_register() { # MEDIUM SERIAL
  signed register "$1" --device "$2" --home "$place" --class lab --by alice
}
# Within the building: the holder changes, the place does not.
custody_handover() { # MEDIUM
  signed handover "$1" --from alice --to bob --purpose "night shift" --place "$place"
}
custody_receipt() { custody receipt LAB-"$(date +%Y)"-000001 --file "$1"; }
custody_verify_receipt() { custody verify "$1" --log-key "$2"; }
custody_check() { signed check --place "$place" --by "$checker"; }
custody_verify_ledger() { custody verify; }

# --- the story

SEALED=1C6F65D8ABCDE1234567
PLAIN=0019E06B9C85F9A0F755
# Whatever shape the output has, the value stands somewhere in it.
has() { printf 'any(.. | strings; . == "%s")' "$1"; }

say "two sticks, one of them LUKS2"
host_stick sealed $SEALED 64
host_stick plain $PLAIN 64
host_plug sealed
host_plug plain
sealed=$(wait_for_block $SEALED)
plain=$(wait_for_block $PLAIN)
luks_format "$sealed" "correct horse"
sync "$sealed"
written="$(blocks_written "$sealed") $(blocks_written "$plain")"

say "ledger and keys"
printf 'lab only, no secret' >"$passphrase"
expect_exit 0 custody_init
for who in bob carol; do
  expect_exit 0 custody_key $who
  expect_exit 0 custody_enrol $who
done
expect_exit 0 custody_log_key
cp "$OUT_FILE" "$log_key"

say "scan"
expect_exit 0 custody_scan
expect_json "$(has $SEALED)" "$OUT"
expect_json "$(has $PLAIN)" "$OUT"
must_fail expect_json "$(has NOSUCHSERIAL)" "$OUT"
expect_json '[.devices[] | select(.known != null)] == []' "$OUT"

say "register both"
expect_exit 0 custody_register USB-1 $SEALED
expect_exit 0 custody_register USB-2 $PLAIN
expect_refused custody_register USB-3 $PLAIN
expect_text "registered already, as USB-2" "$ERR"
expect_refused custody_register USB-4 NOSUCHSERIAL

say "hand one over"
expect_exit 0 custody_handover USB-1
expect_exit 0 custody_receipt "$receipt"
grep -q '^custody/handover/v1$' "$receipt" || fail "not a handover: $receipt"
[ "$(grep -c '^— ' "$receipt")" -ge 2 ] || fail "fewer than two signatures: $receipt"
if [ "$BREAK" = receipt ]; then sed -i 's/^purpose: ./&x/' "$receipt"; fi
expect_exit 0 custody_verify_receipt "$receipt" "$log_key"

say "an altered receipt, a receipt with one signature and a wrong log key are refused"
sed 's/^purpose: ./&x/' "$receipt" >altered.txt
! cmp -s "$receipt" altered.txt || fail "the receipt has no purpose to alter"
expect_refused custody_verify_receipt altered.txt "$log_key"
awk '/^— / && !done { done = 1; next } { print }' "$receipt" >stripped.txt
expect_refused custody_verify_receipt stripped.txt "$log_key"
# Another ledger's key, made the same way.
ledger=/tmp/work/other keys=/tmp/work/other-keys expect_exit 0 custody_init
ledger=/tmp/work/other expect_exit 0 custody_log_key
cp "$OUT_FILE" other.pub
expect_refused custody_verify_receipt "$receipt" other.pub

say "check with both there"
if [ "$BREAK" = holder ]; then checker=bob; fi
expect_exit $exit_found custody_check

say "the other one disappears"
if [ "$BREAK" != unplug ]; then
  host_unplug plain
  wait_for_absence $PLAIN
fi
expect_exit 0 custody_scan
expect_json "$(has $SEALED)" "$OUT"
expect_exit $exit_missing custody_check
expect_text USB-2 "$OUT$ERR"
expect_text "1 of 2 found; 1 MISSING" "$ERR"
printf '%s\n' "$ERR"

say "and comes back"
if [ "$BREAK" != unplug ]; then host_plug plain; fi
plain=$(wait_for_block $PLAIN)
expect_exit $exit_found custody_check

say "the whole ledger"
expect_exit 0 custody_verify_ledger
cp -a "$ledger" spoilt
segment=$(find spoilt/journal -type f -size +0 | sort | head -n 1)
[ -n "$segment" ] || fail "no journal in $ledger"
# In the middle of an entry: the journal's end is reserved space, where a bit is no truth.
at=$(grep -abo 'night shift' "$segment" | head -n 1 | cut -d: -f1)
[ -n "$at" ] || fail "the handover does not stand in $segment"
byte=$(od -An -tu1 -j "$at" -N 1 "$segment" | tr -d ' ')
printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$segment" bs=1 seek="$at" conv=notrunc status=none
ledger=/tmp/work/spoilt expect_exit 4 custody_verify_ledger
expect_text "entry 7" "$OUT"

say "nothing was written to the sticks"
# The plain one is counted anew since it came back.
[ "$(blocks_written "$sealed") $(blocks_written "$plain")" = "${written% *} 0" ] ||
  fail "sectors written: $written before, now $(blocks_written "$sealed") $(blocks_written "$plain")"
[ "${written#* }" = 0 ] || fail "the blank stick was written to before it was scanned"
! grep -E "^($sealed|$plain)" /proc/mounts || fail "a stick is mounted"

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
