#!/bin/sh
# Verifies the parties' signatures of a receipt (or a bare statement) with
# OpenSSL and POSIX tools alone: no custody, no Go. Usage:
#
#   openssl-verify.sh RECEIPT
#
# For each line `<role>-key: <vkey>` of the text there must be exactly one
# signature line with the vkey's name and key id, and OpenSSL must accept it.
# Exit status: 0 verified, 1 refused, 2 usage.
set -eu
[ $# -eq 1 ] && [ -r "$1" ] || { echo "usage: $0 RECEIPT" >&2; exit 2; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
refuse() { echo "refused: $*" >&2; exit 1; }

# The statement ends one blank line before the tlog-proof.
awk '$0 == "c2sp.org/tlog-proof@v1" && prev == "" && NR > 1 { exit }
     NR > 1 { print prev } { prev = $0 } END { if ($0 != "c2sp.org/tlog-proof@v1") print prev }' \
    "$1" >"$dir/note"
# The text ends before the last blank line; what follows are signature lines.
last=$(awk '$0 == "" { at = NR } END { print at + 0 }' "$dir/note")
[ "$last" -gt 1 ] || refuse "no signatures"
head -n $((last - 1)) "$dir/note" >"$dir/text"
tail -n +$((last + 1)) "$dir/note" >"$dir/lines"

sed -n 's/^[a-z-]*-key: //p' "$dir/text" >"$dir/vkeys"
keys=$(wc -l <"$dir/vkeys")
[ "$keys" -ge 1 ] || refuse "the text names no key"
[ "$keys" -eq "$(wc -l <"$dir/lines")" ] || refuse "$keys keys are named, the signatures are not as many"

at=0
while read -r vkey; do
    at=$((at + 1))
    name=${vkey%%+*}
    rest=${vkey#*+}
    id=${rest%%+*}
    printf %s "${rest#*+}" | openssl base64 -d -A >"$dir/key" || refuse "$name: vkey is not base64"
    # 0x01 is Ed25519; 32 bytes of key follow. The prefix makes an RFC 8410
    # SubjectPublicKeyInfo of them.
    [ "$(wc -c <"$dir/key")" -eq 33 ] || refuse "$name: vkey has the wrong length"
    [ "$(head -c 1 "$dir/key" | od -An -tx1 | tr -d ' ')" = 01 ] || refuse "$name: not Ed25519"
    { printf '\060\052\060\005\006\003\053\145\160\003\041\000'; tail -c 32 "$dir/key"; } >"$dir/spki"
    # The key id is the beginning of SHA-256(name, newline, type, key).
    found=$({ printf '%s\n' "$name"; cat "$dir/key"; } | openssl dgst -sha256 -binary |
        head -c 4 | od -An -tx1 | tr -d ' \n')
    [ "$found" = "$id" ] || refuse "$name: the key id does not belong to the key"
    line=$(sed -n "${at}p" "$dir/lines")
    case $line in
    "— $name "*) ;;
    *) refuse "signature line $at is not by $name" ;;
    esac
    printf %s "${line##* }" | openssl base64 -d -A >"$dir/raw" || refuse "$name: bad base64"
    [ "$(wc -c <"$dir/raw")" -eq 68 ] || refuse "$name: signature has the wrong length"
    [ "$(head -c 4 "$dir/raw" | od -An -tx1 | tr -d ' \n')" = "$id" ] || refuse "$name: other key id"
    tail -c 64 "$dir/raw" >"$dir/signature"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$dir/spki" -rawin -in "$dir/text" \
        -sigfile "$dir/signature" >/dev/null 2>&1 || refuse "$name: the signature does not verify"
    echo "signed by $name"
done <"$dir/vkeys"
