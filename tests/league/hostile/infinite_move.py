"""A move that is infinite."""

from bot import play


def answer(message, count):
    return '{"id":"' + message["id"] + '","action":1e999}'


play(answer)
