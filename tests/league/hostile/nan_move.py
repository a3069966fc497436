"""A move that is not a number."""

from bot import play


def answer(message, count):
    return '{"id":"' + message["id"] + '","action":NaN}'


play(answer)
