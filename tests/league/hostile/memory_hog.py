"""Seven hundred megabytes in one process."""

import time

from bot import main


def attack():
    hoard = []
    for _ in range(22):
        hoard.append(b"x" * (32 << 20))
        time.sleep(0.005)
    return f"{len(hoard) * 32} MiB"


if __name__ == "__main__":
    main(attack)
