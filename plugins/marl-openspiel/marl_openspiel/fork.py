"""Matches as JSON, and back by playing their histories again.

A history with its seed is all that a match is, for every OpenSpiel game; OpenSpiel's own serialisation fails for some
(negotiation, once there are utterances). Fresh seeds do nothing in games that draw chance themselves: they need the old
one to repeat what they drew, which is what they deal at the start.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from marl.errors import UserError
from marl_openspiel.chance import stream
from marl_openspiel.match import Match, samples_itself, seeded


def dump(game: Any, matches: Sequence[Match]) -> bytes:
    """The matches as JSON."""
    records = [
        {
            "history": match.state.history(),
            "seed": match.seed,
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
    chance: Sequence[int | None] = [None] * count if seeds is None else seeds
    return [_restore(game, record, seed) for record, seed in zip(saved["matches"], chance, strict=True)]


def _restore(game: Any, record: dict[str, Any], seed: int | None) -> Match:
    fresh = seed is not None and not samples_itself(game)
    chance = seed if fresh and seed is not None else int(record["seed"])
    state = _replay(seeded(game, chance), record["history"])
    match = Match(state, chance, np.array(record["returned"], dtype=np.float64), stream(chance))
    match.draws, match.ticks, match.acted = 0 if fresh else record["draws"], record["ticks"], record["acted"]
    if record["over"]:
        match.end()
    else:
        match.settle()  # no chance node: matches are saved only where somebody must act
    return match


def _replay(game: Any, history: Sequence[int]) -> Any:
    """The state after `history`."""
    state, ply = game.new_initial_state(), 0
    while ply < len(history):
        if state.is_simultaneous_node():
            players = game.num_players()
            state.apply_actions(history[ply : ply + players])
            ply += players
        else:
            state.apply_action(history[ply])
            ply += 1
    return state
