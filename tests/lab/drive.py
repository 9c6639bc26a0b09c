"""A drive that loses what a drive loses when its power goes, served to QEMU over NBD.

What is written lies in the drive's cache, and is read back from there, until the guest
asks for a flush; only then it is on the medium. When the power goes, of what was not
flushed nothing, everything or any part may have reached the medium, each write whole or
cut between two physical sectors of 4 KiB, which are written whole or not at all, as drives
and file systems agree. Standard library only.
"""

import socket
import struct
import threading

SECTOR = 4096
GREETING, OPTION, OPTION_REPLY = 0x4E42444D41474943, 0x49484156454F5054, 0x3E889045565A9
REQUEST, SIMPLE_REPLY = 0x25609513, 0x67446698
EXPORT_NAME, INFO, GO = 1, 6, 7
ACK, INFO_REPLY, UNSUPPORTED = 1, 3, 0x80000001
READ, WRITE, DISCONNECT, FLUSH = 0, 1, 2, 3
FUA = 1


class Drive:
    """One drive. `cut_after` is the write at which the power goes; that write is the last
    one in the cache and is not answered."""

    def __init__(self, path, image):
        self.medium = bytearray(image)
        self.cache = []
        self.lies = False  # It says that it has flushed, and has not.
        self.writes = self.flushes = 0
        self.cut_after = None
        self.powerless = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        threading.Thread(target=self.serve, daemon=True).start()

    def contents(self):
        """What reading shows: the medium under the cache."""
        seen = bytearray(self.medium)
        for offset, data in self.cache:
            seen[offset:offset + len(data)] = data
        return seen

    def power_off(self, chance, fate):
        """Ends it; `fate` says what becomes of the cache: nothing, all, some. Returns how
        many writes were in the cache, and how many of them were lost."""
        with self.lock:
            self.powerless.set()
            waiting, lost = self.cache, 0
            self.cache = []
            for offset, data in waiting:
                keep = {"nothing": 0, "all": len(data)}.get(fate)
                if keep is None:
                    cut = (offset // SECTOR + chance.randrange(len(data) // SECTOR + 1)) * SECTOR - offset
                    keep = chance.choice((0, len(data), max(0, cut)))
                self.medium[offset:offset + keep] = data[:keep]
                lost += keep < len(data)
        self.listener.close()
        return len(waiting), lost

    def serve(self):
        try:
            connection, _ = self.listener.accept()
            with connection:
                self.negotiate(connection)
                self.transmit(connection)
        except (OSError, EOFError):
            pass  # QEMU has gone, or this drive was switched off.

    @staticmethod
    def take(connection, count):
        data = bytearray()
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def negotiate(self, connection):
        fixed, no_zeroes, flags = 1, 2, 1 | 4 | 8  # has flags, flush, FUA
        connection.sendall(struct.pack(">QQH", GREETING, OPTION, fixed | no_zeroes))
        self.take(connection, 4)
        while True:
            _, option, length = struct.unpack(">QII", self.take(connection, 16))
            self.take(connection, length)

            def answer(kind, data=b"", option=option):
                connection.sendall(struct.pack(">QIII", OPTION_REPLY, option, kind, len(data)) + data)

            if option in (INFO, GO):
                answer(INFO_REPLY, struct.pack(">HQH", 0, len(self.medium), flags))
                answer(ACK)
                if option == GO:
                    return
            elif option == EXPORT_NAME:
                connection.sendall(struct.pack(">QH", len(self.medium), flags))
                return
            else:
                answer(UNSUPPORTED)

    def transmit(self, connection):
        while True:
            _, flags, kind, handle, offset, length = struct.unpack(">IHHQQI", self.take(connection, 28))
            data = self.take(connection, length) if kind == WRITE else b""
            with self.lock:
                if self.powerless.is_set() or kind == DISCONNECT:
                    return
                found = self.obey(kind, flags, offset, length, data)
                if self.powerless.is_set():
                    return
            connection.sendall(struct.pack(">IIQ", SIMPLE_REPLY, 0, handle) + found)

    def obey(self, kind, flags, offset, length, data):
        if kind == READ:
            seen = bytearray(self.medium[offset:offset + length])
            for at, held in self.cache:
                low, high = max(at, offset), min(at + len(held), offset + length)
                if low < high:
                    seen[low - offset:high - offset] = held[low - at:high - at]
            return bytes(seen)
        if kind == WRITE:
            self.writes += 1
            self.cache.append((offset, data))
            if self.writes == self.cut_after:
                self.powerless.set()
        if (kind == FLUSH or flags & FUA) and not self.powerless.is_set():
            self.flushes += 1
            if not self.lies:
                for at, held in self.cache:
                    self.medium[at:at + len(held)] = held
                self.cache = []
        return b""
