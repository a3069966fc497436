"""Regularised Nash dynamics on the tree: rewards that pull towards a reference make the last policy converge.

The game is changed by a reference policy rho: whoever takes an action a of an information set where it plays pi earns
eta * log(pi(a) / rho(a)) less, and the other side as much more, so sums stay zero. In the changed game the dynamics
below converge to its one equilibrium, instead of going round in circles; the policy that was reached there becomes the
reference, and so on: what all of this goes to is a Nash equilibrium of the game itself.

The dynamics are those of NeuRD, exactly: the logits of an information set move by `rate` times what each action is
worth more than the policy there (given that it is reached), in the changed game. Logits that are further than
`threshold` from their mean move no further, so no action is ever out of reach.

Sources: Perolat et al., "From Poincare recurrence to convergence in imperfect information games", ICML 2021; Perolat et
al., "Mastering the game of Stratego with model-free multiagent reinforcement learning", Science 378 (2022); Hennes et
al., "Neural replicator dynamics", AAMAS 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from marl.errors import UserError
from marl.job import Job
from marl.registry.ranges import at_least
from marl.types import Array, Floats
from marl_tabular.algorithm import Params, TreeAlgorithm
from marl_tabular.game import LearnersGame
from marl_tabular.layout import Layout, Passes
from marl_tabular.moving import Moving


@dataclass
class DynamicsParams(Params):
    """How far an iteration goes, and what holds it."""

    rate: float = 0.1
    """How far logits move in an iteration, for each unit of what an action is worth more."""
    eta: float = 0.5
    """What the logarithm of the ratio to the reference costs."""
    reference_every: int = 100
    """The reference becomes the policy after so many iterations; 0: it never does."""
    threshold: float = 6.0
    """How far from their mean the logits of an information set are pushed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "eta", "reference_every")
        at_least(self, 1e-9, "rate", "threshold")


class Logits:
    """One side's tables, flat arrays (see `Layout`): `logit`, the logarithms `policy` and `reference`, and `plan`."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.logit, self.plan, self.policy = (np.zeros(layout.size) for _ in range(3))
        self._probability = np.zeros(layout.size)
        self._passes = Passes(layout, self._probability, self.plan)
        self.play()
        self.reference = self.policy.copy()

    def play(self) -> None:
        """Bring policy and plan up to the logits."""
        for block in self.layout.blocks:
            legal = block.of(self.layout.mask)
            logit = np.where(legal, block.of(self.logit), -np.inf)
            logit -= logit.max(axis=0)
            logit -= np.log(np.exp(logit).sum(axis=0))
            block.of(self.policy)[:] = np.where(legal, logit, 0.0)
            block.of(self._probability)[:] = np.exp(logit)
        self._passes.plan()

    def ratio(self) -> Floats:
        """The logarithm of policy over reference of every action, flat."""
        return np.asarray(self.policy - self.reference)

    def paid(self) -> Floats:
        """The sum of `ratio` over the actions of each sequence, flat."""
        total = self.ratio()
        for layer in self.layout.layers:
            layer.of(total)[:] += total[layer.parent]
        return total

    def reach(self, likely: Floats) -> Floats:
        """How likely others let each information set be reached, `float64[I]`, in the order of the layout."""
        return self._passes.values(likely.copy()).copy()

    def move(self, gradient: Floats, reach: Floats, params: DynamicsParams) -> None:
        """One step. `gradient` is what sequences are worth where matches end right after them; it is used up."""
        cost = params.eta * self.ratio()
        for layer in reversed(self.layout.layers):
            worth, often = layer.of(gradient), layer.sets(reach)
            worth -= often * layer.of(cost)
            value = (layer.of(self._probability) * worth).sum(axis=0)
            gradient[layer.above] += np.add.reduceat(value, layer.starts)
            worth -= value
            np.divide(worth, often, out=worth, where=often > 0)
        gradient *= params.rate
        for block in self.layout.blocks:
            self._push(block.of(self.logit), block.of(gradient), block.of(self.layout.mask), params.threshold)
        self.play()

    @staticmethod
    def _push(logit: Floats, force: Floats, legal: Array, threshold: float) -> None:
        """Move logits `[W, I]` by `force`, but not those away that are far from their mean."""
        centred = logit - (logit * legal).sum(axis=0) / legal.sum(axis=0)
        held = np.where(force > 0, centred >= threshold, centred <= -threshold)
        logit += np.where(legal & ~held, force, 0.0)


class NashDynamics(Moving[Logits]):
    """The sides `sides` of a game of two, moving together from iteration to iteration."""

    kept = ("logit", "reference")

    def __init__(self, game: LearnersGame, sides: Sequence[int], params: DynamicsParams) -> None:
        super().__init__(game, {side: Logits(game.layouts[side]) for side in sides})
        self.params = params
        self._ends = {side: self._meetings(side) for side in sides}

    def _meetings(self, side: int) -> sparse.csr_matrix:
        """How likely chance lets matches end where a side's slot meets the other's."""
        form, (own, other) = self.game.form, (self.game.layouts[side], self.game.layouts[1 - side])
        assert form.end is not None and form.chance is not None, "RegularisedNashDynamics has looked"
        meet = own.slots[form.end[:, side]], other.slots[form.end[:, 1 - side]]
        return sparse.csr_matrix((form.chance, meet), shape=(own.size, other.size))

    def iterate(self) -> None:
        """One iteration: all sides at once."""
        self.iterations += 1
        forces = {side: self.forces(side) for side in self.tables}
        for side, (gradient, reach) in forces.items():
            self.tables[side].move(gradient, reach, self.params)
        if self.params.reference_every and self.iterations % self.params.reference_every == 0:
            for table in self.tables.values():
                table.reference[:] = table.policy

    def forces(self, side: int) -> tuple[Floats, Floats]:
        """What a side's sequences are worth, with what the other pays for its ratios; how likely sets are reached."""
        other, game = 1 - side, self.game
        gradient = game.gradient(side, self._plans)
        if other in self.tables:
            learner = game.seen[other].own * self._plans[other]
            gradient = gradient + self.params.eta * (self._ends[side] @ (learner * self.tables[other].paid()))
        return gradient, self.tables[side].reach(self._ends[side] @ game.met(other, self._plans))


class RegularisedNashDynamics(TreeAlgorithm):
    """R-NaD."""

    parameters: ClassVar[type[Params]] = DynamicsParams

    def __init__(self, params: DynamicsParams | None = None) -> None:
        self.dynamics = params or DynamicsParams()
        super().__init__(self.dynamics)

    def solver(self, game: LearnersGame, job: Job) -> NashDynamics:
        """See `TreeAlgorithm`. Raises UserError where there are not two sides, or the form lacks `chance`."""
        if len(game.layouts) != 2:
            raise UserError(
                f"{job.algorithm} pays one side what the other's regularisation costs, and here are "
                f"{len(game.layouts)} sides, not two: tabular/mmd takes any number"
            )
        if game.form.chance is None:
            raise UserError(
                f"{job.algorithm} needs to know how likely matches end where, and this environment's sequence form "
                "does not say it (`SequenceForm.build(..., chance)`)"
            )
        return NashDynamics(game, job.sides, self.dynamics)
