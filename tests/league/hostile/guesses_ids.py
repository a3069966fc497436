"""Answers a thousand requests that nobody has made."""

from bot import honest, play, say


def answer(message, count):
    for number in range(1000):
        say(f'{{"id":"{number}","action":0}}')
    return honest(message)


play(answer)
