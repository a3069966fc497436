"""What `marl plugins check` does to a reward: two of it are played with, one made of what the other saves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from marl.arena import Mixtures, Sampler, Trajectory
from marl.cli.check_runs import own_games
from marl.env import Environment, EnvSpec
from marl.errors import RunError, UserError
from marl.policies.random import Random
from marl.registry import ENVIRONMENTS, Component, Descriptor, Registry
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import matching_pennies
from marl.testing.games.skirmish import skirmish
from marl.training.composition import RewardConfig
from marl.training.rewards import Rewards

_GAMES = {"skirmish": skirmish, "Kuhn poker": kuhn, "matching pennies": matching_pennies}
_ROWS, _UPDATES = 200, 3


def played(registry: Registry, descriptor: Descriptor, params: Mapping[str, Any], quick: bool = False) -> str:
    """Pay rows of its plugin's own environments that it takes, or of small games; "" or, where it takes none, why not.
    `quick`: in one of them, for one update.

    Raises RunError where it fails, pays something that cannot be used, or pays the same rows in another way the second
    time, or after it was saved and loaded.
    """

    def made(name: str, lanes: int) -> Environment:
        return registry.make(ENVIRONMENTS, name, lanes=lanes)

    own = {one.full_name: partial(made, one.full_name) for one in own_games(registry, descriptor)}
    mine = _played(descriptor, params, own, quick)
    if own and not mine:
        return ""
    others = _played(descriptor, params, _GAMES, quick)
    return (mine if own else others) if others else ""


def _played(
    descriptor: Descriptor, params: Mapping[str, Any], games: Mapping[str, Callable[[int], Environment]], quick: bool
) -> str:
    refused = []
    for name, game in games.items():
        spec = game(1).spec
        try:
            both = [_composed(descriptor, params, spec) for _ in range(2)]
        except UserError as error:
            refused.append(f"not for {name}: {error}")
            continue
        try:
            _pay(both, game(8), f"{descriptor.full_name}: it", 1 if quick else _UPDATES)
        except RunError as error:
            raise RunError(f"in {name}: {error}") from error
        if quick:
            return ""
    return refused[0] if refused and len(refused) == len(games) else ""


def _composed(descriptor: Descriptor, params: Mapping[str, Any], spec: EnvSpec) -> Rewards:
    return Rewards(RewardConfig({"it": Component(descriptor.full_name, dict(params))}), spec, 0.99)


def _pay(both: list[Rewards], environment: Environment, subject: str, updates: int) -> None:
    """A few updates; the second one takes the state of the first over before each."""
    one, other = both
    spec, sides = environment.spec, len(environment.spec.sides)
    sampler = Sampler(environment, [Random(spec)], Mixtures(np.ones((sides, 1)), 1), [0], record=one.record)
    one.reset(7)
    for update in range(updates):
        windows = [window for window in sampler.collect(_ROWS) if len(window)]
        other.load(one.save())
        paid = one(windows)
        if not _same(paid.windows, one(windows).windows):
            raise RunError(
                f"{subject} pays the same rows in another way when it is asked again: it may change in fit only"
            )
        if not _same(paid.windows, other(windows).windows):
            raise RunError(
                f"{subject} pays in another way after save and load: its state is not all that it depends on"
            )
        told = one.fit(paid.samples, update)
        if told != other.fit(paid.samples, update) or not _equal(one.save(), other.save()):
            raise RunError(f"{subject} learns in another way after save and load: all chance must follow from the seed")


def _same(mine: list[Trajectory], others: list[Trajectory]) -> bool:
    return all(np.array_equal(a.reward, b.reward) for a, b in zip(mine, others, strict=True))


def _equal(mine: Mapping[str, Any], others: Mapping[str, Any]) -> bool:
    return mine.keys() == others.keys() and all(np.array_equal(mine[name], others[name]) for name in mine)
