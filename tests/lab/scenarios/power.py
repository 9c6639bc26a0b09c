#!/usr/bin/env python3
"""The power of a machine goes in the middle of writes, again and again.

Each round boots the guest on the same drive, which is as the last cut left it, and asks:
is every acknowledged entry there, under the index it was acknowledged with; does the
audit hold; can one more entry be recorded, and does the audit hold with it. Then entries
are recorded one after another, and QEMU is killed at the n-th write that reaches the
drive. With it goes what the guest's kernel had not written and what the drive had not
flushed (drive.py). n is drawn from three entries' worth of writes.

Settings: FS=ext4 or vfat; CUTS, how many; SEED. BREAK=flush is a drive that says it has
flushed and has not: acknowledged entries must be missed, and the run has to exit 1.
"""

import argparse
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from drive import Drive  # noqa: E402

TIMED_OUT, BROKEN = 124, 125
MEBIBYTE = 1 << 20
# After so many cuts comes a fresh ledger: one with few entries, and one that is about to
# begin its index.
ROUNDS_EACH = 8
MAKERS = {"ext4": ["mkfs.ext4", "-q", "-b", "4096"], "vfat": ["mkfs.vfat"]}


class Failed(Exception):
    """An assertion that does not hold."""


class Broken(Exception):
    """The lab itself failed."""


def machine(options, drive_socket):
    return [
        "setpriv", "--pdeathsig", "KILL",
        "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max,-erms,-fsrm",
        "-smp", str(options.cpus), "-m", str(options.memory), "-nic", "none",
        "-kernel", options.kernel, "-initrd", options.initramfs,
        "-append", "console=ttyS0 panic=-1 mitigations=off no_timer_check cryptomgr.notests rdinit=/init",
        "-chardev", "file,id=console,append=on,path=" + options.console.replace(",", ",,"),
        "-serial", "chardev:console",
        "-device", "virtio-serial-pci", "-device", "virtio-rng-pci",
        "-device", "qemu-xhci,id=xhci",
        "-blockdev", f"driver=nbd,node-name=disk,server.type=unix,server.path={drive_socket}",
        "-device", "usb-storage,bus=xhci.0,drive=disk,serial=1C6F65D8ABCDE1234567,removable=on",
        "-chardev", "socket,id=control,path=control.sock",
        "-device", "virtserialport,chardev=control,name=lab.control",
    ]


class Machine:
    """One boot, until the power goes."""

    def __init__(self, options, drive_socket, deadline):
        self.deadline = deadline
        pathlib.Path("control.sock").unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("control.sock")
            listener.listen(1)
            listener.settimeout(30)
            self.qemu = subprocess.Popen(machine(options, drive_socket), stdin=subprocess.DEVNULL, stdout=sys.stderr)
            self.control = listener.accept()[0]
        self.pending = b""
        if self.line() != "ready":
            raise Broken("the guest did not come up")

    def kill(self):
        self.qemu.kill()
        self.qemu.wait()
        self.control.close()

    def line(self, patience=120):
        """The next line, or None when `patience` seconds were not enough."""
        end = min(self.deadline, time.monotonic() + patience)
        while b"\n" not in self.pending:
            self.control.settimeout(max(0.0, end - time.monotonic()))
            try:
                data = self.control.recv(65536)
            except (TimeoutError, BlockingIOError):
                if time.monotonic() >= self.deadline:
                    raise TimeoutError from None
                if time.monotonic() >= end:
                    return None
                continue
            if not data:
                raise Broken("the guest ended by itself")
            self.pending += data
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode("utf-8", "replace")

    def told(self):
        """What has arrived and was not read, without waiting."""
        while (line := self.line(0)) is not None:
            yield line

    def tell(self, request):
        self.control.sendall(request.encode() + b"\n")

    def ask(self, label, request, want=0):
        """Has it done, with this code; returns its output."""
        code, output, errors = self.attempt(label, request)
        if code != want:
            raise Failed("\n".join([f"exit {code} instead of {want}: {request}", *output[-12:], *errors[-12:]]))
        return "\n".join(output)

    def attempt(self, label, request):
        """Has it done; returns its code, its output and its errors."""
        self.tell(request)
        output, errors = [], []
        while True:
            line = self.line()
            if line is None:
                raise Broken(f"no answer to: {request}")
            if line.startswith("| "):
                output.append(line[2:])
            elif line.startswith("! "):
                errors.append(line[2:])
            elif line.startswith(f"ended {label} "):
                return int(line.split()[2]), output, errors


