"""JSON, but no object."""

from bot import play


def answer(message, count):
    return '["id", 0]'


play(answer)
