"""Debate: an action is paid for how well it can be justified, by a few facts, against another one.

Why: what an agent does should not only be good, but be seen to be good by who looks at little. Two debaters take turns
to show a judge one number of the state each, one for the action that was chosen and one for another action; it is a
zero-sum game, and what the judge holds in the end is the reward. A proxy judge learns from an expert's preferences,
with any facts shown (Bradley-Terry); debaters learn by playing against themselves. The paper's mixture of both rewards,
`(1 - lambda) * game + lambda * justified`, is `weights: {game: 1 - lambda, justified: lambda}`.
Source: Sukovic, Radanovic, "Reward design for justifiable sequential decision-making", ICLR 2024 (arXiv:2402.15826).
There the expert is a data set, the other action is what it has, and debaters learn by PPO; here an expression for each
action says what an expert holds of it, the other action is drawn, and debaters learn by REINFORCE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from marl.env import EnvSpec
from marl.reward import Channels, Window
from marl.space import Discrete
from marl.types import Array, Ints
from marl_rewards.encode import encode, width
from marl_rewards.features import Features
from marl_rewards.preferences.debaters import Debaters, Judge

BATCH = 256


@dataclass(kw_only=True)
class Params:
    """The expert, and how the debate goes."""

    worth: list[str]
    """For each action an expression of the observation: the expert prefers the action for which it is greater."""
    pieces: int = 1
    """How many numbers each side shows."""
    hidden: int = 64
    """Width of the hidden layers of judge and debaters."""
    lr: float = 3e-3
    """Adam's learning rate."""
    steps: int = 30
    """Gradient steps of judge and debaters in an update, of 256 rows each."""

    def __post_init__(self) -> None:
        for name in ("pieces", "hidden", "steps"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if len(self.worth) < 2 or not self.lr > 0:
            raise ValueError("worth has an expression for each of two actions or more, and lr is above 0")


class Debate:
    """One channel, from -1 (cannot be justified) to 1; 0 in the first update. For one group of discrete actions."""

    channels: ClassVar = {"justified": "what a judge holds of the action, after a debate, against another one"}

    def __init__(self, spec: EnvSpec, params: Params) -> None:
        self.params, self.group = params, spec.groups[0]
        if len(spec.groups) > 1 or not isinstance(self.group.action, Discrete):
            raise ValueError("it is for games with one group of agents, whose actions are choices (Discrete)")
        self.actions, self.size = self.group.action.n, width(self.group.observation)
        if len(params.worth) != self.actions:
            raise ValueError(f"worth has {len(params.worth)} expressions, and there are {self.actions} actions")
        if 2 * params.pieces > self.size:
            raise ValueError(f"two sides cannot show {params.pieces} numbers each of {self.size}")
        self.expert = Features(params.worth, spec)
        self.needs = ("before",) if self.expert.informed else ()
        self.reset(0)

    def __call__(self, window: Window) -> Channels:
        """`justified`, `float64[K]`."""
        if not self.fitted:
            return {"justified": np.zeros(len(window))}
        pair = torch.from_numpy(self._pairs(window))
        with torch.no_grad():
            states = self._states(window)
            shown, _ = self.debaters.debate(states, pair, self.params.pieces, None)
            held = self.judge.prefers(states, shown, pair).sigmoid()
        return {"justified": 2 * held.double().numpy() - 1}

    def reset(self, seed: int) -> None:
        """Nobody knows anything."""
        generator, params = torch.Generator().manual_seed(seed % (1 << 63)), self.params
        self.judge = Judge(self.size, self.actions, params.hidden, params.lr, generator)
        self.debaters = Debaters(self.size, self.actions, params.hidden, params.lr, generator)
        self.fitted = 0

    def samples(self, window: Window) -> Mapping[str, Array]:
        """States, and what the expert holds of every action."""
        worth = self.expert.before(window).astype(np.float32)
        return {"states": self._states(window).numpy(), "worth": worth}

    def fit(self, samples: Mapping[str, Array], seed: int) -> Mapping[str, float]:
        """Judge, then debaters; how often the judge agrees with the expert after a debate, `right`, and by chance."""
        chance = torch.Generator().manual_seed(seed % (1 << 63))
        states, worth = (torch.from_numpy(samples[key]) for key in ("states", "worth"))
        for _ in range(self.params.steps):
            at = torch.randint(len(states), (BATCH,), generator=chance)
            pair, label = self._drawn(worth[at], chance)
            self.judge.learn(states[at], self._some(len(at), chance), pair, label)
        for _ in range(self.params.steps):
            at = torch.randint(len(states), (BATCH,), generator=chance)
            self.debaters.learn(self.judge, states[at], self._drawn(worth[at], chance)[0], self.params.pieces, chance)
        self.fitted += 1
        pair, label = self._drawn(worth, chance)
        with torch.no_grad():
            debated, _ = self.debaters.debate(states, pair, self.params.pieces, None)
            shown = {"right": debated, "right_by_chance": self._some(len(states), chance)}
            return {name: self._right(states, one, pair, label) for name, one in shown.items()}

    def save(self) -> Mapping[str, Array]:
        """Judge and debaters."""
        parts = {"judge": self.judge, "debaters": self.debaters}
        state = {f"{name}.{key}": array for name, one in parts.items() for key, array in one.save().items()}
        return {**state, "fitted": np.array(self.fitted)}

    def load(self, state: Mapping[str, Array]) -> None:
        """Go on from `save`."""
        for name, one in (("judge", self.judge), ("debaters", self.debaters)):
            one.load({key.removeprefix(f"{name}."): a for key, a in state.items() if key.startswith(f"{name}.")})
        self.fitted = int(state["fitted"])

    def _states(self, window: Window) -> torch.Tensor:
        return torch.from_numpy(encode(self.group.observation, window.rows.observation).astype(np.float32))

    def _pairs(self, window: Window) -> Ints:
        """The action of each row, and another one, which follows from match, tick and agent, `int64[K, 2]`."""
        rows = window.rows
        drawn = (rows.match * 7919 + rows.tick * 104729 + rows.agent * 1299709) % (self.actions - 1)
        return np.stack([rows.action, (rows.action + 1 + drawn) % self.actions], axis=1).astype(np.int64)

    def _drawn(self, worth: torch.Tensor, chance: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Two different actions for each state, and whether the expert prefers the first."""
        first = torch.randint(self.actions, (len(worth),), generator=chance)
        second = (first + torch.randint(1, self.actions, (len(worth),), generator=chance)) % self.actions
        pair = torch.stack([first, second], dim=1)
        both = worth.gather(1, pair)
        return pair, torch.where(both[:, 0] == both[:, 1], 0.5, (both[:, 0] > both[:, 1]).float())

    def _some(self, count: int, chance: torch.Generator) -> torch.Tensor:
        """As many numbers of each state as a debate shows, any, `[K, D]`."""
        order = torch.rand(count, self.size, generator=chance).argsort(dim=1).argsort(dim=1)
        return (order < 2 * self.params.pieces).float()

    def _right(self, states: torch.Tensor, shown: torch.Tensor, pair: torch.Tensor, label: torch.Tensor) -> float:
        said = (self.judge.prefers(states, shown, pair) > 0).float()
        return float(torch.where(label == 0.5, 0.5, (said == label).float()).mean())
