"""Fills its log."""

import os
import sys

from bot import honest, play


def answer(message, count):
    for _ in range(256):
        os.write(2, b"spam, spam, spam\n" * 1000)
    return honest(message) if message else None


if __name__ == "__main__":
    if sys.argv[1:] == ["now"]:
        answer(None, 0)
        print("SUCCESS", flush=True)
    else:
        play(answer)
