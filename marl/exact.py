"""Sequence form: a whole game with perfect recall as a few arrays, so that exact values are sparse products.

A *sequence* of a player is the list of its own actions on the way to a point of the game; sequence 0 is the empty
one. A *plan* gives each sequence the product of the player's action probabilities along it. Expected returns are
multilinear in the plans, so a mixture of policies is the mixture of their plans, and the best response against fixed
opponents is one pass from the last information sets to the first.

Source: von Stengel, "Efficient computation of behavior strategies", Games and Economic Behavior 14 (1996); Koller,
Megiddo and von Stengel, STOC 1994. Works for any number of players and for general-sum games.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from marl.types import Array, ArrayTree, Bools, Floats, Ints


@dataclass(frozen=True)
class Decisions:
    """One player's information sets (I of them) and sequences (S of them).

    Information sets are ordered so that each comes after those it follows. The actions of information set `i` are
    the sequences `start[i] : start[i] + size[i]`. `parent`: `int64[I]`, the sequence that leads to it. `action`:
    `int64[S]`, the environment's action of each sequence (-1 for sequence 0). `observation`: tree of `[I, ...]`, what
    the agent sees there. `mask`: `bool[I, A]`. `name`: a readable name each.
    """

    parent: Ints
    start: Ints
    size: Ints
    action: Ints
    observation: ArrayTree
    mask: Bools
    name: tuple[str, ...]

    @property
    def sequences(self) -> int:
        """How many there are, the empty one included: S."""
        return len(self.action)

    @cached_property
    def infoset(self) -> Ints:
        """The information set of each sequence, `int64[S]`; -1 for sequence 0."""
        owner = np.full(self.sequences, -1, dtype=np.int64)
        for index, (start, size) in enumerate(zip(self.start, self.size, strict=True)):
            owner[start : start + size] = index
        return owner

    @cached_property
    def layers(self) -> tuple[tuple[Ints, Ints, Bools], ...]:
        """Information sets by depth, the first layer first: `(infosets[n], children[n, W], valid[n, W])`."""
        depth = np.zeros(len(self.parent), dtype=np.int64)
        for index, parent in enumerate(self.parent):
            if parent > 0:
                depth[index] = depth[self.infoset[parent]] + 1
        result = []
        for level in range(int(depth.max(initial=-1)) + 1):
            members = np.flatnonzero(depth == level)
            offsets = np.arange(self.size[members].max())
            valid = offsets < self.size[members][:, None]
            children = np.where(valid, self.start[members][:, None] + offsets, 0)
            result.append((members, children, valid))
        return tuple(result)

    def plan(self, behaviour: Floats) -> Floats:
        """The plan `float64[S]` of a behaviour policy `[I, A]` (rows indexed by the environment's actions)."""
        conditional = np.ones(self.sequences)
        conditional[1:] = behaviour[self.infoset[1:], self.action[1:]]
        plan = conditional.copy()
        for members, children, valid in self.layers:
            reach = plan[self.parent[members]][:, None]
            plan[children[valid]] = (conditional[children] * reach)[valid]
        return plan

    def behaviour(self, plan: Floats) -> Floats:
        """The behaviour policy `[I, A]` of a plan; uniform over legal actions where the plan never goes."""
        reach = plan[self.parent]
        uniform = self.mask / self.mask.sum(axis=1, keepdims=True)
        result = np.zeros(self.mask.shape)
        owner, action = self.infoset[1:], self.action[1:]
        result[owner, action] = plan[1:]
        reached = reach > 0
        result[reached] /= reach[reached, None]
        result[~reached] = uniform[~reached]
        return result

    def uniform(self) -> Floats:
        """The behaviour policy `[I, A]` that plays every legal action alike."""
        return np.asarray(self.mask / self.mask.sum(axis=1, keepdims=True), dtype=np.float64)

    def best(self, gradient: Floats) -> tuple[Floats, float]:
        """The pure plan `[S]` that maximises `gradient @ plan`, and that maximum."""
        chosen, value = self.choices(gradient)
        plan = np.zeros(self.sequences)
        plan[0] = 1.0
        for members, _, _ in self.layers:
            plan[chosen[members]] = plan[self.parent[members]]
        return plan, value

    def choices(self, gradient: Floats) -> tuple[Ints, float]:
        """The best sequence of every information set, `int64[I]`, also where the own play never goes, and the maximum.

        Of actions that are equal but for rounding the first wins, so that the answer is the same on every machine.
        """
        value = gradient.copy()
        rounding = 1e-9 * float(np.abs(gradient).max(initial=0.0))
        chosen = np.zeros(len(self.parent), dtype=np.int64)
        for members, children, valid in reversed(self.layers):
            options = np.where(valid, value[children], -np.inf)
            highest = options.max(axis=1)
            first = (options >= highest[:, None] - rounding).argmax(axis=1)
            chosen[members] = children[np.arange(len(members)), first]
            np.add.at(value, self.parent[members], highest)
        return chosen, float(value[0])


@dataclass(frozen=True)
class SequenceForm:
    """A game of N players with Z distinct payoffs.

    `players`: the decisions of each. `sequence`: `int64[Z, N]`, the sequences that meet there. `payoff`:
    `float64[Z, N]`, the returns times the probability of chance, summed where the same sequences meet. `end`:
    `int64[E, N]`, the sequences that meet where matches end, whatever they pay; `chance`: `float64[E]`, how likely it
    is that chance lets a match end there; None where whoever walked the game did not say.
    """

    players: tuple[Decisions, ...]
    sequence: Ints
    payoff: Floats
    end: Ints | None = None
    chance: Floats | None = None

    @staticmethod
    def build(
        players: Sequence[Decisions], sequence: Array, payoff: Array, chance: Array | None = None
    ) -> SequenceForm:
        """Sum the payoffs of terminals whose sequences are the same; drop those that are zero for everyone.

        `chance`: the probability of chance at each terminal, where it is known apart from what is paid there.
        """
        meeting, where = np.unique(np.asarray(sequence, dtype=np.int64), axis=0, return_inverse=True)
        total = np.zeros((len(meeting), len(players)))
        np.add.at(total, where.reshape(-1), np.asarray(payoff, dtype=np.float64))
        kept = (total != 0).any(axis=1)
        form = SequenceForm(tuple(players), meeting[kept], total[kept])
        if chance is None:
            return form
        likely = np.zeros(len(meeting))
        np.add.at(likely, where.reshape(-1), np.asarray(chance, dtype=np.float64))
        return replace(form, end=meeting, chance=likely)

    def returns(self, plans: Sequence[Floats]) -> Floats:
        """Expected returns `float64[N]` when player `n` follows `plans[n]`."""
        reach = np.ones(len(self.sequence))
        for column, plan in enumerate(plans):
            reach *= plan[self.sequence[:, column]]
        return np.asarray(reach @ self.payoff)

    def gradient(self, player: int, plans: Sequence[Floats], of: int | None = None) -> Floats:
        """What each sequence of `player` is worth to player `of` (itself by default), `float64[S]`.

        `gradient @ plan` is the expected return; `plans[player]` is not read.
        """
        worth = self.payoff[:, player if of is None else of].copy()
        for column, plan in enumerate(plans):
            if column != player:
                worth *= plan[self.sequence[:, column]]
        size = self.players[player].sequences
        return np.asarray(np.bincount(self.sequence[:, player], weights=worth, minlength=size), dtype=np.float64)

    def best_response(self, player: int, plans: Sequence[Floats]) -> tuple[Floats, float]:
        """A pure best response (a plan `[S]`) of `player` to the others' plans, and its value."""
        return self.players[player].best(self.gradient(player, plans))

    def nash_conv(self, plans: Sequence[Floats]) -> float:
        """NashConv: what the players could gain, summed over players; 0 exactly at a Nash equilibrium.

        Source: Lanctot et al., "A unified game-theoretic approach to multiagent RL", NeurIPS 2017.
        """
        current = self.returns(plans)
        return sum(self.best_response(n, plans)[1] - float(current[n]) for n in range(len(self.players)))
