"""A move in fifty thousand brackets."""

from bot import play


def answer(message, count):
    return '{"id":"' + message["id"] + '","action":' + "[" * 50_000 + "]" * 50_000 + "}"


play(answer)
