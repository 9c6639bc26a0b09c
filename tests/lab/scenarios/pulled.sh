#!/usr/bin/env bash
# A drive is pulled, or exchanged, in the middle of a handover and of a check: between
# the look at it and the signature, while somebody types a passphrase. Nothing of it is
# recorded, the ledger is whole, and the words say why. And scans while sticks come and
# go all the time.
#
# Processors: 2
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   handover  the stick stays in during the handover
#   check     the stick stays in during the check
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
: "${BREAK:=nothing}"

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

ONE=1C6F65D8ABCDE1234567
TWO=0019E06B9C85F9A0F755
passphrase=$LAB_PASSPHRASE
custody() { timeout 240 "$CUSTODY" --ledger /tmp/work/ledger --keys /tmp/work/keys --no-input "$@"; }
signed() { custody "$@" --passphrase-file "$passphrase" --yes; }

# meanwhile DEED COMMAND...: runs a command that reads a passphrase from `pipe`, does the
# deed while that is waited for, then gives the passphrase. Its code is in $code, its
# errors in $ERR.
meanwhile() {
  local deed=$1 command feeder
  shift
  rm -f pipe
  mkfifo pipe
  custody "$@" --yes >said 2>errors </dev/null &
  command=$!
  # The text is shown when everything was looked at; then the keys are opened.
  until_true 30 grep -qE 'To be signed|Draft of a receipt' errors || { cat errors; fail "nothing is to be signed"; }
  $deed
  cat "$passphrase" >pipe &
  feeder=$!
  code=0
  wait "$command" || code=$?
  # It waits for ever if the command ended without reading.
  kill "$feeder" 2>/dev/null || true
  wait "$feeder" 2>/dev/null || true
  ERR=$(cat errors)
}
entries() { custody log --json | jq .total; }

pull() {
  host_unplug one
  wait_for_absence $ONE
}
put_back() {
  host_plug one
  wait_for_block $ONE >/dev/null
}
exchange() {
  pull
  host_plug two
  wait_for_block $TWO >/dev/null
}
stay() { :; }

say "a ledger with one stick"
cheap_keys /tmp/work/keys
expect_exit 0 custody init --origin lab.example/office --organisation Lab --site Lab \
  --zone Asia/Tokyo --prefix LAB --admin admin --admin-name Admin --custodian alice \
  --custodian-name Alice --passphrase-file "$passphrase"
for who in bob carol; do
  expect_exit 0 signed party add $who --name $who --role staff --by alice
done
host_stick one $ONE 64
host_stick two $TWO 64
put_back
expect_exit 0 signed register USB-1 --device $ONE --home "ward 3" --class lab --by alice
before=$(entries)

# refused WHAT: the last command said that the drive left, and nothing was recorded.
refused() {
  printf '%s\n' "$ERR" | tail -n 2
  [ "$code" = 1 ] || fail "$1: exit $code"
  expect_text "USB-1 left between the look and the signature" "$ERR"
  expect_text "Nothing was recorded." "$ERR"
  [ "$(entries)" = "$before" ] || fail "$1: something was recorded"
  expect_exit 0 custody verify
  expect_exit 0 custody fsck
}

say "pulled during a handover"
handover=(handover USB-1 --from alice --to bob --purpose "night shift" --place "ward 3"
  --passphrase-file alice=pipe --passphrase-file "bob=$passphrase")
meanwhile "$([ "$BREAK" = handover ] && echo stay || echo pull)" "${handover[@]}"
refused handover

say "exchanged for another one during a handover"
put_back
meanwhile exchange "${handover[@]}"
refused "handover, exchanged"
host_unplug two
wait_for_absence $TWO

say "pulled during a check"
put_back
check=(check --place "ward 3" --by carol --passphrase-file carol=pipe)
meanwhile "$([ "$BREAK" = check ] && echo stay || echo pull)" "${check[@]}"
refused check

say "another one comes during a check"
put_back
plug_two() { host_plug two && wait_for_block $TWO >/dev/null; }
meanwhile plug_two "${check[@]}"
[ "$code" = 1 ] || fail "exit $code"
expect_text "what is plugged in changed between the look and the signature" "$ERR"
expect_text "$TWO" "$ERR"
[ "$(entries)" = "$before" ] || fail "something was recorded"

say "and with everything in its place both work"
host_unplug two
wait_for_absence $TWO
meanwhile stay "${check[@]}"
[ "$code" = 0 ] || fail "check: exit $code: $ERR"
meanwhile stay "${handover[@]}"
[ "$code" = 0 ] || fail "handover: exit $code: $ERR"
[ "$(entries)" = $((before + 2)) ] || fail "$(entries) entries, $before before"

say "scans while a stick comes and goes"
(for _ in 1 2 3 4 5; do
  /bin/sleep 0.7
  for bus in sysfs libusb; do custody scan --json --bus $bus || echo "scan of $bus: $?"; done
done) >scans 2>&1 &
scans=$!
for _ in 1 2 3; do
  host_plug two
  sleep 0.9
  host_unplug two
done
wait "$scans"
expect_json 'length == 10 and all(.[]; .devices | length | IN(1, 2))' "$(jq -s . scans)"
expect_exit 0 custody verify

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
