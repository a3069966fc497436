"""Debugs another process."""

import ctypes

from bot import main


def attack(victim="1"):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.ptrace(0x4206, int(victim), 0, 0) != 0:  # PTRACE_SEIZE stops nobody
        raise OSError(ctypes.get_errno(), "ptrace")
    return "traced"


if __name__ == "__main__":
    main(attack)
