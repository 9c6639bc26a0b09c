#!/usr/bin/env bash
# `custody daemon` with a hub that is a cabinet, on a real kernel: one roll-call for all,
# a drive that left with a handover and one that left without, other commands meanwhile,
# a kill, and a clock that was set back a year.
#
# Processors: 2
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   handover  the first drive leaves without its handover as well
#   stays     the second drive stays in
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

ONE=1C6F65D8ABCDE1234567 TWO=4C530001230412115471
log=/tmp/work/daemon.log

logged() { grep -qF "$1" "$log"; }
await() { # SECONDS WORDS
  until_true "$1" logged "$2" || { cat "$log"; fail "the daemon never said: $2"; }
}
roll_calls() { custody log --json | jq '[.. | objects | select(.kind? == "roll-call")] | length'; }
standing() { custody status --json | jq -r --arg id "$1" '.rows[] | select(.medium == $id).standing'; }
stands() { [ "$(standing "$1")" = "$2" ]; }

start_daemon() {
  : >"$log"
  "$CUSTODY" --ledger "$ledger" --keys "$keys" --config /tmp/work/config.toml daemon 2>"$log" &
  daemon=$!
  await 60 'owns '
}

say "two drives at a hub, which is the cabinet"
office_open
expect_exit 0 signed party add bob --renew --role station --by admin
host_hub drawer
for stick in one:$ONE two:$TWO; do
  host_stick "${stick%:*}" "${stick#*:}" 64
  host_plug "${stick%:*}" drawer
  wait_for_block "${stick#*:}" >/dev/null
done
expect_exit 0 register USB-1 $ONE
expect_exit 0 register USB-2 $TWO
port=$(basename "$(device_path $ONE)")
cat >/tmp/work/config.toml <<TOML
[cabinet.drawer]
place = "$place"
station = "bob"
ports = ["${port%.*}"]
passphrase-file = "$passphrase"
every-minutes = 5
patience-minutes = 1
TOML

say "the daemon calls them"
start_daemon
await 60 'drawer: roll-call recorded'
await 1 '(2 there, 0 not, 0 unknown)'
[ "$(roll_calls)" = 1 ] || fail "$(roll_calls) roll-calls"
expect_exit 1 custody fsck
expect_text 'in use by' "$ERR"

say "one is handed over, through the daemon, and leaves"
if [ "$BREAK" != handover ]; then
  expect_exit 0 signed handover USB-1 --from alice --to carol --purpose "night shift" --place "ward 9"
fi
host_unplug one
await 20 'USB-1 has left'
if [ "$BREAK" = handover ]; then logged 'USB-1 has left, as recorded' || fail "nothing explains it"; fi
await 20 'USB-1 has left, as recorded'

say "the other one leaves without a word"
if [ "$BREAK" != stays ]; then host_unplug two; fi
await 20 'USB-2 has left; awaiting its handover'
await 120 'USB-2 LEFT WITHOUT A HANDOVER'
await 20 'roll-call recorded as entry'
until_true 20 stands USB-2 left || fail "USB-2 stands as $(standing USB-2)"
expect_exit 3 custody due
expect_text 'LEFT WITHOUT A HANDOVER' "$OUT"

say "killed, and it is back before the next start"
kill -9 "$daemon"
wait "$daemon" || true
expect_exit 0 custody status
host_plug two drawer
wait_for_block $TWO >/dev/null
start_daemon
until_true 90 stands USB-2 home || { cat "$log"; fail "USB-2 stands as $(standing USB-2)"; }

say "a clock a year behind is refused, and nothing is lost by it"
host_unplug two
await 20 'USB-2 has left; awaiting its handover'
now=$(date +%s)
date -s "@$((now - 365 * 86400))" >/dev/null
await 20 'the clock has moved by'
await 180 'could not be recorded'
expect_text "clock says" "$(cat "$log")"
date -s "@$((now + 180))" >/dev/null
until_true 120 stands USB-2 left || { cat "$log"; fail "USB-2 stands as $(standing USB-2)"; }

say "it ends when it is told to, and nothing was reset"
kill -TERM "$daemon"
code=0
wait "$daemon" || code=$?
[ "$code" = 0 ] || { cat "$log"; fail "the daemon ended with $code"; }
[ ! -e "$ledger/daemon.sock" ] || fail "its socket is still there"
expect_exit 0 custody verify --log-key "$ledger/log.vkey"
expect_exit 0 custody fsck
if dmesg | grep -E 'usb .*: reset '; then fail "a device was reset"; fi

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
