"""Responses to a flow: the best one, or the softmax of what actions are worth."""

from __future__ import annotations

from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame


def respond(game: MeanFieldGame, along: Floats, temperature: float | None) -> Floats:
    """A policy `[T, P, A, S]`: greedy, or with a temperature the softmax, over what the best response is worth."""
    q, _ = exact.best_response(game, along)
    return exact.greedy(q) if temperature is None else exact.softmax(q / temperature)
