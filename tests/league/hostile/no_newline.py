"""A line that never ends."""

import os
import sys
import time

from bot import play


def answer(message, count):
    until = time.monotonic() + 5
    while time.monotonic() < until:
        os.write(1, b"x" * 65536)


if sys.argv[1:] == ["now"]:
    answer(None, 0)
play(answer)
