"""A move that the rules do not allow."""

from bot import move, play


def answer(message, count):
    return move(message, 10**6)


play(answer)
