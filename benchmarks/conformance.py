"""Defects in environments of others that the conformance checks find: `python benchmarks/conformance.py`.

Each is shown twice: by the shortest input to the environment itself, without anything of marl, and by the check that
finds it. docs/results/conformance.md explains them. With --quick nothing is shorter: it takes seconds.
"""

from __future__ import annotations

import dataclasses
import os
import warnings
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import gymnasium
import numpy as np

from marl.env import Environment
from marl.testing import check_environment
from marl_gymnasium.wrapped import GymnasiumEnvironment
from marl_pettingzoo import catalogue
from marl_pettingzoo.games import _build
from marl_pettingzoo.params import Params


def knights_archers_zombies() -> str:
    """`reset(seed=1)` after a match of three ticks, and in a new environment."""
    from pettingzoo.butterfly import knights_archers_zombies_v11

    def match(env: Any, seed: int, ticks: int) -> list[Any]:
        seen = [env.reset(seed=seed)[0]]
        for _ in range(ticks):
            seen.append(env.step(dict.fromkeys(env.agents, 5))[0])  # nobody moves
        return [np.concatenate([np.ravel(one) for one in turn.values()]) for turn in seen]

    used = knights_archers_zombies_v11.parallel_env()
    match(used, 7, 3)
    return differ(match(used, 1, 20), match(knights_archers_zombies_v11.parallel_env(), 1, 20))


def bipedal_walker() -> str:
    """`reset(seed=3)` after two matches of one tick, and in a new environment, with the same action."""

    def match(env: Any, seed: int, ticks: int) -> list[Any]:
        draws, seen = np.random.RandomState(seed), [env.reset(seed=seed)[0]]
        for _ in range(ticks):
            seen.append(env.step(draws.uniform(-1, 1, 4).astype(np.float32))[0])
        return seen

    used, one, other = (gymnasium.make("BipedalWalker-v3") for _ in range(3))
    assert differ(match(one, 3, 1), match(other, 3, 1)) == "", "two new ones play alike"
    match(used, 50, 1)
    match(used, 51, 1)
    return differ(match(used, 3, 1), match(gymnasium.make("BipedalWalker-v3"), 3, 1))


def multiwalker() -> str:
    """`state()` once a walker has fallen, where the others walk on."""
    from pettingzoo.sisl import multiwalker_v9

    env = multiwalker_v9.parallel_env(remove_on_fall=True, terminate_on_fall=False)
    env.reset(seed=0)
    draws = np.random.RandomState(0)
    for tick in range(200):
        env.step({agent: draws.uniform(-1, 1, 4).astype(np.float32) for agent in env.agents})
        try:
            env.state()
        except AttributeError as error:
            return f"tick {tick}, with {', '.join(env.agents)} alive: AttributeError: {error}"
    return ""


def go() -> str:
    """A move on a board of 9 by 9, after one of 5 by 5 was made."""
    from pettingzoo.classic import go_v5

    nine = go_v5.env(board_size=9)
    nine.reset(seed=0)
    go_v5.env(board_size=5)
    try:
        for move in (0, 40):
            nine.step(move)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def differ(one: list[Any], other: list[Any]) -> str:
    """Where two matches part, or ""."""
    for tick, (a, b) in enumerate(zip(one, other, strict=True)):
        if not np.array_equal(a, b):
            return f"tick {tick}: observations differ by {np.abs(a - b).max():.3g}"
    return ""


def pettingzoo(name: str, **parameters: Any) -> Callable[[int], Environment]:
    """The environment as it is, without what marl-pettingzoo does to mend it."""
    entry = catalogue.find(name)
    assert entry is not None
    bare = dataclasses.replace(entry, prepare="")
    return lambda lanes: _build(entry.target, bare, lanes, Params(parameters=parameters))


def beside(one: Callable[[int], Environment], other: Callable[[int], Environment]) -> Callable[[int], Environment]:
    """`one`, made before `other`."""

    def make(lanes: int) -> Environment:
        made = one(lanes)
        other(1)
        return made

    return make


def walker(lanes: int) -> Environment:
    """Gymnasium's own, kept from match to match, as Gymnasium says that environments may be."""
    return GymnasiumEnvironment(lambda: gymnasium.make("BipedalWalker-v3"), lanes, limit=60)


DEFECTS: dict[str, tuple[Callable[[], str], str, str, Callable[[int], Environment]]] = {
    "knights_archers_zombies_v11": (
        knights_archers_zombies,
        "pettingzoo",
        "determinism",
        pettingzoo("knights_archers_zombies"),
    ),
    "BipedalWalker-v3": (bipedal_walker, "gymnasium", "batched", walker),
    "multiwalker_v9": (
        multiwalker,
        "pettingzoo",
        "plays",
        pettingzoo("multiwalker", remove_on_fall=True, terminate_on_fall=False),
    ),
    "go_v5": (go, "pettingzoo", "plays", beside(pettingzoo("go", board_size=9), pettingzoo("go", board_size=5))),
}


def main() -> None:
    """Show each, by its own and by the check."""
    for name, (shown, package, check, factory) in DEFECTS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            alone = shown()
            result = check_environment(factory, matches=3, ticks=100, only=[check])[check]
        print(f"{name} ({package} {version(package)})\n  alone: {alone or 'nothing found'}")
        print(f"  check {check!r}: {result.status}: {result.message[:200]}", flush=True)


if __name__ == "__main__":
    main()
