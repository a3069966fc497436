"""Clips: matches of a run's newest player, cut into segments, each with its pictures and with what models see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from marl.arena import Mixtures, Play
from marl.arena.seats import Moves
from marl.env import Environment, Frame, Step
from marl.errors import UserError
from marl.evaluation import Player
from marl.registry import ENVIRONMENTS, Registry
from marl.run.players import contestant, meeting_place
from marl.types import Floats, Ints
from marl_rewards.encode import encode
from marl_rewards.preferences.model import Pairs
from marl_rewards.preferences.people import keep_question


@dataclass(frozen=True)
class Clip:
    """At most T own turns of an agent: `inputs` `float64[t, D]`, and a picture before each and after the last."""

    agent: int
    inputs: Floats
    frames: list[Frame]


@dataclass(frozen=True)
class Question:
    """Two clips of one group of agents; `number` in the folder of the run's preferences."""

    number: int
    who: str
    clips: tuple[Clip, Clip]


@dataclass
class _Watcher:
    """A recorder that keeps the own turns of one agent, and a picture before each."""

    agent: int
    inputs: list[Floats] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    def acted(self, play: Play, moves: Moves) -> None:
        """See `marl.arena.Recorder`."""
        for row in np.flatnonzero(moves.rows.agent == self.agent).tolist():
            group, here = play.spec.groups[moves.rows.group], slice(row, row + 1)
            seen = encode(group.observation, moves.rows.take(here).observation)
            self.inputs.append(np.concatenate([seen, encode(group.action, moves.acts.action[here])], axis=1)[0])
            self.frames.append(play.environment.render(0))

    def stepped(self, play: Play, step: Step) -> None:
        """See `marl.arena.Recorder`."""
        if step.done.any():
            self.frames.append(play.environment.render(0))

    def void(self, play: Play, lanes: Ints) -> None:
        """See `marl.arena.Recorder`."""
        self.inputs.clear()
        self.frames.clear()


class Asker:
    """Makes questions of what a run plays by now. `length`: own turns of a clip. Raises UserError for no such run."""

    def __init__(self, run: Path, folder: Path, length: int, registry: Registry) -> None:
        self.run, self.folder, self.length, self.registry = run, folder, length, registry
        self.player()

    def player(self) -> tuple[Environment, Player]:
        """The game, and the run's newest player."""
        subject = contestant(str(self.run), self.registry)
        game = meeting_place("", [subject], self.registry)
        environment = self.registry.make(ENVIRONMENTS, game.name, game.params, lanes=1)
        return environment, subject.player(self.registry, environment.spec)

    def ask(self, seed: int) -> Question:
        """Two clips of two matches, written down as a question. Raises UserError where nobody has a turn."""
        chance = np.random.Generator(np.random.Philox(key=seed))
        environment, player = self.player()
        agent = int(chance.integers(len(environment.spec.agents)))
        clips = [self._clip(environment, player, agent, chance) for _ in range(2)]
        size, length = clips[0].inputs.shape[1], self.length
        inputs, valid = np.zeros((2, 1, length, size), np.float32), np.zeros((2, 1, length), np.bool_)
        for which, clip in enumerate(clips):
            inputs[which, 0, : len(clip.inputs)], valid[which, 0, : len(clip.inputs)] = clip.inputs, True
        group = int(environment.spec.group_of[agent])
        number = keep_question(self.folder, group, Pairs(inputs, valid, np.zeros(1, np.float32)))
        return Question(number, environment.spec.agents[agent], (clips[0], clips[1]))

    def _clip(self, environment: Environment, player: Player, agent: int, chance: Any) -> Clip:
        """A stretch of a new match, anywhere in it."""
        watcher = _Watcher(agent)
        seed = int(chance.integers(1 << 62))
        play = Play(environment, player.policies, Mixtures(player.weights, seed, limit=1), [watcher])
        while not play.over:
            play.tick()
        turns = len(watcher.inputs)
        if not turns:
            raise UserError(f"{environment.spec.agents[agent]} had no turn in a match, so there is nothing to compare")
        start = int(chance.integers(max(1, turns - self.length + 1)))
        stop = min(turns, start + self.length)
        return Clip(agent, np.stack(watcher.inputs[start:stop]), watcher.frames[start : stop + 1])
