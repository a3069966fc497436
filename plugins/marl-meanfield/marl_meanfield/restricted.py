"""The game restricted to some policies: who plays how often which of them. What mean-field PSRO and correlation play.

A population's agents choose one of K pure policies at the beginning; shares `[P, K]` say how many chose which. Where
moves do not depend on the distribution, each policy's flow is known once, the population's is their mean, and what a
policy earns is a sum over its own flow: so a restricted game is played in microseconds.

Source: Muller et al., Learning equilibria in mean-field games: introducing mean-field PSRO, AAMAS 2022
(arXiv:2111.08350).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.errors import UserError
from marl.types import Array, Floats, Ints
from marl_meanfield import exact
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.solver import State


@dataclass(frozen=True)
class Restricted:
    """`responses` `[K, T, P, S]`: the actions of K policies; `flows` `[K, T + 1, P, S]`: who is where by each."""

    game: MeanFieldGame
    responses: Ints
    flows: Floats

    @staticmethod
    def empty(game: MeanFieldGame, who: str) -> Restricted:
        """No policy yet. Raises UserError where moves depend on the distribution; `who` cannot solve that."""
        if not steady(game):
            raise UserError(
                f"{who} needs a game in which agents' moves do not depend on the distribution, so that the flow of a "
                "mixture is the mixture of flows: here they do; meanfield/mirror_descent or fictitious_play can do it"
            )
        shape = (len(game.populations), game.states)
        return Restricted(game, np.zeros((0, game.horizon, *shape), np.int16), np.zeros((0, game.horizon + 1, *shape)))

    @staticmethod
    def of(game: MeanFieldGame, state: State) -> Restricted:
        """What `arrays` gave."""
        return Restricted(game, state["responses"], state["flows"])

    def arrays(self) -> State:
        """For a solver's state."""
        return {"responses": self.responses, "flows": self.flows}

    def joined(self, response: Ints) -> Restricted:
        """The same with one more policy, `[T, P, S]`; itself where it is there already."""
        if (self.responses == response).all(axis=(1, 2, 3)).any():
            return self
        along = exact.flow(self.game, self._whole(response))
        return Restricted(
            self.game,
            np.concatenate([self.responses, response[None].astype(np.int16)]),
            np.concatenate([self.flows, along[None]]),
        )

    def along(self, shares: Floats) -> Floats:
        """The flow where so many follow each policy: `[..., P, K]` to `[..., T + 1, P, S]`."""
        return np.asarray(np.einsum("...pk,ktps->...tps", shares, self.flows))

    def payoffs(self, along: Floats) -> Floats:
        """What each policy earns, `[P, K]`, while populations are distributed as `along` says."""
        game = self.game
        return self.earned(rewards(game, along), game.final(along[-1]))

    def earned(self, paid: Floats, final: Floats) -> Floats:
        """What each policy earns, `[P, K]`, from what actions pay, `[T, P, A, S]`, and states at the end, `[P, S]`."""
        mine = np.take_along_axis(paid[None], self.responses[:, :, :, None, :].astype(np.intp), axis=3)[:, :, :, 0]
        return np.asarray(np.einsum("ktps,ktps->pk", self.flows[:, :-1], mine) + np.einsum(
            "kps,ps->pk", self.flows[:, -1], final))  # fmt: skip

    def policy(self, shares: Floats) -> Floats:
        """The one policy `[T, P, A, S]` with the same flow as a mixture; uniform where nobody is."""
        here = shares.T[:, None, :, None] * self.flows[:, :-1]
        taken = np.zeros((self.game.horizon, len(self.game.populations), self.game.actions, self.game.states))
        for mass, response in zip(here, self.responses, strict=True):
            place = response[:, :, None, :].astype(np.intp)
            np.put_along_axis(taken, place, np.take_along_axis(taken, place, axis=2) + mass[:, :, None, :], axis=2)
        total = taken.sum(axis=2, keepdims=True)
        return np.where(total > 0, taken / np.where(total > 0, total, 1.0), exact.uniform(self.game))

    def _whole(self, response: Ints) -> Floats:
        places = np.arange(self.game.actions)[:, None]
        return np.asarray(response[:, :, None, :] == places, dtype=np.float64)


def rewards(game: MeanFieldGame, along: Floats) -> Floats:
    """What actions pay at all times, `[T, P, A, S]`."""
    shape = (game.horizon, len(game.populations), game.actions, game.states)
    return np.broadcast_to(game.rewards(slice(0, game.horizon), along[:-1]), shape)


def respond(game: MeanFieldGame, along: Floats) -> Ints:
    """The best response to a flow, as actions `[T, P, S]`."""
    return np.asarray(exact.best_response(game, along)[0].argmax(axis=2))


class Paying:
    """A game that pays what it is told, and moves as another: to respond to several flows at once.

    `paid` `[T, P, A, S]`, `last` `[P, S]`; what is expected of a game whose distribution is drawn from some.
    """

    def __init__(self, game: MeanFieldGame, paid: Floats, last: Floats) -> None:
        self.populations, self.states, self.actions, self.horizon = (
            game.populations, game.states, game.actions, game.horizon,
        )  # fmt: skip
        self.layout, self.initial, self.legal = game.layout, game.initial, game.legal
        self.push, self.pull = game.push, game.pull
        self._paid, self._last = paid, last

    def rewards(self, times: slice, flow: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return self._paid[times]

    def final(self, distribution: Floats) -> Floats:
        """See `MeanFieldGame`."""
        return self._last


def steady(game: MeanFieldGame) -> bool:
    """Whether agents move the same way, however all are distributed: tried at some times, on two distributions."""
    spread: Array = np.full_like(game.initial, 1.0 / game.states)
    values = np.sin(np.arange(spread.size, dtype=np.float64)).reshape(spread.shape)
    for time in sorted({0, game.horizon // 2, game.horizon - 1}):
        one = game.pull(time, values, game.initial, game.initial)
        if not np.allclose(one, game.pull(time, values, spread, spread)):
            return False
    return True
