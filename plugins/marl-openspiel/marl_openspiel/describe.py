"""What OpenSpiel says of a game, as an `EnvSpec`, and what breaking its rules costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel

from marl.env import EnvSpec, Group
from marl.space import Box, Discrete
from marl.types import Floats
from marl_openspiel.sight import Sight

# What OpenSpiel itself does not say; all of it is held to the conformance check `symmetric`.
SYMMETRIC = frozenset(
    {"blotto", "matrix_brps", "matrix_cd", "matrix_coordination", "matrix_pd", "matrix_rps"}
    | {"matrix_rpsw", "matrix_sh", "matrix_shapleys_game"}
)
_Utility = pyspiel.GameType.Utility


def describe(game: Any, sight: Sight) -> EnvSpec:
    """One group of all players (they share spaces), and a side for each."""
    kind = game.get_type()
    players = tuple(range(game.num_players()))
    simultaneous = kind.dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS
    seen = sight.space
    return EnvSpec(
        agents=tuple(f"player_{player}" for player in players),
        groups=(Group("players", players, seen, Discrete(game.num_distinct_actions())),),
        sides=tuple((player,) for player in players),
        dynamics="simultaneous" if simultaneous else "turns",
        max_length=game.max_game_length(),
        returns=(game.min_utility(), game.max_utility()),
        state=Box((len(players) * sight.buffer.size,), seen.low, seen.high, seen.dtype),
        zero_sum=kind.utility == _Utility.ZERO_SUM,
        symmetric=symmetric(game),
        perfect_information=kind.information == pyspiel.GameType.Information.PERFECT_INFORMATION and not simultaneous,
        deterministic=kind.chance_mode == pyspiel.GameType.ChanceMode.DETERMINISTIC,
    )


def symmetric(game: Any) -> bool:
    """Whether sides can be exchanged, with what they see.

    In Goofspiel who won a bid is shown by number, which without a view of the bids is not the same from the other side,
    unless the view is egocentric; and of three players the next is not the one after.
    """
    name, parameters = game.get_type().short_name, game.get_parameters()
    if name == "goofspiel":
        own = parameters.get("egocentric", False) or not parameters.get("imp_info", False)
        return bool(own and game.num_players() == 2)
    return name in SYMMETRIC


def forfeit(game: Any, offender: int, returns: Floats) -> Floats:
    """What a match is worth `[N]` when `offender` breaks the rules, given the `returns[N]` so far.

    The offender gets the least that the game can give. Where the sum is fixed the others share what is left; where
    the utility is common to all, all get the least; otherwise the others keep what they have. Where the
    game has no least return, nobody's changes.
    """
    least, utility = game.min_utility(), game.get_type().utility
    result = returns.copy()
    if not np.isfinite(least):
        return result
    if utility == _Utility.IDENTICAL:
        result[:] = least
    elif utility in (_Utility.ZERO_SUM, _Utility.CONSTANT_SUM) and len(returns) > 1:
        result[:] = (game.utility_sum() - least) / (len(returns) - 1)
    result[offender] = least
    return result
