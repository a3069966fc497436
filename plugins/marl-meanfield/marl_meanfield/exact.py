"""What can be computed exactly: the flow of a policy, values, best responses, and how far it is from equilibrium.

Policies are `[T, P, A, S]`, flows `[T + 1, P, S]`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marl.types import Floats
from marl_meanfield.game import MeanFieldGame

AT_ONCE = 1 << 16  # rewards of several times are computed at once while they fit into a cache


def uniform(game: MeanFieldGame) -> Floats:
    """The policy that takes all actions alike, `[T, P, A, S]`."""
    shape = (game.horizon, len(game.populations), game.actions, game.states)
    if game.legal is None:
        return np.full(shape, 1.0 / game.actions)
    return np.broadcast_to(game.legal / game.legal.sum(axis=-2, keepdims=True), shape).copy()


def logits(game: MeanFieldGame) -> Floats:
    """Zero for every action that there is, and minus infinity for the others, `[T, P, A, S]`."""
    zeros = np.zeros((game.horizon, len(game.populations), game.actions, game.states))
    return zeros if game.legal is None else np.where(game.legal, zeros, -np.inf)


def masked(game: MeanFieldGame, time: int, values: Floats) -> Floats:
    """Values of actions `[P, A, S]`, minus infinity where an action is not legal."""
    if game.legal is None:
        return values
    return np.where(game.legal[min(time, len(game.legal) - 1)], values, -np.inf)


def softmax(values: Floats, out: Floats | None = None) -> Floats:
    """Probabilities in proportion to the exponentials of values, over actions: the axis before the last.

    They are written to `out`, where it is given: memory that is there already is much faster in large games.
    """
    powers: Floats = np.subtract(values, values.max(axis=-2, keepdims=True), out=out)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=-2, keepdims=True)
    return powers


def greedy(values: Floats) -> Floats:
    """All on the best action, the first of equals, over the axis before the last."""
    best = values.argmax(axis=-2)
    chosen: Floats = (np.arange(values.shape[-2])[:, None] == best[..., None, :]).astype(np.float64)
    return chosen


def flow(game: MeanFieldGame, policy: Floats) -> Floats:
    """How a population is distributed at each time where all of it follows a policy: `[T + 1, P, S]`."""
    found = np.empty((game.horizon + 1, len(game.populations), game.states))
    found[0] = game.initial
    for time in range(game.horizon):
        found[time + 1] = game.push(time, policy[time] * found[time][:, None, :], found[time])
    return found


def backward(game: MeanFieldGame, along: Floats, choose: Callable[[int, Floats], Floats]) -> Floats:
    """Go through all times from the last to the first, where populations are distributed as `along` says.

    `choose(time, q)` is given what each action is worth, `[P, A, S]`, which it may overwrite, and says what each state
    is then worth, `[P, S]`. Returns what states are worth at time 0.
    """
    shape = (len(game.populations), game.actions, game.states)
    chunk = max(1, AT_ONCE // int(np.prod(shape)))
    values = game.final(along[-1])
    for end in range(game.horizon, 0, -chunk):
        start = max(0, end - chunk)
        paid = np.broadcast_to(game.rewards(slice(start, end), along[start:end]), (end - start, *shape))
        for time in range(end - 1, start - 1, -1):
            q = game.pull(time, values, along[time], along[time + 1])
            q += paid[time - start]
            values = choose(time, q)
    return values


def worth(game: MeanFieldGame, values: Floats) -> Floats:
    """What it is worth to a population's agents to begin, `[P]`, from the values `[P, S]` of states at time 0."""
    return np.asarray((game.initial * values).sum(axis=-1))


def value(game: MeanFieldGame, policy: Floats, along: Floats) -> Floats:
    """What a policy earns, `[P]`, while populations are distributed as `along` says."""
    return worth(game, backward(game, along, lambda time, q: (policy[time] * q).sum(axis=-2)))


def best_value(game: MeanFieldGame, along: Floats) -> Floats:
    """What the best response earns, `[P]`."""
    return worth(game, backward(game, along, lambda time, q: masked(game, time, q).max(axis=-2)))


def best_response(game: MeanFieldGame, along: Floats) -> tuple[Floats, Floats]:
    """What actions are worth to who goes on as well as can be, `[T, P, A, S]` (not legal: minus infinity), and at 0.

    The second is `[P]`: what the best response earns.
    """
    found = np.empty((game.horizon, len(game.populations), game.actions, game.states))

    def keep(time: int, q: Floats) -> Floats:
        found[time] = masked(game, time, q)
        return np.asarray(found[time].max(axis=-2))

    best = worth(game, backward(game, along, keep))
    return found, best


@dataclass(frozen=True)
class Judged:
    """What a policy earns where everybody follows it, and what the best response to that earns, each `[P]`."""

    value: Floats
    best: Floats

    @property
    def gains(self) -> Floats:
        """What one agent of each population gains by deviating, `[P]`; never below 0, but for rounding."""
        return self.best - self.value

    @property
    def nash_conv(self) -> float:
        """The sum of all populations' gains; with one population it is the exploitability. 0 at an equilibrium.

        Source: Perrin et al., NeurIPS 2020, section 2, and the NashConv of OpenSpiel's `mfg`.
        """
        return float(self.gains.sum())


def judge(game: MeanFieldGame, policy: Floats, along: Floats | None = None) -> Judged:
    """How good a policy is; `along` is its flow, where it is known already."""
    along = flow(game, policy) if along is None else along
    return Judged(value(game, policy, along), best_value(game, along))
