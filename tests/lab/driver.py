#!/usr/bin/env python3
"""Host side of the lab: starts QEMU, passes the guest's output on, and plugs
and unplugs sticks when the guest asks. Standard library only.

The guest writes one request a line, the answer is `ok` or `error: why`:

    stick NAME SERIAL MIB   make a stick with an empty, sparse backing file
    plug NAME
    plug NAME HUB           at the hub's next port
    unplug NAME             the backing file stays, so plugging again is the
                            same stick with the same contents
    hub NAME                plug a hub in
    unhub NAME              pull it, with everything that is plugged into it
    exit CODE               the scenario's result; the guest powers off next

Exit code: the scenario's, 124 after the time limit, 125 without a result.
"""

import argparse
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time

TIMED_OUT, BROKEN = 124, 125


class Refused(Exception):
    """A request that cannot be obeyed; the text is for the guest."""


class Qmp:
    """The monitor: one command at a time, events kept until asked for."""

    def __init__(self, connection):
        self.connection = connection
        self.lines = connection.makefile("rb")
        self.events = []
        self.next_message()  # the greeting
        self.command("qmp_capabilities")

    def next_message(self):
        line = self.lines.readline()
        if not line:
            raise Refused("the monitor has gone")
        return json.loads(line)

    def command(self, name, **arguments):
        request = {"execute": name, "arguments": arguments}
        self.connection.sendall(json.dumps(request).encode() + b"\n")
        while True:
            message = self.next_message()
            if "error" in message:
                raise Refused(message["error"]["desc"])
            if "return" in message:
                return message["return"]
            self.events.append(message)

    def wait_deleted(self, device, seconds=10):
        self.connection.settimeout(seconds)
        try:
            while True:
                while self.events:
                    event = self.events.pop(0)
                    if event.get("event") == "DEVICE_DELETED" and event["data"].get("device") == device:
                        return
                self.events.append(self.next_message())
        except TimeoutError:
            raise Refused(f"{device} was not released") from None
        finally:
            self.connection.settimeout(None)


class Sticks:
    """The emulated USB sticks, by name."""

    def __init__(self, qmp, folder):
        self.qmp = qmp
        self.folder = folder
        self.serials = {}
        # The hub each plugged stick is at; None for a port of the machine.
        self.plugged = {}
        # The port each hub is at. QEMU fills ports from the first on.
        self.hubs = {}

    def make(self, name, serial, mebibytes):
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", name):
            raise Refused(f"not a name: {name}")
        if name in self.serials:
            raise Refused(f"{name} exists")
        path = os.path.join(self.folder, f"{name}.img")
        with open(path, "xb") as backing:
            backing.truncate(int(mebibytes) * 1024 * 1024)
        self.qmp.command("blockdev-add", **{
            "driver": "raw",
            "node-name": f"blk-{name}",
            "file": {"driver": "file", "filename": path},
        })
        self.serials[name] = serial

    def plug(self, name, hub=None):
        if name not in self.serials:
            raise Refused(f"no stick {name}")
        if name in self.plugged:
            raise Refused(f"{name} is plugged already")
        place = {}
        if hub is not None:
            if hub not in self.hubs:
                raise Refused(f"no hub {hub}")
            place["port"] = f"{self.hubs[hub]}.{list(self.plugged.values()).count(hub) + 1}"
        self.qmp.command("device_add", **place, **{
            "driver": "usb-storage",
            "id": name,
            "bus": "xhci.0",
            "drive": f"blk-{name}",
            "serial": self.serials[name],
            "removable": True,
        })
        self.plugged[name] = hub

    def unplug(self, name):
        if name not in self.plugged:
            raise Refused(f"{name} is not plugged")
        self.qmp.command("device_del", id=name)
        self.qmp.wait_deleted(name)
        del self.plugged[name]

    def hub(self, name):
        if name in self.hubs or name in self.serials:
            raise Refused(f"{name} exists")
        port = 15 - len(self.hubs)
        self.qmp.command("device_add", driver="usb-hub", id=name, bus="xhci.0", port=str(port))
        self.hubs[name] = port

    def unhub(self, name):
        if name not in self.hubs:
            raise Refused(f"no hub {name}")
        self.qmp.command("device_del", id=name)
        self.qmp.wait_deleted(name)
        # QEMU takes what is plugged into a hub along.
        self.plugged = {stick: hub for stick, hub in self.plugged.items() if hub != name}
        del self.hubs[name]


def escaped(path):
    """A comma separates QEMU's options; doubled it stands for itself."""
    return str(path).replace(",", ",,")


