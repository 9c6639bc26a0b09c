# shellcheck shell=bash disable=SC2034 # variables are for the scenario
# A small office for scenarios that are about drives and not about people: a ledger,
# an administrator (admin), a custodian (alice), two of the staff (bob, carol).

[ -n "$CUSTODY" ] || fail "no custody program: build it, or give --binary"

ledger=/tmp/work/ledger
keys=/tmp/work/keys
passphrase=$LAB_PASSPHRASE
place='ward 3 cabinet'

# The limit is for a command that waits for an answer.
custody() { timeout 120 "$CUSTODY" --ledger "$ledger" --keys "$keys" --no-input "$@"; }
signed() { custody "$@" --passphrase-file "$passphrase" --yes; }

office_open() {
  cheap_keys "$keys"
  expect_exit 0 custody init --origin lab.example/office --organisation Lab --site Lab \
    --zone Asia/Tokyo --prefix LAB --admin admin --admin-name Admin --custodian alice \
    --custodian-name Alice --passphrase-file "$passphrase"
  local who
  for who in bob carol; do
    expect_exit 0 signed party add "$who" --name "$who" --role staff --by alice
  done
}

register() { signed register "$1" --device "$2" --home "$place" --class lab --by alice; }
hand_over() { # MEDIUM FROM TO
  signed handover "$1" --from "$2" --to "$3" --purpose "night shift" --place "$place"
}
check() { signed check --place "$place" --by carol --json; }

# device_of SERIAL FILTER: jq's FILTER, applied to the one device with that serial in
# the scan's answer $OUT, is true.
expect_device() {
  expect_json "[.devices[] | select(.serial == \"$1\")] | length == 1 and (.[0] | $2)" "$OUT"
}

# expect_alarm NAME WHERE: an alarm is shown in words with its name behind it.
expect_alarm() { expect_text "($1)" "$2"; }
