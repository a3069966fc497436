"""Answers each request with the id of the one before."""

from bot import honest, play

old = []


def answer(message, count):
    old.append(message)
    return honest(old[-2] if count else message)


play(answer)
