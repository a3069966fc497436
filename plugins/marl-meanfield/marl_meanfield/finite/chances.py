"""How single agents move in a mean-field game, found out from `pull`: a few states for each action, and how likely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.errors import UserError
from marl.types import Floats, Ints
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.restricted import steady

MOST = 1 << 26  # entries of a full table of chances, `P * A * S * S`


@dataclass(frozen=True)
class Ways:
    """Where actions lead: one of K states each. `to`, `up_to` `[P, A, S, K]`: which, and the sum of chances so far."""

    to: Ints
    up_to: Floats

    def drawn(self, population: Ints, action: Ints, state: Ints, numbers: Floats) -> Ints:
        """The next state of each agent, `[n]`, from a uniform number of each."""
        odds = self.up_to[population, action, state]
        way = np.minimum((odds <= numbers[:, None]).sum(axis=1), odds.shape[1] - 1)
        return np.asarray(self.to[population, action, state, way])


class Chances:
    """The ways of a game. Where they do not depend on the distribution, those of each time are found out once.

    Raises UserError for games of so many states that a table of their chances does not fit into memory.
    """

    def __init__(self, game: MeanFieldGame) -> None:
        entries = len(game.populations) * game.actions * game.states**2
        if entries > MOST:
            raise UserError(
                f"a game of {game.states:,} states and {game.actions} actions has {entries:,} chances, more than "
                f"{MOST:,}: its agents cannot be played one by one; take a smaller game"
            )
        self.game, self.steady = game, steady(game)
        self._known: dict[int, Ways] = {}

    def at(self, time: int, mass: Floats, distribution: Floats) -> Ways:
        """The ways at a time, where `mass` `[P, A, S]` take which action and `distribution` `[P, S]` are where."""
        if self.steady and time in self._known:
            return self._known[time]
        ways = self._found(time, distribution, self.game.push(time, mass, distribution))
        if self.steady:
            self._known[time] = ways
        return ways

    def _found(self, time: int, distribution: Floats, following: Floats) -> Ways:
        game = self.game
        chances = np.stack(
            [
                game.pull(time, np.tile(one, (len(game.populations), 1)), distribution, following)
                for one in np.eye(game.states)
            ],
            axis=-1,
        )
        most = max(1, int((chances > 0).sum(axis=-1).max()))
        to = np.argsort(chances <= 0, axis=-1, kind="stable")[..., :most]
        return Ways(to, np.cumsum(np.take_along_axis(chances, to, axis=-1), axis=-1))
