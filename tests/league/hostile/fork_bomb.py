"""Sixty processes at once."""

import time

from bot import child, main


def attack():
    children = [child(lambda: time.sleep(3)) for _ in range(60)]
    return f"{len(children)} processes"


if __name__ == "__main__":
    main(attack)
