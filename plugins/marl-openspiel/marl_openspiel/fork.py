"""Matches as JSON, and back by playing their histories again.

A history with its seeds is all that a match is, for every OpenSpiel game; OpenSpiel's own serialisation fails for some
(negotiation, once there are utterances).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyspiel

from marl.errors import UserError
from marl_openspiel.chance import stream
from marl_openspiel.match import Match, samples_itself, seeded


def dump(game: Any, matches: Sequence[Match]) -> bytes:
    """The matches as JSON."""
    records = [
        {
            "history": match.state.history(),
            "seeds": match.seeds,
            "draws": match.draws,
            "ticks": match.ticks,
            "acted": match.acted,
            "over": match.over,
            "returned": match.returned.tolist(),
        }
        for match in matches
    ]
    return json.dumps({"game": str(game), "matches": records}).encode()


def parse(game: Any, blob: bytes, count: int, seeds: Sequence[int] | None) -> list[Match]:
    """The saved matches; raises UserError for those of another game, and ValueError for another number of lanes."""
    saved = json.loads(blob)
    if saved["game"] != str(game):
        raise UserError(f"these matches are of OpenSpiel's game {saved['game']}, and this environment is {game}")
    if len(saved["matches"]) != count:
        raise ValueError(f"{len(saved['matches'])} matches were saved, and {count} lanes are to hold them")
    fresh: Sequence[int | None] = [None] * count if seeds is None else seeds
    return [_restore(game, record, seed) for record, seed in zip(saved["matches"], fresh, strict=True)]


def _restore(game: Any, record: dict[str, Any], seed: int | None) -> Match:
    seeds = [(int(ply), int(each)) for ply, each in record["seeds"]]
    draws = record["draws"]
    if seed is not None:
        # A game that draws for itself needs all its seeds to be replayed; for the others only the last one matters.
        seeds = [*(seeds if samples_itself(game) else []), (len(record["history"]), seed)]
        draws = 0
    state = _replay(game, record["history"], seeds)
    match = Match(state, seeds, np.array(record["returned"], dtype=np.float64), stream(seeds[-1][1]), draws)
    match.ticks, match.acted = record["ticks"], record["acted"]
    if record["over"]:
        match.end()
    else:
        match.settle()  # no chance node: matches are saved only where somebody must act
    return match


def _replay(game: Any, history: Sequence[int], seeds: Sequence[tuple[int, int]]) -> Any:
    """The state after `history`."""
    switches = dict(seeds) if samples_itself(game) else {}
    state = seeded(game, seeds[0][1]).new_initial_state()
    ply = 0
    while True:
        if ply > 0 and ply in switches:
            state = _handed_over(state, seeded(game, switches[ply]))
        if ply >= len(history):
            return state
        if state.is_simultaneous_node():
            players = game.num_players()
            state.apply_actions(history[ply : ply + players])
            ply += players
        else:
            state.apply_action(history[ply])
            ply += 1


def _handed_over(state: Any, game: Any) -> Any:
    """The same state, drawing its future chance from another copy of its game.

    Negotiation cannot be read back once it has utterances; it keeps its generator, which it no longer uses by then.
    """
    try:
        return game.deserialize_state(state.serialize())
    except pyspiel.SpielError:
        return state
