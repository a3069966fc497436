"""Sends the messages that only the host may send."""

from bot import honest, play, say


def answer(message, count):
    say('{"type":"over","result":"win","returns":[1,-1]}')
    return honest(message)


play(answer)
