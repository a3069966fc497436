"""Magnetic mirror descent on the sequence form: the last policy converges, not an average.

An iteration moves every side towards what earns more, and towards its magnet. With g what each sequence is worth, pi
the policy and rho the magnet, every action of an information set scores

    (eta * g + log pi + eta * alpha * log rho) / (1 + eta * alpha)  +  what its later information sets come to

and an information set comes to the log of the sum of its scores' exponentials: the policy is their softmax. At first
log rho is 0, which pulls towards the plan of the largest entropy. With a magnet that stays so, the policy goes to a
quantal response equilibrium of the reduced normal form, the nearer to a Nash equilibrium the smaller alpha is; a magnet
that becomes the policy every so often takes it to a Nash equilibrium itself.
Sources: Sokota et al., "A unified approach to reinforcement learning, quantal response equilibria, and two-player
zero-sum games", ICLR 2023 (with the dilated entropy); for the magnet that moves, Perolat et al., "From Poincare
recurrence to convergence in imperfect information games", ICML 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marl.job import Job
from marl.registry.ranges import at_least
from marl.types import Floats
from marl_tabular.algorithm import Params, TreeAlgorithm
from marl_tabular.game import LearnersGame
from marl_tabular.layout import Layout, Passes
from marl_tabular.moving import Moving


@dataclass
class MirrorParams(Params):
    """How far an iteration goes, and what holds it."""

    eta: float = 3.0
    """The step size."""
    alpha: float = 0.03
    """How strongly the magnet pulls."""
    magnet_every: int = 100
    """The magnet becomes the policy after so many iterations; 0: it never does."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "alpha", "magnet_every")
        at_least(self, 1e-9, "eta")


class Logits:
    """One side's tables, flat arrays (see `Layout`): `policy` and `magnet` are logarithms, `plan` is the policy's."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        with np.errstate(divide="ignore"):
            self.policy = np.log(layout.uniform)
        self.magnet, self.plan = np.zeros(layout.size), np.zeros(layout.size)
        self._probability = np.empty(layout.size)
        self._passes = Passes(layout, self._probability, self.plan)
        self.play()

    def play(self) -> None:
        """Bring the plan up to the policy."""
        np.exp(self.policy, out=self._probability)
        self._passes.plan()

    def move(self, gradient: Floats, eta: float, alpha: float) -> None:
        """One step; `gradient` is used up."""
        gradient *= eta
        gradient[:-1] += self.policy[:-1]
        if alpha:
            gradient += eta * alpha * self.magnet
        gradient /= 1.0 + eta * alpha
        for layer in reversed(self.layout.layers):
            score = layer.of(gradient)
            highest = score.max(axis=0)
            total = highest + np.log(np.exp(score - highest).sum(axis=0))
            layer.of(self.policy)[:] = score - total
            gradient[layer.above] += np.add.reduceat(total, layer.starts)
        self.play()


class MirrorDescent(Moving[Logits]):
    """The sides `sides` of a game, moving together from iteration to iteration."""

    kept = ("policy", "magnet")

    def __init__(self, game: LearnersGame, sides: Sequence[int], params: MirrorParams) -> None:
        super().__init__(game, {side: Logits(game.layouts[side]) for side in sides})
        self.params = params

    def iterate(self) -> None:
        """One iteration: all sides at once."""
        self.iterations += 1
        every = self.params.magnet_every
        gradients = {side: self.game.gradient(side, self._plans) for side in self.tables}
        for side, table in self.tables.items():
            table.move(gradients[side], self.params.eta, self.params.alpha)
            if every and self.iterations % every == 0:
                table.magnet[:] = table.policy


class MagneticMirrorDescent(TreeAlgorithm):
    """MMD."""

    parameters: ClassVar[type[Params]] = MirrorParams

    def __init__(self, params: MirrorParams | None = None) -> None:
        self.mirror = params or MirrorParams()
        super().__init__(self.mirror)

    def solver(self, game: LearnersGame, job: Job) -> MirrorDescent:
        """See `TreeAlgorithm`."""
        return MirrorDescent(game, job.sides, self.mirror)
