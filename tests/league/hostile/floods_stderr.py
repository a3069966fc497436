"""Fills its log."""

import os
import sys
import time

from bot import honest, play


def answer(message, count):
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        os.write(2, b"spam, spam, spam\n" * 1000)
    return honest(message) if message else None


if sys.argv[1:] == ["now"]:
    answer(None, 0)
    print("SUCCESS", flush=True)
else:
    play(answer)
