"""Answers each request twice, and so the next one before it is asked."""

from bot import honest, play, say


def answer(message, count):
    say(honest(message))
    return honest(message)


play(answer)
