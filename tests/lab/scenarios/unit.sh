#!/usr/bin/env bash
# deploy/custody.service as it stands, started by systemd, with a hub that is a cabinet: it
# runs with nothing but the rights the unit leaves it, is started again when it is killed or
# hangs, and goes on after a full disk, a sleep and a clock that was a year ahead. The log key
# is a credential of the unit and nowhere else.
#
# Processors: 2
# `--set BREAK=STEP` spoils one step; the run then has to exit 1:
#   handover  a drive leaves without its handover
#   rights    the unit takes away the right to make a socket
#   stays     the drive that is pulled on the full disk stays in
#   key       a copy of the log key stays in the ledger's folder
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../guest/lib.sh
. "$LAB/guest/lib.sh"
# shellcheck source-path=SCRIPTDIR source=../guest/office.sh
. "$LAB/guest/office.sh"
: "${BREAK:=nothing}"

ONE=1C6F65D8ABCDE1234567 TWO=4C530001230412115471
units=/run/systemd/system credentials=/etc/credstore.encrypted
home=/var/lib/custody

journal() { journalctl --no-pager --output=cat --unit=custody "$@"; }
logged() { journal | grep -qF -- "$1"; }
await() { # SECONDS WORDS
  until_true "$1" logged "$2" || { journal; fail "the daemon never said: $2"; }
}
times() { journal | grep -cF -- "$1" || true; }
more_often() { [ "$(times "$2")" -gt "$1" ]; }
property() { systemctl show --value --property="$1" custody; }
is() { [ "$(property "$1")" = "$2" ]; }
# Processes of one namespace know each other; the daemon lets nobody in whom it does not see.
manager=''
inside() {
  if [ -n "$manager" ]; then nsenter --target "$manager" --pid --mount "$@"; else "$@"; fi
}
custody() { inside timeout 120 /usr/bin/custody --ledger $home/ledger --keys "$keys" --no-input "$@"; }
standing() { custody status --json | jq -r --arg id "$1" '.rows[] | select(.medium == $id).standing'; }
stands() { [ "$(standing "$1")" = "$2" ]; }

say "an office, and two drives at a hub"
cp "$CUSTODY" /usr/bin/custody
useradd --system --no-create-home --home-dir $home custody
mkdir -p $home
mount -t tmpfs -o size=48m,mode=2750 disk $home
ledger=$home/ledger
office_open
expect_exit 0 signed party add bob --renew --role station --by admin
host_hub drawer
for stick in one:$ONE two:$TWO; do
  host_stick "${stick%:*}" "${stick#*:}" 64
  host_plug "${stick%:*}" drawer
  wait_for_block "${stick#*:}" >/dev/null
done
# What udev would do.
chgrp disk /dev/sd?
expect_exit 0 register USB-1 $ONE
expect_exit 0 register USB-2 $TWO
port=$(basename "$(device_path $ONE)")
cat >$home/config.toml <<TOML
[cabinet.drawer]
place = "$place"
station = "bob"
ports = ["${port%.*}"]
passphrase-file = "station.passphrase"
every-minutes = 5
patience-minutes = 1
TOML
mkdir $home/keys
cp "$keys"/bob.* $home/keys
chown -R custody:custody $home
chmod 2750 $home/ledger

say "systemd, with no units but these"
mkdir -p $units/custody.service.d $credentials /sys/fs/cgroup /tmp/work/search
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cp "$LAB_DEPLOY/custody.service" $units/
for unit in systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket; do
  ln -s /lib/systemd/system/$unit $units/
done
for target in sysinit basic shutdown network-online time-sync multi-user umount sockets local-fs; do
  printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$target" >"$units/$target.target"
done
# The only lines that are not the unit's own: what it invites to add, and a watchdog that
# one can wait for.
cat >$units/custody.service.d/lab.conf <<'UNIT'
[Service]
LoadCredentialEncrypted=station.passphrase
LoadCredentialEncrypted=log.pem
WatchdogSec=30s
UNIT
if [ "$BREAK" = rights ]; then
  printf 'SystemCallFilter=~socket\n' >>$units/custody.service.d/lab.conf
fi
systemd-machine-id-setup >/dev/null 2>&1 || true
systemd-creds --with-key=host --name=station.passphrase encrypt "$passphrase" \
  $credentials/station.passphrase
