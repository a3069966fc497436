"""What `marl plugins check` does to a drawer: a match is played at random, and drawn twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from marl.arena import Mixtures, Play, ReplayRecorder
from marl.arena.replay import Replay
from marl.drawers.drawn import Drawn
from marl.env import Environment, Frame
from marl.errors import RunError, UserError
from marl.policies.random import Random
from marl.registry import DRAWERS, ENVIRONMENTS, Component, Registry
from marl.testing.games.corridor import corridor
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import matching_pennies
from marl.testing.games.skirmish import skirmish

_GAMES = {"corridor": corridor, "Kuhn poker": kuhn, "matching pennies": matching_pennies, "skirmish": skirmish}
_TICKS = 40
Game = Callable[[int], Environment]


def tried(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """Draw a match of each environment that its tags name, or of those of its own plugin, or of small games.

    "" or, where it takes none, why not. Raises RunError for a picture that cannot be shown, for one that changes the
    match, and where equal matches are drawn in two ways.
    """
    refused = []
    games = _games(registry, name)
    for title, game in games.items():
        drawn = Drawn(Component(name, dict(params)), game(1), registry)
        if drawn.problem and drawn.refuses:
            refused.append(f"not for {title}: {drawn.problem}")
        elif drawn.problem:
            raise RunError(drawn.problem)
        else:
            _draw(registry.describe(DRAWERS, name), drawn, title, game)
    return refused[0] if len(refused) == len(games) else ""


def _games(registry: Registry, name: str) -> Mapping[str, Game]:
    about = registry.find(DRAWERS, name)
    every = registry.all(ENVIRONMENTS)
    named = [one.full_name for one in every if one.full_name in about.tags]
    chosen = named or [one.full_name for one in every if one.plugin == about.plugin]
    return {one: partial(_made, registry, one) for one in chosen} or _GAMES


def _made(registry: Registry, name: str, lanes: int) -> Environment:
    return registry.make(ENVIRONMENTS, name, lanes=lanes)


def _draw(subject: str, drawn: Drawn, title: str, game: Game) -> None:
    replay = _played(game(1))
    pictures = []
    for _ in range(2):
        try:
            pictures.append(list(replay.play(drawn.environment, _Asked(drawn.begin()))))
        except UserError as error:
            raise RunError(f"{subject} changes the match that it draws, of {title}: {error}") from error
    if pictures[0] != pictures[1]:
        raise RunError(f"{subject} draws one and the same match of {title} in two ways: pictures follow from it alone")


class _Asked:
    """A drawer whose failures are raised."""

    def __init__(self, drawn: Drawn) -> None:
        self.drawn = drawn

    def render(self, lane: int) -> Frame:
        """See `Drawer`."""
        return self.drawn.asked(lane)


def _played(environment: Environment) -> Replay:
    """The first ticks of a match between players that play at random."""
    spec = environment.spec
    recorder = ReplayRecorder("", {}, [0])
    play = Play(environment, [Random(spec)], Mixtures(np.ones((len(spec.sides), 1)), 5, limit=1), [recorder])
    while not play.over and play.clock < _TICKS:
        play.tick()
    for replay in _begun(recorder):
        return replay
    raise RunError("no match could be played to be drawn")


def _begun(recorder: ReplayRecorder) -> Iterator[Replay]:
    yield from recorder.finished.values()
    for replay in recorder.begun():
        replay.verdict = {"broken_off": "enough was drawn"}
        yield replay
