"""External-sampling Monte Carlo CFR: regret minimisation on matches that are played, where the whole tree is too large.

In a traversal one side, the traverser, tries all of its actions; chance and the other sides are drawn. Its regrets take
in what each action came to more. The side after it takes how it plays into its average, wherever it was met. An
iteration is so many traversals of each side, all at once, by the policies that the iteration before left.
Source: Lanctot et al., "Monte Carlo sampling for regret minimization in extensive games", NeurIPS 2009, algorithm of
section 3.3; the average is OpenSpiel's "simple" one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from marl import rng, tabular
from marl.env import Environment
from marl.types import Array, Bools, Floats, Ints, Keys
from marl_tabular.lanes import Lanes, Node
from marl_tabular.store import Store


@dataclass(frozen=True)
class Level:
    """What was tried after the same number of actions. K matches waited for somebody, and E actions were taken.

    `row`: `int64[K]`, of the store. `policy`: `float64[K, A]`. `traverser`: `bool[K]`. `node`, `action`, `child`:
    `int64[E]`: where each action was taken, and which match of the next level it led to, -1 where it ended.
    `reward`: `float64[E]`, the traverser's.
    """

    row: Ints
    policy: Floats
    traverser: Bools
    node: Ints
    action: Ints
    child: Ints
    reward: Floats


class ExternalSampling:
    """All sides of an environment, learning together. `agents`: the agent of each side; `apart`: tables by agent."""

    def __init__(
        self,
        make: Callable[[int], Environment],
        actions: int,
        agents: tuple[int, ...],
        apart: bool,
        traversals: int,
        seed: int,
    ) -> None:
        self.lanes, self.store = Lanes(make, actions), Store(actions)
        self.agents, self.apart, self.traversals, self.seed = agents, apart, traversals, seed
        self.iterations = 0

    def iterate(self) -> None:
        """So many traversals of every side."""
        self.iterations += 1
        for side in range(len(self.agents)):
            seeds = rng.mix(self.seed, self.iterations, side, np.arange(self.traversals))
            value = np.zeros(0)
            for level in reversed(self._walk(side, seeds)):
                value = self._learn(level, value)

    def _walk(self, side: int, keys: Keys) -> list[Level]:
        """Try, level by level. `keys`: of each match, whatever is drawn in it."""
        traverser, averaged = self.agents[side], self.agents[(side + 1) % len(self.agents)]
        waiting, levels = self.lanes.begin(keys), []
        while len(waiting):
            row = self._rows(waiting)
            policy = self.store.policy(row)
            own = waiting.agent == traverser
            if (met := waiting.agent == averaged).any():
                np.add.at(self.store.average, row[met], policy[met])
            tried = waiting.mask & own[:, None]
            drawn = np.flatnonzero(~own)
            tried[drawn, rng.choose(keys[drawn], policy[drawn])] = True
            node, action = np.nonzero(tried)
            lane = self.lanes.fork(waiting.lane, tried.sum(axis=1))
            rewards, done, following = self.lanes.step(lane, waiting.agent[node], action)
            child = np.full(len(lane), -1)
            child[~done] = np.arange(len(following))
            levels.append(Level(row, policy, own, node, action, child, rewards[:, traverser]))
            waiting, keys = following, rng.extend(keys[node], action)[~done]
        return levels

    def _rows(self, waiting: Node) -> Ints:
        keys = tabular.agent_keys(waiting.seen, waiting.agent) if self.apart else waiting.seen
        return self.store.rows(keys, waiting.seen, waiting.agent, waiting.mask)

    def _learn(self, level: Level, following: Floats) -> Floats:
        """What a level's matches are worth to the traverser, `float64[K]`, from those of the next level."""
        came = level.reward.copy()
        goes_on = level.child >= 0
        came[goes_on] += following[level.child[goes_on]]
        worth = np.zeros_like(level.policy)
        worth[level.node, level.action] = came
        own = level.traverser
        value = np.where(own, (worth * level.policy).sum(axis=1), worth.sum(axis=1))
        gain = (worth - value[:, None])[own] * self.store.mask[level.row[own]]
        np.add.at(self.store.regret, level.row[own], gain)
        return np.asarray(value)

    def save(self) -> dict[str, Array]:
        """All that the next iteration depends on, beside `iterations`."""
        return self.store.save()

    def fits(self, saved: Mapping[str, Array]) -> bool:
        """Whether these are tables of as many actions."""
        own = {name: array.shape[1:] for name, array in self.save().items()}
        return own == {name: array.shape[1:] for name, array in saved.items()}

    def load(self, saved: Mapping[str, Array], iterations: int) -> None:
        """Go on from what `save` gave."""
        self.store.load(saved)
        self.iterations = iterations
