"""A move of the wrong type."""

from bot import move, play

WRONG = ["0", None, True, [0], {"a": 0}, 0.5, -1]


def answer(message, count):
    return move(message, WRONG[sum(map(ord, message["id"])) % len(WRONG)])


play(answer)
