"""OpenSpiel's own exact values in C++, to check the sequence form against and for games too large for its arrays.

A policy is one behaviour policy `[I, A]` per player, over the information sets of `environment.sequence_form()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyspiel

from marl.errors import UserError
from marl.types import Floats
from marl_openspiel.environment import OpenSpielEnvironment
from marl_openspiel.sequences import is_simultaneous
from marl_openspiel.sight import offered


def nash_conv(environment: OpenSpielEnvironment, behaviours: Sequence[Floats]) -> float:
    """NashConv of the behaviours, by `pyspiel.nash_conv`."""
    return float(pyspiel.nash_conv(_game(environment), tabular_policy(environment, behaviours)))


def expected_returns(environment: OpenSpielEnvironment, behaviours: Sequence[Floats]) -> Floats:
    """Expected returns `float64[N]`, by `pyspiel.expected_returns`."""
    policy = tabular_policy(environment, behaviours)
    return np.array(pyspiel.expected_returns(_game(environment).new_initial_state(), policy, -1, True))


def best_response_value(environment: OpenSpielEnvironment, player: int, behaviours: Sequence[Floats]) -> float:
    """What `player`'s best response to the others earns, by `pyspiel.TabularBestResponse`."""
    game, table = _game(environment), tabular_policy(environment, behaviours)
    return float(pyspiel.TabularBestResponse(game, player, table).value_from_state(game.new_initial_state()))


def tabular_policy(environment: OpenSpielEnvironment, behaviours: Sequence[Floats]) -> Any:
    """The behaviours as one `pyspiel.TabularPolicy`; raises UserError where OpenSpiel names no information sets."""
    game = environment.game
    if "information_state_text" not in offered(game):
        raise UserError(f"{game} names no information sets, so OpenSpiel cannot evaluate policies for it")
    table: dict[str, list[tuple[int, float]]] = {}
    simultaneous = is_simultaneous(game)
    for player, (decisions, behaviour) in enumerate(zip(environment.sequence_form().players, behaviours, strict=True)):
        for name, mask, probabilities in zip(decisions.name, decisions.mask, behaviour, strict=True):
            # OpenSpiel's turn-based conversion puts this line in front
            key = f"Current player: {player}\n{name}" if simultaneous else name
            table[key] = [(int(action), float(probabilities[action])) for action in np.flatnonzero(mask)]
    return pyspiel.TabularPolicy(table)


def _game(environment: OpenSpielEnvironment) -> Any:
    game = environment.game
    return pyspiel.convert_to_turn_based(game) if is_simultaneous(game) else game
