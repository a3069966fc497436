"""Speaker and listener: one agent knows which of three landmarks is meant and may only speak; the other one goes.

What is said is heard at the next tick: one of three words, which mean nothing at first. Both are charged, at every
tick, the squared distance of the listener from what is meant. It is `simple_speaker_listener_v4` of mpe2 1.1.1 with
discrete actions, tick by tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from marl import rng
from marl.env import EnvSpec, Frame, Group, Lanes
from marl.games import SimultaneousGame
from marl.games.drawing import BLUE, RED
from marl.space import Box, Discrete
from marl.types import Array, Bools, Floats, Ints
from marl_coop.particles import world

LANDMARKS = 3
COLOURS = np.full((LANDMARKS, 3), 0.15) + 0.5 * np.eye(3)  # of what is meant, as the speaker sees it
SILENCE = LANDMARKS  # before anything was said
_WORDS = np.eye(LANDMARKS + 1, LANDMARKS)


@dataclass
class SpeakerListenerParams:
    """Parameters of SpeakerListener."""

    steps: int = 25  # ticks until a match is cut short

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 10_000:
            raise ValueError(f"steps must be between 1 and 10000, not {self.steps}")


class SpeakerListener(SimultaneousGame):
    """An `Environment` with one side of two agents of different kinds.

    The speaker's row is `float32[3]`, the colour of what is meant; the listener's `float32[11]`: its speed, where the
    landmarks are from here, and what was said. The true state, `float32[16]`: place and speed of the listener, the
    landmarks, what is meant and what was said.
    """

    place: Floats  # float64[lanes, 2], of the listener
    speed: Floats  # float64[lanes, 2]
    landmark: Floats  # float64[lanes, 3, 2]
    meant: Ints  # int64[lanes]
    said: Ints  # int64[lanes], or SILENCE

    def __init__(self, lanes: int, params: SpeakerListenerParams | None = None) -> None:
        self.params = params = params or SpeakerListenerParams()
        speaker = Group("speaker", (0,), Box((3,)), Discrete(LANDMARKS))
        listener = Group("listener", (1,), Box((11,)), Discrete(len(world.PUSHES)))
        both = ((0, 1),)
        super().__init__(
            EnvSpec(
                ("speaker_0", "listener_0"),
                (speaker, listener),
                both,
                "simultaneous",
                params.steps,
                (-np.inf, 0.0),
                Box((16,)),
            ),
            lanes,
        )

    def fields(self) -> dict[str, Any]:
        known = {"place": np.zeros(2), "speed": np.zeros(2), "landmark": np.zeros((LANDMARKS, 2))}
        return known | {"meant": np.int64(0), "said": np.int64(SILENCE)}

    def begin(self, lanes: Lanes) -> None:
        places = world.scattered(self.seed[lanes], LANDMARKS + 1)
        self.place[lanes], self.landmark[lanes] = places[:, 0], places[:, 1:]
        self.meant[lanes] = rng.integers(rng.mix(self.seed[lanes], 0x3EA7), LANDMARKS)

    def play(self, lanes: Lanes, actions: list[Array]) -> tuple[Floats, Bools]:
        place, speed = world.moved(self.place[lanes].T[:, None], self.speed[lanes].T[:, None], actions[1].T)
        self.place[lanes], self.speed[lanes], self.said[lanes] = place[:, 0].T, speed[:, 0].T, actions[0][:, 0]
        far = np.square(self.place[lanes] - self.landmark[lanes, self.meant[lanes]]).sum(axis=1)
        return np.repeat(-far[:, None], 2, axis=1), self.tick[lanes] >= self.params.steps

    def cut(self, lanes: Lanes) -> Bools | bool:
        return True

    def observe(self, lanes: Lanes, agents: Ints) -> Array:
        if not len(agents) or agents[0] == 0:
            return COLOURS[self.meant[lanes]].astype(np.float32)
        away = (self.landmark[lanes] - self.place[lanes][:, None]).reshape(len(lanes), -1)
        return np.concatenate([self.speed[lanes], away, _WORDS[self.said[lanes]]], axis=1).astype(np.float32)

    def state(self, lanes: Lanes) -> Array:
        parts = [self.place[lanes], self.speed[lanes], self.landmark[lanes].reshape(len(lanes), -1)]
        parts += [_WORDS[self.meant[lanes]], _WORDS[self.said[lanes]]]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def forfeit(self, lanes: Lanes, agent: Ints) -> Floats:
        """Nothing more."""
        return np.zeros((len(lanes), 2))

    def render(self, lane: int) -> Frame:
        word = "nothing" if self.said[lane] == SILENCE else "abc"[self.said[lane]]
        said = f"tick {self.tick[lane]} of {self.params.steps}: {'abc'[self.meant[lane]]} is meant, {word} was said"
        return world.draw(self.place[[lane]], self.landmark[lane], (0.075, 0.04), [RED, "#3f9d5a", BLUE], said)
