"""External-sampling Monte Carlo CFR: regret minimisation on matches that are played, where the whole tree is too large.

In a traversal one side, the traverser, tries all of its actions; chance and the other sides are drawn. Its regrets take
in what each action came to more. The side after it takes how it plays into its average, wherever it was met. An
iteration is so many traversals of each side, all at once, by the policies that the iteration before left.
Source: Lanctot et al., "Monte Carlo sampling for regret minimization in extensive games", NeurIPS 2009, algorithm of
section 3.3; the average is OpenSpiel's "simple" one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from marl import rng, tabular
from marl.env import Environment
from marl.types import Array, Floats, Ints, Keys
from marl_tabular.lanes import Lanes, Node
from marl_tabular.store import Store
from marl_tabular.traversal import regrets, walk


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
            self._traverse(side, rng.mix(self.seed, self.iterations, side, np.arange(self.traversals)))

    def _traverse(self, side: int, keys: Keys) -> None:
        averaged, met = self.agents[(side + 1) % len(self.agents)], list[Ints]()

        def policy(waiting: Node) -> Floats:
            row = self._rows(waiting)
            played = self.store.policy(row)
            met.append(row)
            if (theirs := waiting.agent == averaged).any():
                np.add.at(self.store.average, row[theirs], played[theirs])
            return played

        levels = walk(self.lanes, self.agents[side], keys, policy)
        for number, gain in regrets(levels):
            np.add.at(self.store.regret, met[number][levels[number].traverser], gain)

    def _rows(self, waiting: Node) -> Ints:
        keys = tabular.agent_keys(waiting.seen, waiting.agent) if self.apart else waiting.seen
        return self.store.rows(keys, waiting.seen, waiting.agent, waiting.mask)

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
