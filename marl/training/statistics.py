"""What the rows of a window are like, for modules that normalise; and rewards as such modules learn them.

Everything stays in the game's own units here: rewards, values, advantages. A learner divides by its module's scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from marl import tree
from marl.algorithm import Checkpoint
from marl.arena import Trajectory
from marl.training.experience import rows_by_module, ticks
from marl.training.experience.per_channel import paid
from marl.training.networks import Network, NetworkPolicy
from marl.training.networks.moments import Moments, Seen, together
from marl.training.networks.normaliser import CLIP
from marl.types import Floats, Ints

_EARNED = "earned"


class Statistics:
    """Of the live policy's rows. `modules`: the module id of each agent. `lanes`: matches in progress, from `save`.

    `needed`: whether there are such modules at all; where there are none, it need not be asked.

    It remembers what each agent has earned in its match so far, discounted: the return whose deviation is the unit of
    rewards in Stable-Baselines3's `VecNormalize`. With a `discount` for each of C terms of the reward, it is those of
    each.
    """

    def __init__(
        self,
        live: NetworkPolicy,
        modules: Sequence[str],
        lanes: int,
        discount: float | Floats,
        saved: Checkpoint | None,
    ) -> None:
        self._live, self._modules, self._discount = live, list(modules), discount
        networks = live.networks.values()
        self.needed = any(network.normaliser or network.returns for network in networks)
        self._earned: Floats = np.zeros((lanes, len(modules), np.size(discount)))
        if saved is not None and _EARNED in saved.arrays:
            self._earned[...] = saved.arrays[_EARNED].reshape(self._earned.shape)

    def normalised(self, windows: Sequence[Trajectory]) -> tuple[list[Trajectory], dict[str, Seen]]:
        """Windows with rewards as modules that normalise learn them, and what the rows of these were like."""
        seen = together([self.look(window) for window in windows])
        return [self._clipped(window) for window in windows], seen

    def look(self, window: Trajectory) -> dict[str, Seen]:
        """What the rows of each module that normalises were like."""
        parts = [part for part in self._parts(window) if part[1].normaliser or part[1].returns]
        if not parts:
            return {}
        earned = self._returns(window)
        observation = self._live.seen(window.observation, window.agent)
        result = {}
        for name, network, rows in parts:
            numbers = network.numbers(tree.take(observation, rows)) if network.normaliser else None
            result[name] = Seen(
                None if numbers is None else Moments.of(numbers),
                Moments.of(earned[rows]) if network.returns else None,
            )
        return result

    def rewards(self, window: Trajectory) -> Floats:
        """The rewards `float64[K, C]`, clipped at 10 deviations of the returns that their module has seen."""
        rewards = self._paid(window)
        for _, network, rows in self._parts(window):
            if network.returns is not None and not network.returns.fresh:
                limit = CLIP * np.asarray(network.value_scale, dtype=np.float64)
                rewards = rewards.copy()
                rewards[rows] = rewards[rows].clip(-limit, limit)
        return rewards

    def _paid(self, window: Trajectory) -> Floats:
        """What is valued by itself, `float64[K, C]`: the terms of the reward, or the reward."""
        return paid(window) if np.ndim(self._discount) else window.reward[:, None]

    def _clipped(self, window: Trajectory) -> Trajectory:
        rewards = self.rewards(window)
        if not np.ndim(self._discount):
            return replace(window, reward=rewards[:, 0])
        terms = zip(window.terms.items(), rewards.T, strict=True)
        return replace(window, terms={name: term._replace(paid=column) for (name, term), column in terms})

    def save(self, lanes: Checkpoint) -> Checkpoint:
        """Matches in progress, and what was earned in them."""
        if not any(network.returns for network in self._live.networks.values()):
            return lanes
        return Checkpoint({**lanes.arrays, _EARNED: self._earned.copy()}, lanes.meta)

    def _parts(self, window: Trajectory) -> list[tuple[str, Network, Ints]]:
        """The modules that have rows in this window, and which."""
        networks = self._live.networks
        return [(name, networks[name], rows) for name, rows in rows_by_module(window, self._modules).items()]

    def _returns(self, window: Trajectory) -> Floats:
        """What each row's agent had earned with it, `float64[K, C]`: its reward, and the discounted earlier ones."""
        rewards = self._paid(window)
        earned = np.zeros(rewards.shape)
        for start, stop in reversed(ticks(window.clock)):
            part = slice(start, stop)
            place = window.lane[part], window.agent[part]
            before = np.where(window.first[part, None], 0.0, self._earned[place])
            earned[part] = self._earned[place] = rewards[part] + self._discount * before
        return earned
