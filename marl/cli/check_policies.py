"""What `marl plugins check` does to a policy: whether it plays what it claims, and by its keys alone."""

from __future__ import annotations

import numpy as np

from marl import rng
from marl.arena import Arena, Pairings
from marl.env import Environment, Rows
from marl.errors import RunError
from marl.policy import Acts, Policy, SearchPolicy
from marl.space import Discrete
from marl.testing.games import matching_pennies
from marl.types import Floats

_LANES = 2000
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
