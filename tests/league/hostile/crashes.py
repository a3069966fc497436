"""Dies of a segmentation fault."""

import os
import signal

from bot import play


def answer(message, count):
    os.kill(os.getpid(), signal.SIGSEGV)


play(answer)
