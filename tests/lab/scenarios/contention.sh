#!/usr/bin/env bash
# Several processes want to record in one ledger at once, and the clock is set while they
# do: one owns it at a time, the others are refused by name, nothing is lost or doubled,
# and what was recorded under a wrong clock is put right.
#
# Processors: 2
# `--set TIMES=N` for other than 4 of each.
# `--set BREAK=step` spoils one step; the run then has to exit 1:
#   forgets  one acknowledged entry is taken for another
#   clock    the clock stays as it is
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/ledger.sh
. "$LAB/guest/ledger.sh"
: "${BREAK:=nothing}" "${TIMES:=4}"
founded

say "three processes, each with five entries"
# until_kept NAME: its five, however often the ledger is in use.
until_kept() {
  local n refused=0 all=$kept
  kept=kept.$1
  mkdir -p "at.$1"
  : >"$kept"
  for n in 1 2 3 4 5; do
    until (cd "at.$1" && record "$1-$n" >said 2>errors </dev/null); do
      grep -q 'in use' "at.$1/errors" || { cat "at.$1/errors"; return 1; }
      refused=$((refused + 1))
      sleep 0.05
    done
    printf '%s\n' "$1-$n" >>"$kept"
  done
  kept=$all
  echo "$refused" >"refused.$1"
}
refused=0
for ((turn = 1; turn <= TIMES; turn++)); do
  racing=()
  for name in a b c; do
    until_kept "$turn$name" &
    racing+=($!)
  done
  for pid in "${racing[@]}"; do wait "$pid" || fail "another error than a ledger in use"; done
  entries >found
  # Whatever the order: each once, each's own in its order, and nothing else.
  for name in a b c; do
    [ "$BREAK" != forgets ] || sed -i '$s/5/6/' "kept.$turn$name"
    grep "^$turn$name-" found | cmp -s - "kept.$turn$name" || fail "not the entries of $turn$name"
    refused=$((refused + $(cat "refused.$turn$name")))
  done
  cp found "$kept"
  [ "$(wc -l <found)" = $((16 * turn - 1)) ] || { cat found; fail "not 15 entries a turn"; }
  holds "a race"
done
[ "$refused" -gt 0 ] || fail "nobody ever met anybody: this showed nothing"
row "Three processes record at once" "tmpfs" "$TIMES" \
  "one at a time; the others are told that the ledger is in use; every entry once"

say "the clock is set back while entries are recorded"
step() { [ "$BREAK" = clock ] || date -s "@$(($(date +%s) + $1))" >/dev/null; }
ended_by_itself() { ! kill -0 "$writer" 2>/dev/null; }
for ((turn = 1; turn <= TIMES; turn++)); do
  keep_on "back $turn" &
  writer=$!
  sleep 1.5
  back=$((turn * 3600 * 24 * 91))
  step -$back
  # Nothing is recorded under a clock that stands before the last entry.
  until_true 40 ended_by_itself || { touch stop; fail "it went on under a clock that was set back"; }
  wait "$writer" || true
  grep -q "clock" errors || { cat errors; fail "the clock is not named"; }
  expect_exit 0 custody verify
  all_kept
  step $back
  holds "the clock was set back"
done
row "The clock is set back by months while entries are recorded" "tmpfs" "$TIMES" \
  "refused by name until it is right again"

say "an entry is recorded under a clock that is a year ahead"
year=$((3600 * 24 * 365))
for ((turn = 1; turn <= TIMES; turn++)); do
  step $year
  keep "ahead $turn" || { cat errors; fail "nothing can be recorded ahead"; }
  step -$year
  expect_refused record "behind it"
  expect_text "clock" "$ERR"
  index=$(custody log --json --limit 1 | jq '.entries[0].index')
  expect_exit 0 custody correct "$index" --field at --to "$(date +%Y-%m-%dT%H:%M:%S+00:00)" --reason lab \
    --by admin --passphrase-file "$passphrase" --yes
  # A correction of a time is an entry as well, and says what it says.
  entries | tail -n 1 >>"$kept"
  holds "a year ahead"
done
row "An entry recorded under a clock a year ahead, and the clock set right" "tmpfs" "$TIMES" \
  "refused by name until an administrator corrects that entry's time; then as before"

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
