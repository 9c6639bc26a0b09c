#!/usr/bin/env python3
"""Checks what custody hands out with aics-tlog from PyPI (Apache-2.0), which knows nothing
of custody. Needs Python 3.12 or newer.

    aics.py checkpoint FILE LOG-VKEY [WITNESS-VKEY]
    aics.py receipt FILE LOG-VKEY
    aics.py consistency OLD NEW PROOF LOG-VKEY
    aics.py tiles FOLDER LOG-VKEY
    aics.py fork PROOF LOG-VKEY

Exit status: 0 verified, 1 refused, 2 usage.
"""

import base64
import sys
from pathlib import Path

import aics_tlog as tlog


def refuse(why):
    print("refused:", why)
    sys.exit(1)


def opened(note, log, witnesses=()):
    """The checkpoint of a note that the log signed, and as many witnesses as are named."""
    log = tlog.parse_vkey(log)
    keys = [tlog.parse_vkey(key) for key in witnesses]
    # Witnesses of the tests live at a fixed moment.
    result = tlog.verify_checkpoint(
        tlog.parse_note(note), log, keys, quorum=len(keys), expected_origin=log.name, now=1_790_000_100
    )
    if not result.ok:
        refuse(result)
    return tlog.parse_checkpoint(tlog.parse_note(note).text)


def root_of(checkpoint):
    return next(value for value in vars(checkpoint).values() if isinstance(value, bytes))


def size_of(checkpoint):
    return next(value for value in vars(checkpoint).values() if isinstance(value, int))


def hashes(lines):
    return [base64.b64decode(line, validate=True) for line in lines if line]


def checkpoint(file, log, *witnesses):
    print(size_of(opened(Path(file).read_bytes(), log, witnesses)), "entries")


def receipt(file, log):
    statement, found, proof = Path(file).read_bytes().partition(b"\n\nc2sp.org/tlog-proof@v1\n")
    if not found:
        refuse("no proof")
    statement += b"\n"
    head, _, signed = proof.partition(b"\n\n")
    index, *path = head.decode().split("\n")
    note = tlog.parse_note(statement)
    keys = [line.split(": ", 1)[1] for line in note.text.split("\n") if "-key: " in line]
    for key in keys:
        if not tlog.verify_note(note, [tlog.parse_vkey(key)]):
            refuse(key)
    if len(keys) != len(note.signatures):
        refuse("signatures and keys are not as many")
    said = opened(signed, log)
    index = int(index.removeprefix("index "))
    if not tlog.verify_leaf_inclusion(statement, index, size_of(said), hashes(path), root_of(said)):
        refuse("inclusion")
    print("entry", index, "of", size_of(said))


def consistency(old, new, proof, log):
    old, new = (opened(Path(file).read_bytes(), log) for file in (old, new))
    path = hashes(Path(proof).read_text().split("\n"))
    if not tlog.verify_consistency(size_of(old), size_of(new), root_of(old), root_of(new), path):
        refuse("consistency")
    print(size_of(new), "entries begin with", size_of(old))


def tiles(folder, log):
    said = opened((Path(folder) / "checkpoint").read_bytes(), log)
    try:
        report = tlog.audit_tiles(tlog.FileSystemTileReader(folder), size_of(said), root_of(said))
    except (ValueError, OSError) as error:
        refuse(error)
    print(size_of(said), "entries published", report)


def fork(file, log):
    parts = Path(file).read_text().split("\n\n")
    if len(parts) != 5:
        refuse("no fork proof")
    named = lambda name: hashes(
        line.removeprefix(name) for line in parts[0].split("\n") if line.startswith(name)
    )
    first = opened(f"{parts[1]}\n\n{parts[2]}\n".encode(), log)
    second = opened(f"{parts[3]}\n\n{parts[4]}".encode(), log)
    (root,), path = named("root "), named("proof ")
    if not tlog.verify_consistency(size_of(first), size_of(second), root, root_of(second), path):
        refuse("the second does not begin so")
    if root == root_of(first):
        refuse("one history")
    print("two histories of", size_of(first), "entries")


def main(command, *rest):
    try:
        {f.__name__: f for f in (checkpoint, receipt, consistency, tiles, fork)}[command](*rest)
    except ValueError as error:
        refuse(error)


if len(sys.argv) < 3:
    print(__doc__)
    sys.exit(2)
main(*sys.argv[1:])
