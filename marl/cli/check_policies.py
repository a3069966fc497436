"""What `marl plugins check` does to a policy: whether it plays what it claims, by its keys alone, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.arena import Arena, Pairings
from marl.env import Environment, Rows
from marl.errors import RunError
from marl.policies.random import Random
from marl.policy import Acts, Policy, SearchPolicy
from marl.space import Discrete
from marl.testing.games import matching_pennies
from marl.types import Floats

_LANES = 2000
_TOGETHER = 64  # matches whose moves are asked for at once when it is timed
_TIMES, _ENOUGH = 5, 0.5  # asked so often, the quickest counts; or for so many seconds
SLOW = 2000  # times what a random player needs for a move: a thousand matches of 50 moves then take about a minute
_CHANCE = 1e-9  # how improbable what is played must be, by what is claimed, to be called wrong


def claims(policy: Policy, name: str) -> None:
    """Ask it in many matches of matching pennies. Raises RunError where its actions and `logp` do not agree."""
    game = matching_pennies(_LANES)
    (rows,) = game.reset(np.arange(_LANES), rng.mix(1, np.arange(_LANES)))
    assert rows is not None
    keys = rng.mix(2, np.arange(len(rows)))
    acts, again = (_asked(policy, rows, game, keys) for _ in range(2))
    space = game.spec.groups[0].action
    assert isinstance(space, Discrete)
    if illegal := sorted({int(one) for one in np.asarray(acts.action).ravel()} - set(range(space.n))):
        raise RunError(f"{name} plays {illegal[0]} where the actions are 0 to {space.n - 1}: only those may be played")
    if not np.array_equal(acts.action, again.action):
        raise RunError(
            f"{name} acts otherwise when it is asked again with the same keys: all chance must follow from them"
        )
    for agent in range(2):
        mine = np.flatnonzero(rows.agent == agent)
        _agree(np.asarray(acts.action)[mine], np.exp(np.asarray(acts.logp, dtype=np.float64)[mine]), name)


def _asked(policy: Policy, rows: Rows, game: Environment, keys: np.ndarray) -> Acts:
    if isinstance(policy, SearchPolicy):
        return policy.search(rows, game, keys)
    return policy.act(rows, policy.memory(len(rows)), keys)


def _agree(action: np.ndarray, claimed: Floats, name: str) -> None:
    """Pearson's chi-square of how often each action was played, against the probabilities that were claimed for it."""
    from scipy.special import chdtrc

    seen = np.unique(action)
    means = np.array([claimed[action == one].mean() for one in seen])
    counts = np.array([(action == one).sum() for one in seen], dtype=np.float64)
    shown = ", ".join(
        f"{one} with {mean:.3g} and played it in {count / len(action):.3g}"
        for one, mean, count in zip(seen, means, counts, strict=True)
    )
    if means.sum() > 1 + 1e-6:
        raise RunError(
            f"{name} claims probabilities that sum to {means.sum():.4g} (exp of logp): {shown} of the matches"
        )
    left = max(1 - means.sum(), 0.0)
    parts = np.append(means, left)[np.append(means, left) > 1e-12]
    played = np.append(counts, 0.0)[np.append(means, left) > 1e-12]
    square = float((np.square(played - parts * len(action)) / (parts * len(action))).sum())
    if len(parts) > 1 and chdtrc(len(parts) - 1, square) < _CHANCE:
        raise RunError(f"{name} does not play what it claims (exp of logp): {shown} of the matches")


def plays(policy: Policy) -> None:
    """A few matches of a small game against itself, in which the arena looks at what it answers."""
    Arena(matching_pennies(4)).play([policy], Pairings.repeat([[0, 0]], 8, seed=1))


@dataclass(frozen=True)
class Pace:
    """How long a move takes, in seconds, and how many times as long as a move of `marl/random` on this machine."""

    seconds: float
    times: float
    searches: bool

    @property
    def slow(self) -> bool:
        """Whether it takes too long for one that does not search: `SLOW`."""
        return self.times > SLOW and not self.searches

    def __str__(self) -> str:
        """As in "2.1e-06 s a move, 3.4 times what a random one takes here"."""
        return f"{self.seconds:.2g} s a move, {self.times:.2g} times what a random one takes here"


def pace(policy: Policy) -> Pace:
    """Time its moves in `_TOGETHER` matches of matching pennies, beside those of a random player."""
    game = matching_pennies(_TOGETHER)
    (rows,) = game.reset(np.arange(_TOGETHER), rng.mix(1, np.arange(_TOGETHER)))
    assert rows is not None
    keys = rng.mix(2, np.arange(len(rows)))
    reference = Random(game.spec)
    usual = _quickest(lambda: _asked(reference, rows, game, keys))
    own = _quickest(lambda: _asked(policy, rows, game, keys))
    return Pace(own / len(rows), own / usual, isinstance(policy, SearchPolicy))


def _quickest(ask: Callable[[], object]) -> float:
    """The shortest of some tries: what else the machine does only ever makes them longer."""
    shortest, began = float("inf"), time.perf_counter()
    ask()  # what is made the first time does not count
    for _ in range(_TIMES):
        before = time.perf_counter()
        ask()
        now = time.perf_counter()
        shortest = min(shortest, now - before)
        if now - began > _ENOUGH:
            break
    return shortest
