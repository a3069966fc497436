"""Gets ready, and then thinks for ever."""

import time

from bot import play


def answer(message, count):
    while True:
        time.sleep(1)


play(answer)
