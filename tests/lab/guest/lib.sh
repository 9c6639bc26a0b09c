# shellcheck shell=bash
# Helpers for scenarios. A scenario starts with `set -euo pipefail` and sources
# this file; every assertion that does not hold ends it through `fail`.

lab_scratch=$(mktemp -d /tmp/lab.XXXXXX)

say() { printf '== %s\n' "$*"; }

fail() {
  printf 'FAIL: %s\n' "$*"
  local depth
  for ((depth = 1; depth < ${#FUNCNAME[@]}; depth++)); do
    printf '      from %s:%s\n' "${BASH_SOURCE[depth]##*/}" "${BASH_LINENO[depth - 1]}"
  done
  exit 1
}
set -E
trap 'fail "exit $?: $BASH_COMMAND"' ERR

# --- assertions

# expect_exit CODE COMMAND...: runs it without a terminal; its output is then
# in $OUT and $ERR (and, byte for byte, in $OUT_FILE).
OUT='' ERR='' OUT_FILE=$lab_scratch/out
expect_exit() {
  local want=$1 got=0
  shift
  "$@" >"$OUT_FILE" 2>"$lab_scratch/err" </dev/null || got=$?
  OUT=$(tr -d '\0' <"$OUT_FILE")
  ERR=$(tr -d '\0' <"$lab_scratch/err")
  [ "$got" = "$want" ] && return
  printf -- '--- output\n%s\n--- errors\n%s\n---\n' "$OUT" "$ERR"
  fail "exit $got instead of $want: $*"
}

# expect_refused COMMAND...: it must say no, which a crash, a panic (101) or
# the time limit (124) is not.
expect_refused() {
  local got=0
  "$@" >"$OUT_FILE" 2>"$lab_scratch/err" </dev/null || got=$?
  OUT=$(tr -d '\0' <"$OUT_FILE")
  ERR=$(tr -d '\0' <"$lab_scratch/err")
  [ "$got" -gt 0 ] && [ "$got" -lt 100 ] && return
  printf -- '--- output\n%s\n--- errors\n%s\n---\n' "$OUT" "$ERR"
  fail "exit $got instead of a refusal: $*"
}

# expect_text TEXT WHERE: WHERE contains TEXT.
expect_text() {
  case $2 in *"$1"*) return ;; esac
  printf -- '--- in\n%s\n---\n' "$2"
  fail "not found: $1"
}

# expect_json FILTER TEXT: jq's FILTER is true of TEXT.
expect_json() {
  printf '%s' "$2" | jq -e "$1" >/dev/null 2>&1 && return
  printf -- '--- in\n%s\n---\n' "$2"
  fail "not so: $1"
}

# cheap_keys FOLDER: the keys of admin, alice, bob and carol at lab.example/office, which
# `tests/lab/run` made; their passphrase is the file $LAB_PASSPHRASE.
# shellcheck disable=SC2034 # it is for the scenario
LAB_PASSPHRASE=/run/lab/job/passphrase
cheap_keys() { (umask 077 && cp -r /run/lab/job/keys "$1"); }

# must_fail ASSERTION...: the assertion has to be able to fail, and does here.
must_fail() {
  if ("$@") >"$lab_scratch/must_fail" 2>&1; then
    cat "$lab_scratch/must_fail"
    fail "this should have failed: $*"
  fi
}

# --- the host's sticks

# One request, one answer. Channel 9 is opened by stage2.
host() {
  local answer
  printf '%s\n' "$*" >&9
  IFS= read -r -t 30 answer <&9 || fail "the host does not answer: $*"
  [ "$answer" = ok ] || fail "host: $*: $answer"
}

host_stick() { host stick "$1" "$2" "${3:-64}"; } # NAME SERIAL [MIB]
host_plug() { host plug "$@"; } # NAME [HUB]
host_unplug() { host unplug "$1"; }
host_hub() { host hub "$1"; }
host_unhub() { host unhub "$1"; } # with everything plugged into it

# --- what the kernel sees

# device_path SERIAL: the device's folder in sysfs, or failure.
device_path() {
  local file
  for file in /sys/bus/usb/devices/*/serial; do
    if [ "$(cat "$file" 2>/dev/null)" = "$1" ]; then
      printf '%s\n' "${file%/serial}"
      return
    fi
  done
  return 1
}

# until_true SECONDS COMMAND...: polls, since nothing here runs udev.
until_true() {
  local end=$((SECONDS + $1))
  shift
  while ! "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

device_absent() { ! device_path "$1" >/dev/null; }

# wait_for_device SERIAL [SECONDS]: prints its folder in sysfs.
wait_for_device() {
  until_true "${2:-15}" device_path "$1" || fail "no device $1"
}

wait_for_absence() {
  until_true "${2:-15}" device_absent "$1" || fail "device $1 is still there"
}

# block_path SERIAL [LUN]: its block device, once that has a size.
block_path() {
  local device entry
  device=$(device_path "$1") || return 1
  for entry in "$(realpath "$device")"/*/host*/target*/*:"${2:-0}"/block/*; do
    if [ -b "/dev/${entry##*/}" ] && [ "$(cat "$entry/size")" -gt 0 ]; then
      printf '/dev/%s\n' "${entry##*/}"
      return
    fi
  done
  return 1
}

# wait_for_block SERIAL [LUN] [SECONDS]: prints /dev/…
wait_for_block() {
  until_true "${3:-20}" block_path "$1" "${2:-0}" || fail "no block device for $1"
}

# blocks_written DEVICE: sectors written to it since it appeared.
blocks_written() { awk '{ print $7 }' "/sys/class/block/${1#/dev/}/stat"; }

# --- gadgets: any VID:PID, serial and mixture, made inside the guest

gadgets=/sys/kernel/config/usb_gadget

# gadget_make NAME VID PID SERIAL [MANUFACTURER] [PRODUCT]; VID and PID are hex.
gadget_make() {
  local g=$gadgets/$1
  mkdir "$g" "$g/strings/0x409" "$g/configs/c.1" "$g/configs/c.1/strings/0x409"
  echo "0x$2" >"$g/idVendor"
  echo "0x$3" >"$g/idProduct"
  echo 0x0100 >"$g/bcdDevice"
  [ -z "$4" ] || echo "$4" >"$g/strings/0x409/serialnumber"
  echo "${5:-Lab}" >"$g/strings/0x409/manufacturer"
  echo "${6:-Gadget}" >"$g/strings/0x409/product"
  echo storage >"$g/configs/c.1/strings/0x409/configuration"
}

# gadget_lun NAME FILE [disk|cdrom]: the next LUN. The first comes with the
# storage function itself; once that is linked, LUNs can no longer be added,
# so linking is left to gadget_plug.
gadget_lun() {
  local f=$gadgets/$1/functions/mass_storage.0 n=0
  if [ -d "$f" ]; then
    while [ -d "$f/lun.$n" ]; do n=$((n + 1)); done
    mkdir "$f/lun.$n"
  else
    mkdir "$f"
  fi
  echo 1 >"$f/lun.$n/removable"
  if [ "${3:-disk}" = cdrom ]; then echo 1 >"$f/lun.$n/cdrom"; fi
  echo "$2" >"$f/lun.$n/file"
}

# gadget_keyboard NAME: a boot keyboard beside whatever else the gadget is.
gadget_keyboard() {
  local f=$gadgets/$1/functions/hid.0
  mkdir "$f"
  echo 1 >"$f/protocol"
  echo 1 >"$f/subclass"
  echo 8 >"$f/report_length"
  printf '%b' '\x05\x01\x09\x06\xa1\x01\x05\x07\x19\xe0\x29\xe7\x15\x00\x25\x01\x75\x01\x95\x08\x81\x02\x95\x01\x75\x08\x81\x03\x95\x06\x75\x08\x15\x00\x25\x65\x05\x07\x19\x00\x29\x65\x81\x00\xc0' >"$f/report_desc"
}

# gadget_plug NAME: on the first free controller.
gadget_plug() {
  local udc function link
  for function in "$gadgets/$1"/functions/*; do
    link=$gadgets/$1/configs/c.1/${function##*/}
    [ -e "$link" ] || ln -s "$function" "$link"
  done
  for udc in /sys/class/udc/*; do
    udc=${udc##*/}
    grep -qsx "$udc" $gadgets/*/UDC && continue
    echo "$udc" >"$gadgets/$1/UDC"
    return
  done
  fail "no free controller for $1"
}

gadget_unplug() { echo '' >"$gadgets/$1/UDC"; }

# --- media

# luks_format DEVICE PASSPHRASE: LUKS2 with a key derivation that is cheap
# enough for an emulated processor. Never do this to a real drive.
luks_format() {
  printf '%s' "$2" | cryptsetup luksFormat --batch-mode --type luks2 \
    --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file - "$1"
}