class Cuts:
    def __init__(self, options):
        self.options = options
        self.kind = os.environ.get("FS", "ext4")
        self.cuts = int(os.environ.get("CUTS", "12"))
        self.lies = os.environ.get("BREAK") == "flush"
        seed = int(os.environ.get("SEED", "6"))
        print(f"== {self.cuts} power cuts on {self.kind}, seed {seed}", flush=True)
        self.chance = random.Random(seed)
        self.deadline = time.monotonic() + options.limit
        self.image = b""
        self.kept = []  # texts, in the order of their being acknowledged
        self.unknown = []  # the entry that was being recorded when the power went
        self.writes_an_entry = 40
        self.seen = dict.fromkeys(("acknowledged", "whole", "absent", "unflushed", "lost", "repaired"), 0)

    def run(self):
        for number in range(self.cuts + 1):
            fresh = number % ROUNDS_EACH == 0 and number < self.cuts
            if fresh:
                self.make_disk()
            last = number == self.cuts
            self.round(number, fresh, last)
        seen = self.seen
        result = (f"{seen['acknowledged']} entries acknowledged, all there; the entry being recorded was "
                  f"there whole {seen['whole']} times and not at all {seen['absent']} times; "
                  f"{seen['lost']} of {seen['unflushed']} writes in the drive's cache lost")
        if self.kind == "vfat":
            result += f"; the file system had to be repaired (fsck.vfat) {seen['repaired']} times"
        print(f"row\tThe machine's power goes in the middle of its writes\t{self.kind} on a USB drive with a cache\t{self.cuts}\t{result}")

    def make_disk(self):
        path = pathlib.Path("disk.img")
        path.unlink(missing_ok=True)
        with open(path, "xb") as image:
            image.truncate(48 * MEBIBYTE)
        subprocess.run([*MAKERS[self.kind], str(path)], check=True, stdout=subprocess.DEVNULL)
        self.image = path.read_bytes()
        self.kept, self.unknown = [], []

    def round(self, number, fresh, last):
        begin = time.monotonic()
        path = f"drive{number}.sock"
        drive = Drive(path, self.image)
        guest = None
        try:
            guest = Machine(self.options, path, self.deadline)
            guest.ask("mount", f"mount {self.kind}")
            if fresh:
                guest.ask("copy", "copy " + ("small", "near")[number // ROUNDS_EACH % 2])
            before = self.judge(guest, fresh)
            if last:
                return
            what = self.write(guest, drive, number)
        finally:
            if guest:
                guest.kill()
            fate = self.chance.choice(("nothing", "all", "some", "some"))
            waiting, lost = drive.power_off(self.chance, fate)
            self.image = bytes(drive.medium)
        self.seen["unflushed"] += waiting
        self.seen["lost"] += lost
        print(f"   cut {number + 1}: {before}; {what}; {lost} of {waiting} unflushed writes lost "
              f"({time.monotonic() - begin:.1f} s)", flush=True)

    def judge(self, guest, fresh):
        """Everything that has to hold after a cut."""
        guest.ask("verify", "run verify verify")
        log = self.log(guest)
        if fresh:
            self.base = len(log)
        found = log[self.base:]
        was = "a fresh ledger" if fresh else f"{len(self.kept)} acknowledged, "
        if found[:len(self.kept)] != self.kept:
            raise Failed(f"acknowledged {self.kept[-4:]} ({len(self.kept)}), found {found[-4:]} ({len(found)})")
        more = found[len(self.kept):]
        # A word that the guest's kernel had not passed on when the power went was never heard.
        if more != self.unknown[:len(more)]:
            raise Failed(f"entries nobody asked for: {more}, while {self.unknown} was being recorded")
        if not fresh:
            self.seen["whole" if more else "absent"] += 1
            was += "one more kept" if more else "the one more absent"
        self.kept += more
        # The second one meets what the first has made of the file system.
        for _ in range(2):
            was += self.record(guest, f"after-{len(self.kept)}")
        guest.ask("verify", "run verify verify")
        guest.ask("fsck", "run fsck fsck")
        return was

    def record(self, guest, text):
        """One more entry. Where the kernel has found the file system in disorder and lets
        nobody write to it, custody has to say that, and it is repaired first."""
        code, _, errors = guest.attempt("record", f"record {text}")
        repaired = ""
        if code == 1 and self.kind == "vfat" and any("Read-only file system" in line for line in errors):
            repaired = ", after a repair"
            self.seen["repaired"] += 1
            guest.ask("repair", f"repair {self.kind}")
            guest.ask("verify", "run verify verify")
            found = self.log(guest)[self.base:]
            # What could not be acknowledged may be there all the same.
            if found == [*self.kept, text]:
                self.kept.append(text)
                text += "-again"
            elif found != self.kept:
                raise Failed(f"after the repair: {found[-4:]} instead of {self.kept[-4:]}")
            guest.ask("record", f"record {text}")
        elif code:
            raise Failed("\n".join([f"exit {code}: {text}", *errors[-12:]]))
        self.kept.append(text)
        self.seen["acknowledged"] += 1
        return repaired

    def log(self, guest):
        """What each entry says, in their order."""
        said = json.loads(guest.ask("log", "run log log --json --limit 100000"))
        return [entry["summary"].rpartition(": ")[2] for entry in said["entries"]]

    def write(self, guest, drive, number):
        """Records until the power goes; returns where that was."""
        first = drive.writes
        goal = self.chance.randrange(1, 3 * self.writes_an_entry)
        with drive.lock:
            drive.cut_after = first + goal
            drive.lies = self.lies
        guest.tell(f"write {number}")
        recorded = 0
        while not drive.powerless.wait(0.002):
            for line in guest.told():
                if line.startswith("kept "):
                    recorded += self.acknowledged(line)
                else:
                    raise Failed(f"recording ended: {line}")
            if time.monotonic() > self.deadline:
                raise TimeoutError
        # What the guest had said before is said, although nobody has read it yet.
        guest.qemu.kill()
        guest.qemu.wait()
        try:
            for line in guest.told():
                recorded += self.acknowledged(line) if line.startswith("kept ") else 0
        except (Broken, OSError):
            pass  # All of it was read.
        if recorded:
            self.writes_an_entry = max(8, goal // (recorded + 1))
        self.unknown = [f"{number}-{recorded + 1}", f"{number}-{recorded + 2}"]
        return f"{recorded} recorded, cut at write {goal} of them"

    def acknowledged(self, line):
        self.kept.append(line.removeprefix("kept "))
        self.seen["acknowledged"] += 1
        return 1


def main():
    parser = argparse.ArgumentParser()
    for name in ("kernel", "initramfs", "job", "console"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("limit", "memory", "cpus"):
        parser.add_argument(f"--{name}", required=True, type=int)
    options = parser.parse_args()
    os.chdir(options.job)
    try:
        Cuts(options).run()
    except Failed as why:
        print(f"FAIL: {why}")
        return 1
    except TimeoutError:
        print(f"lab: killed after {options.limit} s", file=sys.stderr)
        return TIMED_OUT
    except (Broken, OSError, subprocess.CalledProcessError) as why:
        print(f"lab: {why}", file=sys.stderr)
        return BROKEN
    return 0


if __name__ == "__main__":
    sys.exit(main())
