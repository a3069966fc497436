"""Closes its output and stays alive."""

import os
import time

from bot import play


def answer(message, count):
    os.close(1)
    time.sleep(30)


play(answer)
