"""Bytes that are no text."""

import os

from bot import play


def answer(message, count):
    os.write(1, bytes(range(255, -1, -1)) + b"\n")


play(answer)
