"""Sees the processes of the host."""

import os

from bot import main


def attack():
    seen = [name for name in os.listdir("/proc") if name.isdigit()]
    if len(seen) > 10:
        return f"{len(seen)} processes"
    raise LookupError(f"{len(seen)} processes")


if __name__ == "__main__":
    main(attack)