def qemu_command(options):
    command = [
        # A driver that is killed takes QEMU along.
        "setpriv", "--pdeathsig", "KILL",
        "qemu-system-x86_64",
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        # A /dev/kvm that exists need not work, and the result must not
        # depend on it. Told that copying byte by byte is fast, the guest does so, and it
        # is the slowest way there is in an emulated processor.
        "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max,-erms,-fsrm",
        "-smp", str(options.cpus), "-m", str(options.memory), "-nic", "none",
        "-kernel", options.kernel, "-initrd", options.initramfs,
        # Emulated on a busy host, the kernel's check whether the timer ticks comes too
        # early now and then, and it gives up ("IO-APIC + timer doesn't work"). And the
        # kernel need not try out its own ciphers at each boot.
        "-append", "console=ttyS0 panic=-1 mitigations=off no_timer_check cryptomgr.notests",
        "-chardev", f"file,id=console,path={escaped(options.console)}",
        "-serial", "chardev:console",
        "-qmp", "unix:qmp.sock",
        "-device", "virtio-serial-pci",
        "-device", "virtio-rng-pci",
        "-device", "qemu-xhci,id=xhci,p2=15,p3=15",
    ]
    for channel in ("control", "output"):
        command += [
            "-chardev", f"socket,id={channel},path={channel}.sock",
            "-device", f"virtserialport,chardev={channel},name=lab.{channel}",
        ]
    for share in options.share:
        tag, path = share.split("=", 1)
        command += [
            "-virtfs",
            f"local,path={escaped(path)},mount_tag={tag},security_model=none,multidevs=remap,readonly=on",
        ]
    return command


def listen(name):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(name)
    listener.listen(1)
    listener.settimeout(20)
    return listener


class Run:
    def __init__(self, options):
        self.deadline = time.monotonic() + options.limit
        self.code = None
        self.pending = b""
        # Short names for the sockets: a path to one may have 107 bytes.
        os.chdir(options.job)
        listeners = {name: listen(f"{name}.sock") for name in ("qmp", "control", "output")}
        self.qemu = subprocess.Popen(qemu_command(options), stdin=subprocess.DEVNULL, stdout=sys.stderr)
        try:
            # Any order: QEMU connects as it reads its options.
            sockets = {name: listener.accept()[0] for name, listener in listeners.items()}
            self.control, self.output = sockets["control"], sockets["output"]
            self.sticks = Sticks(Qmp(sockets["qmp"]), options.job)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self.qemu.poll() is None:
            self.qemu.kill()
        self.qemu.wait()

    def obey(self, line):
        words = line.split()
        verb, arguments = (words[0], words[1:]) if words else ("", [])
        actions = {"stick": ([3], self.sticks.make), "plug": ([1, 2], self.sticks.plug),
                   "unplug": ([1], self.sticks.unplug), "hub": ([1], self.sticks.hub),
                   "unhub": ([1], self.sticks.unhub), "exit": ([1], self.set_code)}
        try:
            counts, action = actions.get(verb, ([], None))
            if len(arguments) not in counts:
                raise Refused(f"not a request: {line}")
            action(*arguments)
        except (Refused, ValueError, OSError) as why:
            return f"error: {why}"
        return "ok"

    def set_code(self, code):
        self.code = int(code)
        # What remains is to power off.
        self.deadline = min(self.deadline, time.monotonic() + 20)

    def serve(self):
        """Until QEMU has gone or the time is up."""
        with selectors.DefaultSelector() as watched:
            watched.register(self.output, selectors.EVENT_READ)
            watched.register(self.control, selectors.EVENT_READ)
            while watched.get_map():
                left = self.deadline - time.monotonic()
                if left <= 0:
                    return False
                for key, _ in watched.select(min(left, 1)):
                    try:
                        data = key.fileobj.recv(65536)
                    except ConnectionError:
                        data = b""
                    if not data:
                        watched.unregister(key.fileobj)
                    elif key.fileobj is self.output:
                        sys.stdout.buffer.write(data)
                        sys.stdout.buffer.flush()
                    else:
                        self.requests(data)
        return True

    def requests(self, data):
        self.pending += data
        while b"\n" in self.pending:
            line, self.pending = self.pending.split(b"\n", 1)
            answer = self.obey(line.decode("utf-8", "replace"))
            try:
                self.control.sendall(answer.encode() + b"\n")
            except ConnectionError:
                return


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--initramfs", required=True)
    parser.add_argument("--share", action="append", default=[], metavar="TAG=PATH")
    parser.add_argument("--job", required=True, help="folder for sockets and sticks, emptied by the caller")
    parser.add_argument("--console", required=True)
    parser.add_argument("--limit", type=int, required=True, metavar="SECONDS")
    parser.add_argument("--memory", type=int, required=True, metavar="MIB")
    parser.add_argument("--cpus", type=int, required=True)
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(BROKEN))
    try:
        run = Run(options)
    except (OSError, Refused) as why:
        print(f"lab: QEMU did not start: {why}", file=sys.stderr)
        return BROKEN
    try:
        in_time = run.serve()
    finally:
        run.stop()
    if run.code is not None:
        return run.code
    if not in_time:
        print(f"lab: killed after {options.limit} s", file=sys.stderr)
        return TIMED_OUT
    print("lab: the guest ended without a result", file=sys.stderr)
    return BROKEN


if __name__ == "__main__":
    sys.exit(main())
