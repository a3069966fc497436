"""Takes what the kernel counts per user of the host until it is refused, and prints how much of each it got."""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
ADD_KEY = {"x86_64": 248, "aarch64": 217}


def inotify(_):
    return LIBC.inotify_init1(os.O_CLOEXEC) >= 0


def keys(turn):  # in the keyring of the process, which goes with it
    return LIBC.syscall(ADD_KEY[os.uname().machine], b"user", f"marl-drain-{turn}".encode(), b"x", 1, -2) >= 0


def pipe_pages(_):
    ends = os.pipe()
    return fcntl.fcntl(ends[1], 1031, 1 << 20) >= 1 << 20


def descriptors_in_flight(_):
    one, _two = pair = socket.socketpair()
    kept.append(pair)
    socket.send_fds(one, [b"x"], [0])
    return True


def queues(turn):
    return LIBC.mq_open(
        f"/marl-drain-{turn}".encode(), os.O_CREAT | os.O_RDWR, 0o600, None
    ) >= 0 and not LIBC.mq_unlink(f"/marl-drain-{turn}".encode())


def terminals(_):
    os.open("/dev/ptmx", os.O_RDWR)
    return True


def user_namespaces(_):
    pid = os.fork()
    if pid == 0:
        os._exit(0 if LIBC.unshare(0x10000000) == 0 else 1)
    return os.waitpid(pid, 0)[1] == 0


def files(_):
    os.open("/dev/null", os.O_RDONLY)
    return True


def pending_signals(_):
    return LIBC.sigqueue(os.getpid(), 40, ctypes.c_void_p(0)) == 0


kept = []
DRAINS = (inotify, keys, pipe_pages, descriptors_in_flight, queues, terminals, user_namespaces, files, pending_signals)


def main():
    most = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(400, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    for drain in DRAINS:
        if (pid := os.fork()) == 0:
            signal.pthread_sigmask(signal.SIG_BLOCK, {40})  # so that they stay
            count = 0
            with contextlib.suppress(OSError, AttributeError):
                while count < most and drain(count):
                    count += 1
            os.write(2, json.dumps({drain.__name__: count}).encode() + b"\n")
            os._exit(0)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
