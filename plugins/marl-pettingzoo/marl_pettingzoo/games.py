"""One attribute an environment: `marl_pettingzoo.games:simple_spread` makes MPE's simple_spread.

Any other PettingZoo environment: `any_game`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from pettingzoo.utils.env import ParallelEnv

from marl.errors import UserError, suggestion
from marl_pettingzoo import load
from marl_pettingzoo.catalogue import ENTRIES, Entry, find, of_module
from marl_pettingzoo.describe import agents_of, describe
from marl_pettingzoo.environment import PettingZooEnvironment
from marl_pettingzoo.match import AECMatch, Match, ParallelMatch
from marl_pettingzoo.params import AnyParams, Params


def make(name: str, /, lanes: int, params: Params | None = None) -> PettingZooEnvironment:
    """The environment called `name`; see `marl_pettingzoo.params.Params`. Raises UserError."""
    entry = find(name)
    if entry is None:
        known = [each.name for each in ENTRIES]
        raise UserError(f"PettingZoo has no environment {name!r}{suggestion(name, known)}")
    return _build(entry.target, entry, lanes, params or Params())


def any_game(lanes: int, params: AnyParams | None = None) -> PettingZooEnvironment:
    """The environment that `target` (`"package.module:constructor"`) makes, AEC or Parallel. Raises UserError."""
    params = params or AnyParams()
    return _build(params.target, of_module(params.target.partition(":")[0]), lanes, params)


def _build(target: str, entry: Entry | None, lanes: int, params: Params) -> PettingZooEnvironment:
    arguments = load.arguments(target, entry, params.parameters)
    create = load.maker(target, entry, params.parameters)
    env, together, penalty = load.bare(create())
    prepare = load.resolve(entry.prepare) if entry is not None and entry.prepare else None
    agents_of(env, target)
    spare = [] if params.fresh else [env]  # the one that was described plays in the first lane that is reset

    def match() -> Match:
        bare = spare.pop() if spare else load.bare(create())[0]
        names = agents_of(bare, target)
        if isinstance(bare, ParallelEnv):
            return ParallelMatch(bare, names, prepare)
        return AECMatch(bare, names, prepare, cycles=together)

    _first_reset(env, target, prepare)
    described = describe(
        env,
        target,
        together=together,
        entry=entry,
        arguments=arguments,
        teams=params.teams,
        max_length=params.max_length,
    )
    return PettingZooEnvironment(target.partition(":")[0], lanes, match, described, penalty, params.fresh)


def _first_reset(env: Any, target: str, prepare: Callable[[Any, bool], None] | None) -> None:
    """Some environments know their spaces and their state only after a reset."""
    if "seed" not in inspect.signature(env.reset).parameters:
        raise UserError(f"{target} cannot be seeded: its reset() takes no seed, so no match could be repeated")
    try:
        if prepare is not None:
            prepare(env, True)
        env.reset(seed=0)
    except Exception as error:
        raise UserError(f"{target} cannot be reset: {type(error).__name__}: {error}") from error


def __getattr__(name: str) -> Callable[..., PettingZooEnvironment]:
    if name.startswith("__"):
        raise AttributeError(name)
    return partial(make, name)
