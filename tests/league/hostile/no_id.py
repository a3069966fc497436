"""A move for no request."""

from bot import play


def answer(message, count):
    return '{"action":0}'


play(answer)
