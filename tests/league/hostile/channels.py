"""Ways to tell one bit from one sandbox to another: `channels.py NAME send BIT` goes on until it is killed, and
`channels.py NAME receive` prints what it sees. A way that is closed raises, or shows the same whatever was sent.

`note.txt`, beside this program, is the file that both of them can read.
"""

import contextlib
import ctypes
import fcntl
import mmap
import os
import socket
import struct
import sys
import time

NOTE = os.path.abspath("note.txt")
KEY = 0x6D61726C
LIBC = ctypes.CDLL(None, use_errno=True)
NUMBERS = {"x86_64": (248, 250), "aarch64": (217, 219)}  # add_key, keyctl
kept = []


def call(function, *arguments):
    """A function of the C library that says -1 when it fails."""
    result = function(*arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def opened(path=NOTE, flags=os.O_RDONLY):
    kept.append(os.open(path, flags))
    return kept[-1]


class Flock:
    def send(self, bit):
        fcntl.flock(opened(), fcntl.LOCK_EX if bit else fcntl.LOCK_UN)

    def receive(self):
        try:
            fcntl.flock(opened(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return "locked"
        return "free"


class RecordLock:
    command, query = fcntl.F_SETLK, fcntl.F_GETLK

    def send(self, bit):
        kind = fcntl.F_RDLCK if bit else fcntl.F_UNLCK
        fcntl.fcntl(opened(), self.command, struct.pack("hhqqi", kind, 0, 0, 0, 0))

    def receive(self):
        answer = fcntl.fcntl(opened(), self.query, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
        return struct.unpack("hhqqi", answer)[0] != fcntl.F_UNLCK


class OpenFileLock(RecordLock):
    command, query = fcntl.F_OFD_SETLK, fcntl.F_OFD_GETLK


class Hint:
    """The expected life time of what is written to a file stays with its inode."""

    def send(self, bit):
        fcntl.fcntl(opened(), 1036, struct.pack("Q", 5 if bit else 2))

    def receive(self):
        return struct.unpack("Q", fcntl.fcntl(opened(), 1035, bytes(8)))[0]


class Watch:
    def send(self, bit):
        while True:
            if bit:
                os.close(os.open(NOTE, os.O_RDONLY))
            time.sleep(0.005)

    def receive(self):
        watcher = call(LIBC.inotify_init1, os.O_NONBLOCK)
        call(LIBC.inotify_add_watch, watcher, NOTE.encode(), 0x20)
        time.sleep(0.3)
        try:
            return len(os.read(watcher, 4096)) > 0
        except BlockingIOError:
            return False


class Times:
    def send(self, bit):
        os.utime(NOTE, (1_000_000_000 + bit, 1_000_000_000 + bit))

    def receive(self):
        return int(os.stat(NOTE).st_mtime) == 1_000_000_001


class DeviceTimes:
    """Who may write to a device may say that it was changed now."""

    def send(self, bit):
        if bit:
            os.utime("/dev/zero")

    def receive(self):
        return os.stat("/dev/zero").st_mtime_ns


class Mode:
    def send(self, bit):
        os.chmod("/dev/zero", 0o666 if bit else 0o667)

    def receive(self):
        return os.stat("/dev/zero").st_mode


class Attribute:
    def send(self, bit):
        os.setxattr(NOTE, "user.marl", str(bit).encode())

    def receive(self):
        return os.getxattr(NOTE, "user.marl")


class AbstractSocket:
    def send(self, bit):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"\0marl-channel-{bit}")
        listener.listen()
        kept.append(listener)

    def receive(self):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect("\0marl-channel-1")
        return True


class Loopback:
    def send(self, bit):
        listener = socket.socket()
        listener.bind(("127.0.0.1", 47190 + bit))
        listener.listen()
        kept.append(listener)

    def receive(self):
        with socket.socket() as caller:
            caller.connect(("127.0.0.1", 47191))
        return True


class SharedMemory:
    def send(self, bit):
        if bit:
            call(LIBC.shmget, KEY, 4096, 0o1666)
        else:
            with contextlib.suppress(OSError):
                call(LIBC.shmctl, call(LIBC.shmget, KEY, 0, 0), 0, None)

    def receive(self):
        return call(LIBC.shmget, KEY, 0, 0) >= 0


class Queue:
    def send(self, bit):
        if bit:
            call(LIBC.mq_open, b"/marl-channel", os.O_CREAT | os.O_RDWR, 0o666, None)
        else:
            with contextlib.suppress(OSError):
                call(LIBC.mq_unlink, b"/marl-channel")

    def receive(self):
        return call(LIBC.mq_open, b"/marl-channel", os.O_RDONLY) >= 0


class Keyring:
    """The user's keyring is the same for all sandboxes of that user."""

    def send(self, bit):
        add, control = NUMBERS[os.uname().machine]
        if not bit:
            with contextlib.suppress(OSError):
                call(LIBC.syscall, control, 9, call(LIBC.syscall, control, 10, -4, b"user", b"marl-channel", 0), -4)
            return
        key = call(LIBC.syscall, add, b"user", b"marl-channel", str(bit).encode(), 1, -4)
        call(LIBC.syscall, control, 5, key, 0x3F3F0000)

    def receive(self):
        _, control = NUMBERS[os.uname().machine]
        key = call(LIBC.syscall, control, 10, -4, b"user", b"marl-channel", 0)
        text = ctypes.create_string_buffer(8)
        call(LIBC.syscall, control, 11, key, text, 8)
        return text.value


class File:
    def __init__(self, place):
        self.path = f"{place}/marl-channel"

    def send(self, bit):
        with open(self.path, "w") as file:
            file.write(str(bit))

    def receive(self):
        with open(self.path) as file:
            return file.read()


class Cache:
    """What of a file is in the page cache; anybody may push it out."""

    path = contextlib.__file__.replace("contextlib", "antigravity")

    def send(self, bit):
        file = opened(self.path)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        if bit:
            os.pread(file, 100, 0)

    def receive(self):
        size = 4096
        LIBC.mmap.restype = ctypes.c_void_p
        address = LIBC.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, opened(self.path), 0)
        resident = ctypes.create_string_buffer(1)
        call(LIBC.mincore, ctypes.c_void_p(address), size, resident)
        return resident.raw[0] & 1


class Counters:
    """All that the kernel tells about the whole machine, while somebody fills memory and files, or idles."""

    def send(self, bit):
        kept.append(bytearray(os.urandom(1 << 20)) * (60 if bit else 1))
        with open("/tmp/marl-channel", "wb") as file:
            file.write(bytes((20 << 20) if bit else 1))
        while True:
            time.sleep(0 if bit else 1)

    def receive(self):
        return sum(hash_of(text) for text in counters()) % (1 << 64)


def counters():
    """The text of every file in /proc that is not a process, and what calls say about the machine."""
    for place, folders, files in os.walk("/proc"):
        folders[:] = [name for name in folders if not name.isdigit() and name not in ("self", "thread-self", "net")]
        for path in sorted(f"{place}/{name}" for name in files if name not in ("kmsg", "sysrq-trigger", "pagemap")):
            if path.startswith(("/proc/kpage", "/proc/kcore", "/proc/kallsyms")) or "uuid" in path:
                continue
            with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
                os.set_blocking(file.fileno(), False)
                yield path.encode() + (file.read(1 << 16) or b"")
    text = ctypes.create_string_buffer(256)
    if LIBC.sysinfo(text) == 0:
        yield text.raw
    for path in ("/", "/usr", "/tmp"):
        with contextlib.suppress(OSError):
            yield str(os.statvfs(path)).encode()


def hash_of(text):
    return int.from_bytes(__import__("hashlib").sha256(text).digest()[:8], "big")


CHANNELS = {
    "flock": Flock(),
    "record_lock": RecordLock(),
    "open_file_lock": OpenFileLock(),
    "hint": Hint(),
    "watch": Watch(),
    "times": Times(),
    "device_times": DeviceTimes(),
    "device_mode": Mode(),
    "attribute": Attribute(),
    "abstract_socket": AbstractSocket(),
    "loopback": Loopback(),
    "shared_memory": SharedMemory(),
    "queue": Queue(),
    "keyring": Keyring(),
    "tmp": File("/tmp"),
    "shm": File("/dev/shm"),
    "folder": File("."),
    "cache": Cache(),
    "counters": Counters(),
}


def main():
    name, what, *bits = sys.argv[1:]
    try:
        if what == "send":
            if name in ("watch", "counters"):  # these go on
                print("sent", flush=True)
                CHANNELS[name].send(int(bits[0]))
            CHANNELS[name].send(int(bits[0]))
            print("sent", flush=True)
            time.sleep(20)
        else:
            print("sees", CHANNELS[name].receive(), flush=True)
    except OSError as error:
        print("closed", error.strerror, flush=True)
        time.sleep(20 if what == "send" else 0)


if __name__ == "__main__":
    main()
