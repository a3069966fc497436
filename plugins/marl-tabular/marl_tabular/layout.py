"""One player's decisions as grids, so that a pass over the tree is a few operations on whole arrays.

Column `i` of a grid `[W, I]` is an information set, row `k` its `k`-th action (W: the most that any has). Columns are
sorted by depth and, within a depth, by the sequence that leads there. Where information sets have so different numbers
of actions that most of one grid would be empty, there is a grid for each power of two, a *block*. A *flat* array is all
blocks and, last, the empty sequence; the place of a sequence in it is its *slot*. Slots without a sequence hold 0 in
plans and policies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from marl.exact import Decisions
from marl.types import Bools, Floats, Ints

SPARSE = 0.5  # a smaller part of a grid being in use makes blocks worth their while


@dataclass(frozen=True)
class Block:
    """A grid from slot `begin` of flat arrays on. `first`: how many columns the blocks before it have."""

    width: int
    columns: int
    begin: int
    first: int

    def of(self, flat: Floats) -> Floats:
        """Its part of a flat array: a view `[W, I]`."""
        return flat[self.begin : self.begin + self.width * self.columns].reshape(self.width, self.columns)


@dataclass(frozen=True)
class Layer:
    """The columns `begin : end` of a block that have one depth, n of them.

    `parent`: `int64[n]`, the slots that lead there. `above`: those slots, each once; `starts`: where each begins.
    """

    block: Block
    begin: int
    end: int
    parent: Ints
    above: Ints
    starts: Ints

    def of(self, flat: Floats) -> Floats:
        """Its part of a flat array: a view `[W, n]`."""
        return self.block.of(flat)[:, self.begin : self.end]

    def sets(self, values: Floats) -> Floats:
        """Its part of what every information set has: a view `[n]`."""
        return values[self.block.first + self.begin : self.block.first + self.end]


class Layout:
    """Where a player's decisions stand, `size` slots in all.

    `slots`: `int64[S]`, of each sequence. `mask`: `bool[size]`, where there is an action; `full`: everywhere.
    `uniform`: `float64[size]`, every action alike.
    """

    def __init__(self, decisions: Decisions) -> None:
        self.decisions, self.infosets = decisions, len(decisions.parent)
        kind = blocks_of(decisions.size)
        depth = np.zeros(self.infosets, dtype=np.int64)
        for level, (members, _, _) in enumerate(decisions.layers):
            depth[members] = level
        order = np.lexsort((decisions.parent, depth, kind))
        column = np.empty(self.infosets, dtype=np.int64)  # within its block
        blocks: list[Block] = []
        begin = first = 0
        for members in np.split(order, np.flatnonzero(np.diff(kind[order])) + 1) if self.infosets else []:
            block = Block(int(decisions.size[members].max()), len(members), begin, first)
            column[members] = np.arange(len(members))
            begin, first = begin + block.width * block.columns, first + block.columns
            blocks.append(block)
        self.blocks, self.size = tuple(blocks), begin + 1
        self.slots = self._slots(kind, column)
        self.layers = self._layers(order, kind, depth, column)
        self.mask: Bools = np.zeros(self.size, dtype=np.bool_)
        self.mask[self.slots[1:]] = True
        self.full = bool(self.mask[:-1].all())
        self.uniform: Floats = np.zeros(self.size)
        self.uniform[self.slots[1:]] = 1.0 / decisions.size[decisions.infoset[1:]]

    def _slots(self, kind: Ints, column: Ints) -> Ints:
        owner = self.decisions.infoset[1:]
        action = np.arange(1, self.decisions.sequences) - self.decisions.start[owner]
        begin = np.array([block.begin for block in self.blocks], dtype=np.int64)
        columns = np.array([block.columns for block in self.blocks], dtype=np.int64)
        inside = action * columns[kind[owner]] + column[owner]
        return np.concatenate([[self.size - 1], begin[kind[owner]] + inside])

    def _layers(self, order: Ints, kind: Ints, depth: Ints, column: Ints) -> tuple[Layer, ...]:
        """All layers of the first depth, then all of the next."""
        layers = []
        for level in range(int(depth.max(initial=-1)) + 1):
            at = order[depth[order] == level]
            for number, block in enumerate(self.blocks):
                if not len(members := at[kind[at] == number]):
                    continue
                parent = self.slots[self.decisions.parent[members]]
                starts = np.flatnonzero(np.concatenate([[True], parent[1:] != parent[:-1]]))
                begin = int(column[members[0]])
                layers.append(Layer(block, begin, begin + len(members), parent, parent[starts], starts))
        return tuple(layers)

    def spread(self, values: Floats) -> Floats:
        """A flat array of what each sequence has, `float64[S]`."""
        flat = np.zeros(self.size)
        flat[self.slots] = values
        return flat

    def gather(self, flat: Floats) -> Floats:
        """What each sequence has, `float64[S]`, of a flat array."""
        return np.asarray(flat[self.slots])


def blocks_of(size: Ints) -> Ints:
    """The block of each information set, `int64[I]`, by how many actions it has."""
    if not len(size) or size.mean() >= SPARSE * size.max():
        return np.zeros(len(size), dtype=np.int64)
    _, kind = np.unique(np.ceil(np.log2(size)), return_inverse=True)
    return np.asarray(kind.reshape(-1), dtype=np.int64)


class Passes:
    """The two passes over a player's tree under a `policy`, of which `plan` is the plan; both are flat, and kept.

    Views of all arrays are made once, and nothing is allocated: in small games that is most of the time.
    """

    def __init__(self, layout: Layout, policy: Floats, plan: Floats) -> None:
        self.layout, self._flat = layout, plan
        self.value: Floats = np.empty(layout.infosets)
        room, reach = np.empty(layout.size), np.empty(layout.infosets)
        self._each = [
            (layer, layer.of(policy), layer.of(plan), layer.of(room), layer.sets(reach), layer.sets(self.value))
            for layer in layout.layers
        ]
        self._flat[-1] = 1.0

    def plan(self) -> None:
        """Bring the plan up to the policy: from the first decisions to the last."""
        for layer, policy, plan, _, reach, _ in self._each:
            np.take(self._flat, layer.parent, out=reach, mode="clip")
            np.multiply(policy, reach, out=plan)

    def values(self, gradient: Floats) -> Floats:
        """What each information set is worth under the policy, `float64[I]`, from the last decisions to the first.

        `gradient` (flat) is what each sequence is worth where the match ends right after it. What follows is added to
        it, so that it then holds the counterfactual value of every action.
        """
        for layer, policy, _, room, _, value in reversed(self._each):
            np.multiply(policy, layer.of(gradient), out=room)
            np.add.reduce(room, axis=0, out=value)
            gradient[layer.above] += np.add.reduceat(value, layer.starts)
        return self.value
