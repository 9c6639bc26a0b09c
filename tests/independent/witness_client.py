#!/usr/bin/env python3
"""A transparency log written from c2sp.org/tlog-witness, tlog-checkpoint, signed-note
and tlog-cosignature alone; Ed25519 by OpenSSL 3, the rest by Python's own library.

    witness_client.py key PEM NAME                    makes a key, prints its vkey
    witness_client.py unknown PEM NAME URL WITNESS    the log is not known there
    witness_client.py run PEM NAME URL WITNESS        grows, errs and forks

Exit status 1, with the reason, when an answer is not the one that is specified.
"""

import base64
import hashlib
import http.client
import subprocess
import sys
import tempfile
import urllib.parse

DASH = "\u2014"


def openssl(*arguments):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def temporary(data):
    file = tempfile.NamedTemporaryFile()
    file.write(data)
    file.flush()
    return file


def public_key(pem):
    return openssl("pkey", "-in", pem, "-pubout", "-outform", "DER")[-32:]


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name, kind, public):
    encoded = base64.b64encode(bytes([kind]) + public).decode()
    return f"{name}+{key_id(name, kind, public).hex()}+{encoded}"


def sign(pem, text):
    with temporary(text) as file:
        return openssl("pkeyutl", "-sign", "-inkey", pem, "-rawin", "-in", file.name)


def verifies(public, message, signature):
    der = bytes.fromhex("302a300506032b6570032100") + public
    with temporary(der) as key, temporary(message) as data, temporary(signature) as signed:
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", key.name,
             "-rawin", "-in", data.name, "-sigfile", signed.name],
            capture_output=True,
        )
    return done.returncode == 0


def split(count):
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves):
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    at = split(len(leaves))
    return hashlib.sha256(b"\1" + root(leaves[:at]) + root(leaves[at:])).digest()


def subproof(size, leaves, whole):
    """RFC 6962, section 2.1.2."""
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    at = split(len(leaves))
    if size <= at:
        return subproof(size, leaves[:at], whole) + [root(leaves[at:])]
    return subproof(size - at, leaves[at:], False) + [root(leaves[:at])]


def consistency(old, leaves):
    return subproof(old, leaves, True) if 0 < old < len(leaves) else []


class Log:
    def __init__(self, pem, name, url, witness):
        self.pem, self.name = pem, name
        self.url = urllib.parse.urlparse(url)
        self.witness, identifier, key = witness.split("+", 2)
        raw = base64.b64decode(key)
        assert raw[0] == 4, "a cosigner's key has type 0x04"
        self.witness_key = raw[1:]
        self.witness_id = key_id(self.witness, 4, self.witness_key)
        assert self.witness_id.hex() == identifier

    def text(self, leaves):
        encoded = base64.b64encode(root(leaves)).decode()
        return f"{self.name}\n{len(leaves)}\n{encoded}\n"

    def line(self, text):
        signature = sign(self.pem, text.encode())
        raw = key_id(self.name, 1, public_key(self.pem)) + signature
        return f"{DASH} {self.name} {base64.b64encode(raw).decode()}\n"

    def request(self, old, leaves, proof=None, line=None):
        text = self.text(leaves)
        proof = consistency(old, leaves) if proof is None else proof
        hashes = "".join(base64.b64encode(one).decode() + "\n" for one in proof)
        return f"old {old}\n{hashes}\n{text}\n{line or self.line(text)}"

    def send(self, method, path, body=None, connection=None):
        connection = connection or http.client.HTTPConnection(self.url.netloc, timeout=20)
        connection.request(method, path, body=body and body.encode())
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()

    def expect(self, status, what, body, connection=None):
        found, kind, said = self.send("POST", "/add-checkpoint", body, connection)
        if found != status:
            sys.exit(f"{what}: {found} and not {status}: {said}")
        return kind, said

    def vouched(self, what, old, leaves, connection=None):
        _, said = self.expect(200, what, self.request(old, leaves), connection)
        self.cosigned(what, self.text(leaves), said)

    def cosigned(self, what, text, lines):
        found = 0
        for line in lines.splitlines():
            dash, name, encoded = line.split(" ")
            raw = base64.b64decode(encoded, validate=True)
            if dash != DASH or name != self.witness or raw[:4] != self.witness_id:
                continue
            time = int.from_bytes(raw[4:12], "big")
            message = f"cosignature/v1\ntime {time}\n{text}".encode()
            if time == 0 or len(raw) != 76 or not verifies(self.witness_key, message, raw[12:]):
                sys.exit(f"{what}: the cosignature does not verify")
            found += 1
        if not found or not lines.endswith("\n"):
            sys.exit(f"{what}: no cosignature by the witness")

    def conflict(self, what, old, leaves, size):
        kind, said = self.expect(409, what, self.request(old, leaves, proof=[]))
        if kind != "text/x.tlog.size" or said != f"{size}\n":
            sys.exit(f"{what}: {kind} {said!r}")


def run(log):
    ours = [bytes([at]) for at in range(40)]
    theirs = ours[:9] + [b"other" + bytes([at]) for at in range(40)]
    path = "/" + hashlib.sha256(log.name.encode()).hexdigest() + "/checkpoint"
    if log.send("GET", path)[0] != 404:
        sys.exit("a checkpoint before anything was cosigned")
    log.conflict("asked from something at first", 3, ours[:5], 0)
    log.vouched("an empty tree", 0, [])
    connection = http.client.HTTPConnection(log.url.netloc, timeout=20)
    at = 0
    for size in [1, 2, 3, 3, 7, 8, 9, 16, 17, 31]:
        log.vouched(f"from {at} to {size}", at, ours[:size], connection)
        at = size
    log.conflict("without knowing", 0, ours[:35], 31)
    log.conflict("an old size", 17, ours[:35], 31)
    log.expect(400, "old size above the new", log.request(32, ours[:31], proof=[]))
    log.expect(422, "another history", log.request(31, theirs[:40]))
    log.expect(422, "another root", log.request(31, theirs[:31]))
    log.expect(422, "no proof", log.request(31, ours[:35], proof=[]))
    long = consistency(31, ours[:35]) + [bytes(32)]
    log.expect(422, "a proof too long", log.request(31, ours[:35], proof=long))
    log.expect(400, "64 hashes", log.request(31, ours[:35], proof=[bytes(32)] * 64))
    other = log.line(log.text(ours[:34]))
    log.expect(403, "a signature for another text", log.request(31, ours[:35], line=other))
    log.expect(403, "nobody's", log.request(31, ours[:35], line=f"{DASH} x AAAAAAA=\n"))
    log.expect(400, "no form", "old 31\n")
    log.vouched("after all that", 31, ours)
    status, _, said = log.send("GET", path)
    text, lines = said.split("\n\n")
    if status != 200 or text + "\n" != log.text(ours) or log.line(log.text(ours)) not in lines:
        sys.exit(f"the checkpoint that is monitored: {status} {said}")
    log.cosigned("the checkpoint that is monitored", text + "\n", lines)
    print("all as specified")


def main(command, pem, name, *rest):
    if command == "key":
        openssl("genpkey", "-algorithm", "ED25519", "-out", pem)
        print(vkey(name, 1, public_key(pem)))
        return
    log = Log(pem, name, *rest)
    if command == "unknown":
        log.expect(404, "a log that nobody knows", log.request(0, [b"x"]))
    elif command == "run":
        run(log)


main(*sys.argv[1:])
