"""Uses descriptors that it was not given."""

import os

from bot import main


def attack():
    for number in range(3, 64):
        try:
            os.fstat(number)
        except OSError:
            continue
        if "/proc" not in os.readlink(f"/proc/self/fd/{number}"):
            return f"{number} is {os.readlink(f'/proc/self/fd/{number}')}"
    raise LookupError("none")


if __name__ == "__main__":
    main(attack)
