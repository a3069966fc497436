"""The search: from matches in progress to how often each action was tried, in as many simulations as wanted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from marl import rng
from marl.env import Rows, Searchable
from marl.types import Array, Bools, Floats, Ints, Keys
from marl_search.evaluator import Evaluator
from marl_search.game import Facts
from marl_search.trees import Descent, Rule, Trees

_LANES = 1 << 16  # positions that are held at once: more matches are searched one batch after the other


@dataclass(frozen=True)
class Found:
    """What a search found for K positions. `visits`: `float32[K, A]`, how often each action was tried.

    `action`: `int64[K]`, the best. `value`: `float64[K]`, what the mover may expect, -1 to 1. `certain`: `bool[K]`,
    whether that is proven. `simulations`: how many there were, over all positions (fewer where everything is proven).
    """

    visits: Array
    action: Ints
    value: Floats
    certain: Bools
    simulations: int


class Search:
    """Searches positions of one game. It keeps its arrays from one call to the next, and nothing else.

    `prove`: whether what is certain is told from what is likely, and is not searched further.
    """

    def __init__(self, facts: Facts, rule: Rule, evaluator: Evaluator, simulations: int, prove: bool) -> None:
        self.facts, self.rule, self.evaluator = facts, rule, evaluator
        self.simulations, self.prove = simulations, prove
        self._side_of = facts.spec.side_of
        self._trees: Trees | None = None
        self._matches: Searchable | None = None

    def __call__(self, rows: Rows, matches: Searchable, keys: Keys, noise: Array | None = None) -> Found:
        """Search the matches in `rows.lane[K]`. `noise`: `float32[K, A]`, mixed into the priors of roots by a quarter.

        What is found for a position follows from it and its key.
        """
        most = max(1, _LANES // (self.simulations + 1))
        parts = [slice(start, start + most) for start in range(0, len(rows), most)]
        found = [
            self._searched(rows.take(part), matches, keys[part], None if noise is None else noise[part])
            for part in parts
        ]
        names = ("visits", "action", "value", "certain")
        columns = {name: np.concatenate([getattr(one, name) for one in found]) for name in names}
        return Found(**columns, simulations=sum(one.simulations for one in found))

    def _searched(self, rows: Rows, origin: Searchable, keys: Keys, noise: Array | None) -> Found:
        trees, matches = self._room(len(rows), origin)
        root = trees.plant(len(rows))
        matches.copy_from(origin, rows.lane, root)
        self._judge(trees, matches, replace(rows, lane=root), keys)
        if noise is not None:
            trees.prior[root] = 0.75 * trees.prior[root] + 0.25 * noise
        tree, done = np.arange(len(rows)), 0
        for number in range(self.simulations):
            if self.prove:
                tree = tree[np.isnan(trees.outcome[tree * trees.nodes, 0])]
                if not len(tree):
                    break
            done += len(tree)
            self._simulate(trees, matches, tree, rng.extend(keys[tree], number))
        visits = trees.visits[root]
        mean = trees.total[root].sum(axis=1) / np.maximum(visits.sum(axis=1), 1)
        certain = trees.outcome[root, trees.side[root]]
        value = np.where(np.isnan(certain), mean, certain)
        return Found(visits, trees.best(root), value, ~np.isnan(certain), done)

    def _room(self, count: int, origin: Searchable) -> tuple[Trees, Searchable]:
        """Trees and lanes for so many positions."""
        nodes = self.simulations + 1
        if self._trees is None or self._matches is None or len(self._trees.used) < count:
            self._trees = Trees(count, nodes, self.facts.actions, len(self.facts.spec.sides))
            self._matches = origin.sized(count * nodes)
        return self._trees, self._matches

    def _simulate(self, trees: Trees, matches: Searchable, tree: Ints, keys: Keys) -> None:
        """One simulation in each of `tree[K]`."""
        descent = trees.descend(tree, self.rule)
        values = np.empty((len(tree), trees.earned.shape[1]))
        old = descent.node >= 0
        values[old] = trees.outcome[descent.node[old]]
        new = np.flatnonzero(~old)
        if len(new):
            values[new] = self._expand(trees, matches, descent, new, keys[new])
        trees.back_up(descent, values)
        if self.prove:
            ended = trees.over[trees.child.reshape(-1)[descent.edge]]
            trees.prove(descent, np.flatnonzero(ended))

    def _expand(self, trees: Trees, matches: Searchable, descent: Descent, new: Ints, keys: Keys) -> Floats:
        """New nodes in the trees at the places `new[K]` of a descent, and what they are worth, `float64[K, S]`."""
        edge = descent.edge[new]
        parent, action = np.divmod(edge, trees.actions)
        node = trees.grow(descent.tree[new], edge)
        matches.copy_from(matches, parent, node)
        step = matches.step(node, self._actions(trees.agent[parent], action))
        trees.earned[node] = trees.earned[parent] + step.rewards @ self.facts.sides
        over = node[step.done]
        trees.over[over] = True
        trees.outcome[over] = self.facts.scaled(trees.earned[over])
        values = trees.outcome[node]
        place = np.zeros(len(trees.over), dtype=np.int64) if len(self.facts.spec.groups) > 1 else None
        for rows in step.turn:
            if rows is None or not len(rows):
                continue
            if place is None:
                where = np.flatnonzero(~step.done)
            else:
                place[node] = np.arange(len(node))
                where = place[rows.lane]
            values[where] = self._judge(trees, matches, rows, keys[where])
        return np.asarray(values)

    def _judge(self, trees: Trees, matches: Searchable, rows: Rows, keys: Keys) -> Floats:
        """Open the nodes of these rows; what they are worth, `float64[K, S]`."""
        node, side = rows.lane, self._side_of[rows.agent]
        trees.open(node, rows.agent, side, self.facts.legal(rows), rng.uniform(keys))
        judged = self.evaluator.judge(matches, rows, keys)
        if judged.priors is not None:
            trees.prior[node] = judged.priors
        return judged.values

    def _actions(self, agent: Ints, action: Ints) -> list[Array | None]:
        """By group, the actions of those lanes in which one of its agents moves."""
        spec = self.facts.spec
        if len(spec.groups) == 1:
            return [action]
        group = spec.group_of[agent]
        parts = [action[group == number] for number in range(len(spec.groups))]
        return [part if len(part) else None for part in parts]
