"""Mounts a file system."""

import ctypes

from bot import main


def attack(place="/tmp"):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", place.encode(), b"tmpfs", 0, b"size=4k") != 0:
        raise OSError(ctypes.get_errno(), "mount")
    return "mounted"


if __name__ == "__main__":
    main(attack)
