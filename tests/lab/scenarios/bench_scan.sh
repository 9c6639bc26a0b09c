#!/usr/bin/env bash
# `custody scan` must not be slower than `lsusb -v` on the same bus: four sticks
# and a gadget, both programs in turns, the best of each compared. Give it a
# release binary: `tests/lab/run bench_scan --binary target/release/custody`.
#
# `--set BREAK=slow` puts a pause before each scan; the run then has to exit 1.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
: "${BREAK:=nothing}" "${TURNS:=15}"

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

# A program on the host's disk is read through 9p, which is not what is timed.
cp "$CUSTODY" /tmp/custody
cp "$(command -v lsusb)" /tmp/lsusb

scan() {
  if [ "$BREAK" = slow ]; then sleep 2; fi
  /tmp/custody scan --json
}

# micros COMMAND...: how long it takes; its output is in /tmp/out.
micros() {
  local begin=${EPOCHREALTIME/[.,]/}
  "$@" >/tmp/out 2>/dev/null </dev/null
  echo $((${EPOCHREALTIME/[.,]/} - begin))
}

say "four sticks and a gadget"
for number in 1 2 3 4; do
  host_stick "stick$number" "1C6F65D8ABCDE000000$number" 64
  host_plug "stick$number"
done
for number in 1 2 3 4; do wait_for_block "1C6F65D8ABCDE000000$number" >/dev/null; done
truncate -s 32M /tmp/disk.img
gadget_make drive 0951 1666 60A44C3FAE28B0B109890123 Kingston "DataTraveler 3.0"
gadget_lun drive /tmp/disk.img
gadget_plug drive
wait_for_block 60A44C3FAE28B0B109890123 >/dev/null

say "both see all of them"
expect_exit 0 scan
for serial in 1C6F65D8ABCDE000000{1,2,3,4} 60A44C3FAE28B0B109890123; do
  expect_text "$serial" "$OUT"
done
expect_exit 0 /tmp/lsusb -v
for serial in 1C6F65D8ABCDE000000{1,2,3,4} 60A44C3FAE28B0B109890123; do
  expect_text "$serial" "$OUT"
done

say "$TURNS turns"
ours=() theirs=()
for ((turn = 0; turn < TURNS; turn++)); do
  ours+=("$(micros scan)")
  theirs+=("$(micros /tmp/lsusb -v)")
done
best() { printf '%s\n' "$@" | sort -n | head -n 1; }
best_ours=$(best "${ours[@]}") best_theirs=$(best "${theirs[@]}")
echo "custody scan: ${ours[*]} us"
echo "lsusb -v:     ${theirs[*]} us"
ratio=$(awk "BEGIN { printf \"%.2f\", $best_ours / $best_theirs }")
verdict=met
if [ "$best_ours" -gt "$best_theirs" ]; then verdict=missed; fi
echo "row | \`custody scan\` / \`lsusb -v\`, 5 devices, best of $TURNS in the lab | at most 1 | $ratio | $verdict"
[ $verdict = met ] || fail "custody scan took $best_ours us, lsusb -v $best_theirs us"
