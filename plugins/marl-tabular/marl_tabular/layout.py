"""One player's decisions as a grid, so that a pass over the tree is a few operations on whole arrays.

Column `i` of a grid `[W, I]` is an information set, row `k` its `k`-th action (W: the most that any has). Columns are
sorted by depth and, within a depth, by the sequence that leads there. A *flat* array `[W * I + 1]` is a grid and, last,
the empty sequence; the place of a sequence in it is its *slot*. Slots without a sequence hold 0 in plans and policies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.exact import Decisions
from marl.types import Bools, Floats, Ints


@dataclass(frozen=True)
class Layer:
    """The columns `begin : end` of one depth, n of them.

    `parent`: `int64[n]`, the slots that lead there. `above`: those slots, each once; `first`: where each begins.
    """

    begin: int
    end: int
    parent: Ints
    above: Ints
    first: Ints


class Layout:
    """Where a player's decisions stand. `mask`: `bool[W, I]`, where there is an action. `uniform`: every one alike."""

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions
        self.infosets, self.width = len(decisions.parent), int(decisions.size.max(initial=1))
        self.size = self.width * self.infosets + 1
        column = np.empty(self.infosets, dtype=np.int64)
        layers, begin = [], 0
        for members, _, _ in decisions.layers:
            members = members[np.argsort(decisions.parent[members], kind="stable")]
            column[members] = np.arange(begin, begin + len(members))
            layers.append(members)
            begin += len(members)
        self.slots = self._slots(decisions, column)
        self.layers = tuple(self._layer(decisions, column, members) for members in layers)
        placed = np.zeros(self.size, dtype=np.bool_)
        placed[self.slots[1:]] = True
        self.mask: Bools = placed[:-1].reshape(self.width, self.infosets)
        self.full = bool(self.mask.all())
        self.uniform: Floats = self.mask / np.maximum(self.mask.sum(axis=0), 1)

    def _slots(self, decisions: Decisions, column: Ints) -> Ints:
        """The slot of each sequence, `int64[S]`."""
        owner = decisions.infoset[1:]
        action = np.arange(1, decisions.sequences) - decisions.start[owner]
        return np.concatenate([[self.size - 1], action * self.infosets + column[owner]])

    def _layer(self, decisions: Decisions, column: Ints, members: Ints) -> Layer:
        parent = self.slots[decisions.parent[members]]
        first = np.flatnonzero(np.concatenate([[True], parent[1:] != parent[:-1]]))
        begin = int(column[members[0]])
        return Layer(begin, begin + len(members), parent, parent[first], first)

    def grid(self, flat: Floats) -> Floats:
        """The grid `[W, I]` of a flat array: a view."""
        return flat[:-1].reshape(self.width, self.infosets)

    def spread(self, values: Floats) -> Floats:
        """A flat array of what each sequence has, `float64[S]`."""
        flat = np.zeros(self.size)
        flat[self.slots] = values
        return flat

    def gather(self, flat: Floats) -> Floats:
        """What each sequence has, `float64[S]`, of a flat array."""
        return np.asarray(flat[self.slots])


class Passes:
    """The two passes over a player's tree, with room of their own: nothing is allocated in an iteration."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._room = np.empty((layout.width, layout.infosets))
        self._reach = np.empty(layout.infosets)
        self.value: Floats = np.empty(layout.infosets)

    def plan(self, policy: Floats, plan: Floats) -> None:
        """Write the plan of a policy (a grid) into `plan` (flat): from the first decisions to the last."""
        plan[-1] = 1.0
        grid = self.layout.grid(plan)
        for layer in self.layout.layers:
            columns = slice(layer.begin, layer.end)
            reach = self._reach[columns]
            np.take(plan, layer.parent, out=reach, mode="clip")
            np.multiply(policy[:, columns], reach, out=grid[:, columns])

    def values(self, policy: Floats, gradient: Floats) -> Floats:
        """What each information set is worth under a policy (a grid), `float64[I]`: from the last to the first.

        `gradient` (flat) is what each sequence is worth where the match ends right after it. What follows is added to
        it, so that it then holds the counterfactual value of every action.
        """
        grid = self.layout.grid(gradient)
        for layer in reversed(self.layout.layers):
            columns = slice(layer.begin, layer.end)
            room = np.multiply(policy[:, columns], grid[:, columns], out=self._room[:, columns])
            value = np.add.reduce(room, axis=0, out=self.value[columns])
            gradient[layer.above] += np.add.reduceat(value, layer.first)
        return self.value
