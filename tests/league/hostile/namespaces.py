"""Becomes root in a user namespace of its own, from where more of the kernel can be reached."""

import ctypes

from bot import main


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    return "unshared"


if __name__ == "__main__":
    main(attack)