# As docs/keys.md has it.
systemd-creds --with-key=host --name=log.pem encrypt $home/ledger/log.pem $credentials/log.pem
if grep -qF 'PRIVATE KEY' $credentials/log.pem; then fail "the credential is not encrypted"; fi
cp $home/ledger/log.pem /tmp/work/log.pem
shred -u $home/ledger/log.pem
if [ "$BREAK" = key ]; then cp -p /tmp/work/log.pem $home/ledger/log.pem; fi
env -i container=lab PATH="$PATH" LANG=C.UTF-8 SYSTEMD_UNIT_PATH=$units \
  unshare --fork --pid --mount --mount-proc --kill-child sh -c \
  'mount --make-rshared / && exec /lib/systemd/systemd --system --unit=multi-user.target' &
namespace=$!
until_true 60 test -S /run/systemd/private || fail "systemd does not start"
manager=$(pgrep -P $namespace)
systemctl() { inside systemctl "$@"; }
systemctl start systemd-journald.service

say "without the unit nobody signs: a command beside it has no log key, and says so"
no_key() {
  expect_exit 1 custody confirm USB-1 --by carol --yes --passphrase-file "$passphrase"
  expect_text "$home/ledger/log.pem does not hold the log key of this ledger" "$ERR"
  expect_text 'the file is not there' "$ERR"
}
no_key

say "the unit starts, with a passphrase and a log key that are credentials of it"
systemctl start custody || { journal; systemctl status custody || true; fail "it does not start"; }
is SubState running || fail "$(property SubState)"
await 60 'drawer: roll-call recorded'
await 1 '(2 there, 0 not, 0 unknown)'
recorded=$(custody status --json | jq .entries)
expect_exit 0 custody confirm USB-1 --by carol --yes --passphrase-file "$passphrase"
[ "$(custody status --json | jq .entries)" -gt "$recorded" ] || fail "it does not record"

say "it may do next to nothing"
pid=$(pgrep -x custody)
for line in 'CapEff:	0000000000000000' 'CapBnd:	0000000000000000' 'NoNewPrivs:	1' 'Seccomp:	2'; do
  grep -qxF "$line" "/proc/$pid/status" || { cat "/proc/$pid/status"; fail "not so: $line"; }
done
[ "$(stat -c %U "/proc/$pid")" = custody ] || fail "it runs as $(stat -c %U "/proc/$pid")"
# It read what is on the drives nevertheless.
expect_exit 0 custody show USB-1 --json
# And shares the folder of drafts with its group, where it may not set the group's mark.
[ "$(stat -c '%a %G' $home/ledger/drafts)" = '770 custody' ] || fail "$(stat -c '%a %G' $home/ledger/drafts)"
expect_exit 0 inside setpriv --reuid=nobody --regid=custody --clear-groups \
  /usr/bin/custody --ledger $home/ledger --no-input status
expect_text USB-1 "$OUT"

say "killed, it is started again; hanging, as well"
kill -9 "$pid"
until_true 60 is NRestarts 1 || fail "$(property NRestarts) restarts"
until_true 60 is SubState running || fail "$(property SubState)"
began=$(times 'owns ')
kill -STOP "$(pgrep -x custody)"
until_true 180 is NRestarts 2 || { systemctl status custody || true; fail "nobody notices that it hangs"; }
until_true 60 more_often "$began" 'owns ' || fail "it does not come back"
until_true 60 stands USB-1 home || fail "USB-1 stands as $(standing USB-1)"

say "a drive leaves while the disk is full"
# What is set aside for closing on a full disk is gone, as after an earlier one.
rm $home/ledger/ballast
dd if=/dev/zero of=$home/filler bs=4096 2>/dev/null || true
systemctl restart custody
is SubState running || { journal; fail "it does not start on a full disk"; }
restarts=$(property NRestarts)
if [ "$BREAK" != stays ]; then host_unplug two; fi
await 30 'USB-2 has left; awaiting its handover'
await 120 'USB-2 LEFT WITHOUT A HANDOVER'
await 30 'the roll-call could not be recorded: the disk is full'
is NRestarts "$restarts" || fail "a full disk ended it"
expect_exit 1 custody confirm USB-1 --by carol --yes --passphrase-file "$passphrase"
expect_text 'the disk is full' "$ERR"
rm $home/filler
until_true 120 stands USB-2 left || { journal; fail "USB-2 stands as $(standing USB-2)"; }
host_plug two drawer
wait_for_block $TWO >/dev/null
chgrp disk /dev/sd?
until_true 120 stands USB-2 home || { journal; fail "USB-2 stands as $(standing USB-2)"; }

