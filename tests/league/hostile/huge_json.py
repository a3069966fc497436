"""A move of thirty megabytes."""

from bot import play


def answer(message, count):
    return '{"id":"' + message["id"] + '","action":[' + "0," * 15_000_000 + "0]}"


play(answer)
