"""A move of a hundred thousand digits."""

from bot import play


def answer(message, count):
    return '{"id":"' + message["id"] + '","action":' + "9" * 100_000 + "}"


play(answer)
