"""Stops itself, as if it were frozen."""

import os
import signal

from bot import honest, play


def answer(message, count):
    os.kill(os.getpid(), signal.SIGSTOP)
    return honest(message)


play(answer)
