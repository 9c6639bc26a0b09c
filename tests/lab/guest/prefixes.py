#!/usr/bin/env python3
"""Replays what dm-log-writes recorded, write by write, in the guest: after each write the
disk is as it would be had the power gone there, and is handed to a check.

The log's form is the kernel's (Documentation/admin-guide/device-mapper/log-writes.rst): a
first sector with magic, version, number of entries and size of a sector; then for each
entry a sector with where, how many sectors, flags and the length of a mark, which stands
behind them, and the sectors written.

    prefixes.py LOG BASE SCRATCH    BASE is the disk before the first write

For each prefix it writes SCRATCH, says `N MARK` (the number of writes, the last mark before
them) and waits for a line before it goes on.
"""

import struct
import sys

MAGIC = 0x6A736677736872
DISCARD, MARK = 4, 8


def entries(path):
    with open(path, "rb") as log:
        magic, version, count, sector = struct.unpack("<QQQI", log.read(28))
        if (magic, version) != (MAGIC, 1):
            sys.exit(f"not a log of writes: {magic:x}, version {version}")
        log.seek(sector)
        for _ in range(count):
            header = log.read(sector)
            where, sectors, flags, length = struct.unpack_from("<QQQQ", header)
            if flags & MARK:
                yield "mark", header[32:32 + length].rstrip(b"\0").decode()
            elif flags & DISCARD:
                yield "write", (where * sector, bytes(sectors * sector))
            elif sectors:
                yield "write", (where * sector, log.read(sectors * sector))


def main():
    log, base, scratch = sys.argv[1:]
    with open(base, "rb") as file:
        disk = bytearray(file.read())
    writes, mark = 0, "0"
    for kind, what in entries(log):
        if kind == "mark":
            mark = what
            continue
        offset, data = what
        disk[offset:offset + len(data)] = data
        writes += 1
        with open(scratch, "wb") as file:
            file.write(disk)
        print(writes, mark, flush=True)
        if not sys.stdin.readline():
            return


if __name__ == "__main__":
    main()
