"""Ends politely after its first move."""

import sys

from bot import honest, play


def answer(message, count):
    if count:
        sys.exit(0)
    return honest(message)


play(answer)
