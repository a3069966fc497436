"""Answers a byte at a time, slower than any clock."""

import os
import time

from bot import move, play


def answer(message, count):
    for byte in move(message, 0).encode():
        os.write(1, bytes([byte]))
        time.sleep(0.5)
    return ""


play(answer)