say "it sleeps with the computer: frozen by the kernel, and seven hours later by the clock"
calls=$(times 'roll-call recorded') jumps=$(times 'the clock has moved by')
# The devices stay awake: the guest's own root would not come back. All processes are stopped
# as for a sleep; that the other clock stands still meanwhile is what a step of this one looks
# like. How long the kernel stays in this test of its own is a loop that it counts, not a
# time; what it says of it is what shows that everybody was frozen and let go again.
echo freezer >/sys/power/pm_test
dmesg --clear
echo freeze >/sys/power/state
for step in 'Freezing user space processes completed' 'suspend debug: Waiting' 'PM: suspend exit'; do
  dmesg | grep -qF -- "$step" || { dmesg; fail "the kernel does not say: $step"; }
done
date -s "@$(($(date +%s) + 7 * 3600))" >/dev/null
until_true 60 more_often "$jumps" 'the clock has moved by' || { journal; fail "the sleep is not noticed"; }
until_true 90 more_often "$calls" 'roll-call recorded' || { journal; fail "no roll-call after the sleep"; }
is NRestarts "$restarts" || fail "the sleep ended it"
stands USB-1 home || fail "USB-1 stands as $(standing USB-1)"

say "a clock a year ahead: the roll-call is due at once"
calls=$(times 'roll-call recorded')
now=$(date +%s)
date -s "@$((now + 365 * 86400))" >/dev/null
until_true 120 more_often "$calls" 'roll-call recorded' || { journal; fail "no roll-call"; }
date -s "@$((now + 60))" >/dev/null
expect_exit 1 custody confirm USB-1 --by carol --yes --passphrase-file "$passphrase"
expect_text 'custody correct' "$ERR"
say "put right again, and the entries made meanwhile are corrected, the newest first"
year=$(date -d "@$((now + 365 * 86400))" +%Y)
corrected=0
until custody confirm USB-1 --by carol --yes --passphrase-file "$passphrase" >/dev/null 2>&1; do
  [ "$corrected" -lt 5 ] || fail "nothing can be recorded after $corrected corrections"
  wrong=$(custody log --json | jq -r --arg year "$year" \
    '[.. | objects | select(.at? // "" | startswith($year)) | .entry // .index] | last')
  then=$(TZ=Asia/Tokyo date -d "@$((now + 30))" +%Y-%m-%dT%H:%M:%S%:z)
  expect_exit 0 custody correct "$wrong" --field at --to "$then" --reason "clock set wrongly" \
    --by admin --yes --passphrase-file "$passphrase"
  corrected=$((corrected + 1))
done
[ "$corrected" -gt 0 ] || fail "there was nothing to correct"

say "a drive is handed over, through the daemon, and leaves"
if [ "$BREAK" != handover ]; then
  expect_exit 0 signed handover USB-1 --from alice --to carol --purpose "night shift" --place "ward 9"
fi
expect_exit 1 custody fsck
expect_text 'in use by' "$ERR"
host_unplug one
await 30 'USB-1 has left'
if [ "$BREAK" = handover ]; then logged 'USB-1 has left, as recorded' || fail "nothing explains it"; fi
await 30 'USB-1 has left, as recorded'

say "it ends when it is told to"
systemctl stop custody
is Result success || fail "$(property Result)"
[ ! -e $home/ledger/daemon.sock ] || fail "its socket is still there"
[ ! -e $home/ledger/log.pem ] || fail "the log key is in the ledger's folder"
no_key
expect_exit 0 custody verify --log-key $home/ledger/log.vkey
expect_exit 0 custody fsck
if dmesg | grep -E 'usb .*: reset '; then fail "a device was reset"; fi
journal --priority=warning | sed 's/^/  | /'

say "done after ${SECONDS} s in the guest, $(cut -d' ' -f1 /proc/uptime) s since boot"
