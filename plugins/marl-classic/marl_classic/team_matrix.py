"""Matrix games of a team: all agents choose at once, and what they chose together pays all of them together.

The famous ones mislead who looks at one agent at a time. In `climbing` the best choice, (0, 0), pays 11, but -30 where
only one of both makes it; in `penalty`, (0, 0) and (2, 2) pay 10 each, and -100 where they are mixed up; in
`non_monotonic`, (0, 0) pays 8, and -12 where only one of both makes it.

Known answers under uniform exploration. `climbing`: the best fit of a sum of the agents' values (VDN) is greatest at
(2, 2), which pays 5 and not 11; a monotonic mixture (QMIX) cannot represent the game either. `non_monotonic`: both
play for 0; the best monotonic fit is -8 wherever one chooses 0 (the mean of 8 and four times -12), and 0 elsewhere.
Sources: Claus and Boutilier, "The dynamics of reinforcement learning in cooperative multiagent systems", AAAI 1998;
Son et al., "QTRAN", ICML 2019, table 1; Rashid et al., "Weighted QMIX", NeurIPS 2020.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from marl.env import EnvSpec, Lanes
from marl.errors import UserError
from marl.types import Floats, Ints
from marl_classic.matrix import RepeatedMatrix

GAMES: dict[str, list[list[float]]] = {
    "climbing": [[11, -30, 0], [-30, 7, 6], [0, 0, 5]],
    "penalty": [[10, 0, -100], [0, 2, 0], [-100, 0, 10]],
    "non_monotonic": [[8, -12, -12], [-12, 0, 0], [-12, 0, 0]],
}


@dataclass
class TeamMatrixParams:
    """Parameters of a team's matrix game."""

    game: Literal["climbing", "penalty", "non_monotonic"] = "climbing"  # one that has a name
    payoffs: list[Any] = field(default_factory=list)  # instead: [action of agent 0][of agent 1]..., what the team earns


class TeamMatrix(RepeatedMatrix):
    """An `Environment` with one side. What the team earns is shared out evenly."""

    def __init__(self, lanes: int, params: TeamMatrixParams | None = None) -> None:
        params = params or TeamMatrixParams()
        together = _shared(params.payoffs or GAMES[params.game])
        super().__init__(lanes, np.repeat(together[None] / together.ndim, together.ndim, axis=0))

    def _spec(self) -> EnvSpec:
        known, everyone = super()._spec(), tuple(range(len(self.sizes)))
        low, high = len(self.sizes) * self.payoffs.min(), len(self.sizes) * self.payoffs.max()
        return replace(known, sides=(everyone,), returns=(float(low), float(high)), zero_sum=False, symmetric=False)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """The least that the team can earn."""
        return np.full((len(lanes), len(self.sizes)), self.payoffs.min())


def _shared(payoffs: Any) -> Floats:
    """Payoffs of a team as `float64[A_0, ..., A_(N-1)]`. Raises UserError where they are none."""
    try:
        array = np.array(payoffs, dtype=np.float64)
    except (ValueError, TypeError):
        raise UserError("payoffs must be numbers in nested lists whose rows are equally long") from None
    if array.ndim < 2 or 0 in array.shape or not np.isfinite(array).all():
        raise UserError(
            "payoffs of a team must be finite numbers with one level of lists per agent, two or more; theirs have the "
            f"shape {list(array.shape)}"
        )
    return array
