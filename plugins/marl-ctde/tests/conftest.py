"""Teams of all kinds in one game, and training in this process, without a league."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ray.rllib", reason="needs Ray's RLlib")

from marl.arena import Arena, Pairings
from marl.env import EnvSpec, Frame, Group
from marl.games import ForkableOneByOne, Match, Outcome, View
from marl.job import Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry
from marl.space import Box, Discrete
from marl.testing.games import relay
from marl.training.networks import restore
from marl.training.networks.policy import NetworkParams


class Numbers(Match):
    """Two agents name a number each, at once: 1, less the square of how far the first is from 0.5, and the other from
    -0.5; or, where they are to `agree`, from the first."""

    def __init__(self, agree: bool) -> None:
        self.agree = agree

    def start(self) -> None:
        self.over = False

    def observe(self, agent: int) -> Any:
        return np.ones(1, dtype=np.float32)

    def views(self) -> dict[int, View]:
        return {} if self.over else {agent: View(self.observe(agent), None) for agent in range(2)}

    def play(self, actions: Any) -> Outcome:
        one, other = (float(actions[agent][0]) for agent in range(2))
        self.over = True
        paid = (1 - (one - 0.5) ** 2 - (other - (one if self.agree else -0.5)) ** 2) / 2
        return Outcome({0: paid, 1: paid}, set(), set(), done=True)

    def state(self) -> Any:
        return np.ones(1, dtype=np.float32)

    def render(self) -> Frame:
        return Frame("", "")


def numbers_game(agree: bool) -> Any:
    """A maker of it."""
    group = Group("players", (0, 1), Box((1,)), Box((1,), -1, 1))
    spec = EnvSpec(("a", "b"), (group,), ((0, 1),), "simultaneous", 1, state=Box((1,)))
    return lambda lanes: ForkableOneByOne(spec, lanes, lambda: Numbers(agree))


class Contexts(Match):
    """Two agents see whether they have to agree: then both choosing 0 pays 8 and one alone costs 12. Else each earns 4
    by a choice of its own, whatever the other does."""

    def start(self) -> None:
        self.agree, self.over = self.chance() < 0.5, False

    def observe(self, agent: int) -> Any:
        return np.array([self.agree, not self.agree], dtype=np.float32)

    def views(self) -> dict[int, View]:
        return {} if self.over else {agent: View(self.observe(agent), None) for agent in range(2)}

    def play(self, actions: Any) -> Outcome:
        one, other = (int(actions[agent]) for agent in range(2))
        together = 8.0 if one == other == 0 else -12.0 if 0 in (one, other) else 0.0
        self.over, paid = True, together if self.agree else 4.0 * (one == 1) + 4.0 * (other == 2)
        return Outcome({0: paid / 2, 1: paid / 2}, set(), set(), done=True)

    def state(self) -> Any:
        return self.observe(0)

    def render(self) -> Frame:
        return Frame("", "")


def contexts_game(lanes: int) -> Any:
    """That game."""
    group = Group("players", (0, 1), Box((2,)), Discrete(3))
    spec = EnvSpec(("a", "b"), (group,), ((0, 1),), "simultaneous", 1, state=Box((2,)))
    return ForkableOneByOne(spec, lanes, Contexts)


SPLIT = ((1,), (0, 2))
KINDS = {
    "at once": (relay(False), "all"),
    "in turns": (relay(True), "all"),
    "groups in turns, nothing shared": (relay(True, SPLIT, state=False), "none"),
    "real": (relay(False, actions=(Box((2,), -1, 1),)), "all"),
    "real and choices": (relay(False, SPLIT, actions=(Box((2,), -1, 1), Discrete(4))), "all"),
}
SMALL = {"lanes": 6, "rows": 60, "minibatch": 8}
MODELS = {"mlp": {"hidden": [8], "identity": True}, "lstm": {"kind": "lstm", "memory": 6, "hidden": [8]}}


class Host:
    """`marl.algorithm.Services` over one environment."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        self.make, self.spec = make, make(1).spec
        self.checkpoints: dict[str, Any] = {}
        self.warnings: list[str] = []

    def environment(self, lanes: int) -> Any:
        return self.make(lanes)

    def checkpoint(self, id: str) -> Any:
        return self.checkpoints[id]

    def log(self, step: int, **values: float) -> None:
        pass

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def policy(self, id: str) -> Any:
        raise AssertionError("nobody else plays")


def registered(environment: str, **params: Any) -> Callable[[int], Any]:
    """A maker of a registered environment."""
    return lambda lanes: load_registry().make(ENVIRONMENTS, environment, params, lanes=lanes)


@pytest.fixture(params=KINDS)
def kind(request: Any) -> tuple[str, Any, str]:
    """A kind of team: its name, a maker of it, and who shares networks."""
    return (request.param, *KINDS[request.param])


@pytest.fixture(scope="session")
def kinds() -> dict[str, tuple[Any, str]]:
    return KINDS


@pytest.fixture(scope="session")
def numbers() -> Any:
    """Makers of games in which two agents name a number each, and agree on it or not."""
    return numbers_game


@pytest.fixture(scope="session")
def contexts() -> Any:
    """A maker of a game in which agents have to agree in one of two contexts, and in the other need not."""
    return contexts_game


@pytest.fixture(scope="session")
def models() -> dict[str, Any]:
    return MODELS


@pytest.fixture(scope="session")
def begun() -> Callable[..., tuple[Any, Host]]:
    """An engine that has begun a job, and its services: over a maker, or the name of an environment."""

    def begin(make: Any, name: str, parent: Any = None, seed: int = 3, game: Any = None, **params: Any) -> Any:
        algorithm: Any = load_registry().make(ALGORITHMS, name, {**SMALL, **params})
        services = Host(registered(make, **(game or {})) if isinstance(make, str) else make)
        services.checkpoints["parent"] = parent
        job = Job(name, 0, ((),), seed, **({} if parent is None else {"parent": "parent"}))
        engine = algorithm.engine(job, services)
        engine.begin(job, services)
        return engine, services

    return begin


@pytest.fixture(scope="session")
def batch() -> Callable[..., tuple[Any, Any]]:
    """The learner of an engine, and matches of at least so many rows as it is given them: all columns as tensors."""

    def play(engine: Any, rows: int) -> tuple[Any, Any]:
        learner, (player,) = engine.backend.learner, engine.backend.samplers
        learner.coefficients = engine.hyper.coefficients(0.0)
        return learner, learner._tensors(player.play(rows, learner.coefficients).columns["side0"])

    return play


@pytest.fixture(scope="session")
def returns() -> Callable[..., float]:
    """The mean return of what an engine has learned, greedily, for the only side."""

    def play(engine: Any, services: Host, matches: int = 32) -> float:
        policy = restore(services.spec, engine.snapshot(), NetworkParams(greedy=True))
        played = Arena(services.environment(matches)).play([policy], Pairings.repeat([[0]], matches, seed=1))
        return float(played.returns[:, 0].mean())

    return play
