#!/usr/bin/env bash
# `custody watch` on a real kernel, watching in its three ways at once: told by libusb,
# looking at sysfs, and by libusb alone. One stick is plugged and pulled twenty times,
# then a hub with three sticks is pulled: nothing is missed and nothing told twice, and
# no other command ever finds the ledger in use.
#
# Processors: 2
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   miss    the stick stays in during one of the cycles
#   double  there is one cycle more
#   hub     the hub stays in
# `--set CYCLES=N` does fewer.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
: "${BREAK:=nothing}" "${CYCLES:=20}"

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

ONE=1C6F65D8ABCDE1234567
passphrase=$LAB_PASSPHRASE
export CUSTODY_LEDGER=/tmp/work/ledger CUSTODY_KEYS=/tmp/work/keys
custody() { timeout 240 "$CUSTODY" --no-input "$@"; }

# count WAY EVENT [SERIAL]: how often that was told.
count() {
  jq -s --arg event "$2" --arg serial "${3-}" \
    '[.[] | select(.event == $event and ($serial == "" or .device.serial == $serial))] | length' \
    "watch.$1"
}
told() { [ "$(count "$1" "$2" "${4-}")" -ge "$3" ]; } # WAY EVENT AT-LEAST [SERIAL]
each_told() { # EVENT AT-LEAST [SERIAL]
  for way in told sysfs libusb; do
    until_true 25 told "$way" "$@" || { cat "watch.$way"; fail "$way: no $1 number $2"; }
  done
}

say "a ledger with the stick in it"
cheap_keys "$CUSTODY_KEYS"
expect_exit 0 custody init --origin lab.example/office --organisation Lab --site Lab \
  --zone Asia/Tokyo --prefix LAB --admin admin --admin-name Admin --custodian alice \
  --custodian-name Alice --passphrase-file "$passphrase"
host_stick one $ONE 64
host_plug one
wait_for_block $ONE >/dev/null
expect_exit 0 custody register USB-1 --device $ONE --home "ward 3" --class lab --by alice \
  --passphrase-file "$passphrase" --yes
host_unplug one
wait_for_absence $ONE

say "watching in three ways"
"$CUSTODY" watch --json >watch.told 2>err.told &
watchers=($!)
"$CUSTODY" watch --json --bus sysfs --record record.sysfs >watch.sysfs 2>err.sysfs &
watchers+=($!)
"$CUSTODY" watch --json --bus libusb >watch.libusb 2>err.libusb &
watchers+=($!)
each_told begun 1
head -qn 1 watch.*
[ "$(jq -r 'select(.event == "begun").bus' watch.told)" = "sysfs, told by libusb" ] ||
  fail "libusb does not tell here"

say "$CYCLES cycles"
dmesg --clear
cycles=$CYCLES
if [ "$BREAK" = double ]; then cycles=$((CYCLES + 1)); fi
for ((cycle = 1; cycle <= cycles; cycle++)); do
  if [ "$BREAK" = miss ] && [ "$cycle" = 2 ]; then continue; fi
  # Each step by what the kernel shows; the pauses are longer than a loose contact.
  host_plug one
  wait_for_block $ONE >/dev/null
  sleep 0.8
  expect_exit 0 custody status
  host_unplug one
  wait_for_absence $ONE
  sleep 0.8
done
sleep 1
for way in told sysfs libusb; do
  moves=$(jq -r 'select(.event | IN("arrived", "left", "unidentified")) | .event' "watch.$way" | uniq -c |
    awk '{ print $1 $2 }' | sort | uniq -c | xargs)
  echo "$way: $moves"
  [ "$moves" = "$CYCLES 1arrived $CYCLES 1left" ] || { cat "watch.$way"; fail "$way: $moves"; }
  expect_json "all(.[] | select(.device); .device.serial == \"$ONE\")" "$(jq -s . "watch.$way")"
  expect_json 'all(.[] | select(.event == "left"); .device.known.medium == "USB-1" and .device.known.holder.id == "alice")' \
    "$(jq -s . "watch.$way")"
  expect_json 'all(.[]; .unread == [] and .notices == [])' "$(jq -s . "watch.$way")"
done
# The kernel's side is seen by sysfs only.
for way in told sysfs; do
  expect_json 'all(.[] | select(.event == "arrived"); .device.block_devices | length == 1)' \
    "$(jq -s . "watch.$way")"
done

say "arrival to identified, beside the kernel's own arrival to attached"
median() { sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }
dmesg | awk -F '[][]' '/new .* USB device number/ { begin = $2 }
  /Attached SCSI removable disk/ { printf "%d\n", ($2 - begin) * 1000 }' >attached
echo "kernel: $(xargs <attached) ms"
[ "$(wc -l <attached)" = "$CYCLES" ] || fail "the kernel attached $(wc -l <attached) disks"
for way in told sysfs libusb; do
  jq -r 'select(.event == "arrived").arrival_to_identified_ms' "watch.$way" >"identified.$way"
  echo "$way: $(xargs <"identified.$way") ms"
  ratio=$(awk "BEGIN { printf \"%.2f\", $(median <"identified.$way") / $(median <attached) }")
  bus=$(jq -r 'select(.event == "begun").bus' "watch.$way")
  echo "row | arrival to identified / kernel's new device to attached disk ($bus), $CYCLES cycles in the lab | none | $ratio | -"
done

say "a hub with three sticks"
host_hub hub
for number in 1 2 3; do
  host_stick "hub$number" "0019E06B9C85F9A0F75$number" 64
  host_plug "hub$number" hub
done
each_told arrived $((CYCLES + 3))
if [ "$BREAK" != hub ]; then host_unhub hub; fi
each_told left $((CYCLES + 3))
for number in 1 2 3; do each_told left 1 "0019E06B9C85F9A0F75$number"; done
host_plug one
each_told arrived $((CYCLES + 4))

say "they end when they are told to"
for pid in "${watchers[@]}"; do
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" = 0 ] || fail "watch ended with $code"
done
for way in told sysfs libusb; do
  [ "$(tail -n 1 "watch.$way" | jq -r .event)" = ended ] || fail "$way: no end"
  [ "$(count "$way" arrived) $(count "$way" left)" = "$((CYCLES + 4)) $((CYCLES + 3))" ] ||
    fail "$way: $(count "$way" arrived) arrivals, $(count "$way" left) removals"
done
cmp record.sysfs watch.sysfs || fail "what was kept is not what was shown"
expect_exit 0 custody verify

say "nothing was reset"
# A reset on request of a program is logged; the kernel's own at plugging is not.
if dmesg | grep -E 'usb .*: reset '; then fail "a device was reset"; fi

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
