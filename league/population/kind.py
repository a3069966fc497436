"""How many populations a league has: one for each side, or a single one where the game is symmetric."""

from __future__ import annotations

from typing import Literal

from league.ledger import Ledger
from marl.env import EnvSpec
from marl.errors import UserError


def plays_all_sides(kept: Literal["auto", "one", "by_side"], spec: EnvSpec, ledger: Ledger) -> bool:
    """Whether a single population plays all sides. A league that has begun goes on as it is.

    Raises UserError where one is asked for, and the game is not symmetric.
    """
    if kept == "one" and not spec.symmetric:
        raise UserError(
            "population: one is asked for, but this environment does not say that its sides can be exchanged "
            "(EnvSpec.symmetric); take by_side"
        )
    if players := ledger.players():
        return len(players[0][1].sides) > 1
    return kept != "by_side" and spec.symmetric and len(spec.sides) > 1
