"""Many search trees at once, as arrays: a simulation goes down all of them in step, and no node is a Python object.

B trees have room for M nodes each. Node i of tree b has the number `b * M + i` in every array here, and its position is
the match in the lane of that number: to try an action is to copy a lane and to step the copy, once, whatever comes
through the node later. The root of tree b is `b * M`. An *edge* is a node and an action, `node * A + action`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from marl.types import Array, Bools, Floats, Ints


class Rule(Protocol):
    """Which action a simulation takes at a node."""

    def scores(self, trees: Trees, node: Ints) -> Array:
        """How good each action looks at `node[K]`, `[K, A]`; whether it is legal is seen to elsewhere."""


@dataclass(frozen=True)
class Descent:
    """Where a simulation went in the trees `tree[B]`.

    `levels`: for each depth, the places `int64[K]` in `tree` of those that came so far, and the edges they took.
    `edge`: `int64[B]`, the last edge of each. `node`: `int64[B]`, where it led: to a node where the match is over, or
    -1, to where nobody has been.
    """

    tree: Ints
    levels: list[tuple[Ints, Ints]]
    edge: Ints
    node: Ints


class Trees:
    """B trees with room for M nodes, A actions, S sides. Values are those of the side that moves at the node, -1 to 1.

    By edge: `child` `int32[B * M, A]`, -1 where nobody has been; `visits`, `total` (the sum of the values that came
    back), `prior`: `float32[B * M, A]`; `barred`: 0, or minus infinity where the action is illegal; `proven`: the value
    of the action under perfect play from there on, NaN while unknown.

    By node: `agent`, `side`: `int64[B * M]`, who moves; `over`: `bool[B * M]`; `earned`: `float64[B * M, S]`, what
    every side has earned since the root; `outcome`: `float64[B * M, S]`, what is proven, NaN while nothing is.
    `used`: `int64[B]`, how many nodes each tree has.
    """

    def __init__(self, trees: int, nodes: int, actions: int, sides: int) -> None:
        self.nodes, self.actions, room = nodes, actions, trees * nodes
        self.child: Array = np.full((room, actions), -1, dtype=np.int32)
        self.visits, self.total, self.prior, self.barred, self.proven, self.tie = (
            np.zeros((room, actions), dtype=np.float32) for _ in range(6)
        )
        self.agent: Ints = np.zeros(room, dtype=np.int64)
        self.side: Ints = np.zeros(room, dtype=np.int64)
        self.over: Bools = np.zeros(room, dtype=np.bool_)
        self.earned: Floats = np.zeros((room, sides))
        self.outcome: Floats = np.zeros((room, sides))
        self.used: Ints = np.zeros(trees, dtype=np.int64)

    def plant(self, trees: int) -> Ints:
        """The first so many trees are nothing but roots again, whose numbers these are."""
        root = np.arange(trees) * self.nodes
        self.used[:trees] = 1
        self.clear(root)
        return root

    def clear(self, node: Ints) -> None:
        """Nobody has been anywhere below `node[K]`."""
        self.child[node], self.visits[node], self.total[node] = -1, 0, 0
        self.proven[node], self.outcome[node] = np.nan, np.nan
        self.over[node], self.earned[node] = False, 0

    def open(self, node: Ints, agent: Ints, side: Ints, mask: Bools, tie: Floats) -> None:
        """`agent[K]` of `side[K]` moves at `node[K]`, and may do what `mask[K, A]` says.

        `tie`: `float64[K]` in [0, 1): which of actions that look alike comes first.
        """
        self.agent[node], self.side[node] = agent, side
        self.barred[node] = np.where(mask, np.float32(0), np.float32(-np.inf))
        self.tie[node] = (tie[:, None] + np.arange(self.actions) * 0.6180339887498949) % 1.0

    def descend(self, tree: Ints, rule: Rule) -> Descent:
        """Go down `tree[B]` from its root, by the rule, until a match is over or nobody has been there."""
        at, edge = tree * self.nodes, np.zeros(len(tree), dtype=np.int64)
        which, levels = np.arange(len(tree)), []
        child = self.child.reshape(-1)
        while len(which):
            node = at[which]
            scores = rule.scores(self, node)
            scores += self.barred.take(node, axis=0)
            taken = node * self.actions + scores.argmax(axis=1)
            levels.append((which, taken))
            edge[which] = taken
            following = child.take(taken)
            at[which] = following
            which = which[(following >= 0) & ~self.over.take(following)]
        return Descent(tree, levels, edge, at)

    def grow(self, tree: Ints, edge: Ints) -> Ints:
        """New nodes at the end of `edge[K]` in `tree[K]`, which differ: their numbers."""
        node = tree * self.nodes + self.used[tree]
        self.used[tree] += 1
        self.clear(node)
        self.child.reshape(-1)[edge] = node
        return node

    def back_up(self, descent: Descent, values: Floats) -> None:
        """Count a simulation that came to `values[B, S]`, in every edge that it took."""
        visits, total = self.visits.reshape(-1), self.total.reshape(-1)
        sides = values.shape[1]
        flat = values.reshape(-1)
        for which, edge in descent.levels:
            visits[edge] += 1
            total[edge] += flat.take(which * sides + self.side.take(edge // self.actions))

    def prove(self, descent: Descent, known: Ints) -> None:
        """What follows from matches that ended: `known[K]` are places in the descent whose last node is proven.

        A node is proven where an action is as good as can be, or all are proven. Source: Winands, Bjornsson and Saito,
        "Monte-Carlo tree search solver", CG 2008.
        """
        proven = np.zeros(len(descent.tree), dtype=np.bool_)
        proven[known] = True
        for which, edge in reversed(descent.levels):
            here = proven[which]
            if not here.any():
                continue
            which, (node, action) = which[here], np.divmod(edge[here], self.actions)
            outcome = self.outcome[self.child[node, action]]
            self.proven[node, action] = outcome[np.arange(len(node)), self.side[node]]
            value = np.where(self.barred[node] < 0, -np.inf, self.proven[node])
            settled = (np.nanmax(value, axis=1) >= 1) | ~np.isnan(value).any(axis=1)
            proven[which] = settled
            node, value = node[settled], value[settled]
            if len(node):
                self.outcome[node] = self.outcome[self.child[node, np.nanargmax(value, axis=1)]]

    def best(self, root: Ints) -> Ints:
        """The action to play at `root[K]`: what is proven to win, else what was tried most often; not a proven loss."""
        order = np.nan_to_num(self.proven[root].astype(np.float64)) * 1e9 + self.visits[root]
        mean = self.total[root] / np.maximum(self.visits[root], 1)
        return np.asarray((order + 0.25 * mean + self.barred[root]).argmax(axis=1))
