"""Writes 150 MiB to /tmp."""

import tempfile

from bot import main


def attack():
    with tempfile.TemporaryFile(dir="/tmp") as file:
        for _ in range(150):
            file.write(b"x" * (1 << 20))
            file.flush()
    return "150 MiB"


if __name__ == "__main__":
    main(attack)
