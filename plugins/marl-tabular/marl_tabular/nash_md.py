"""Nash-MD on the sequence form: mirror descent in which everybody meets, and starts from, a policy that is mixed with
a reference, geometrically.

An iteration mixes policy pi and reference rho in every information set,

    mixed(a)  in proportion to  pi(a) ** (1 - eta * tau)  *  rho(a) ** (eta * tau)

and makes a step of mirror descent with step size eta from there, against others who play their mixed policies. In games
of one decision the last policy goes to where every action is as much more probable than by the reference as the
exponential of what it wins over tau, against the mixed policies: for small eta, to the equilibrium of the game in which
tau times the divergence from the reference is paid. A reference that becomes the policy every so often takes it to a
Nash equilibrium of the game itself.

Where decisions follow one another, steps are those of mirror descent with the dilated entropy (see `mirror.py`).
What is won may be anything: with the probability that a judge prefers one to the other it is learning from preferences.
Source: Munos et al., "Nash learning from human feedback", ICML 2024 (Nash-MD).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from marl.job import Job
from marl.registry.ranges import at_least
from marl_tabular.algorithm import Params, TreeAlgorithm
from marl_tabular.game import LearnersGame
from marl_tabular.mirror import Logits, MirrorDescent, MirrorParams


@dataclass
class NashMDParams(Params):
    """How far an iteration goes, and what holds it."""

    eta: float = 3.0
    """The step size."""
    tau: float = 0.03
    """What departing from the reference costs; eta * tau is how far policies are mixed with it, at most 1."""
    reference_every: int = 100
    """The reference becomes the policy after so many iterations; 0: it stays uniform."""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, 0, "tau", "reference_every")
        at_least(self, 1e-9, "eta")
        if self.eta * self.tau > 1:
            raise ValueError(f"eta * tau must be at most 1, and {self.eta} * {self.tau} is more")


class NashMirrorDescent(MirrorDescent):
    """The sides `sides` of a game, moving together; the reference is the magnet of `MirrorDescent`."""

    def __init__(self, game: LearnersGame, sides: tuple[int, ...], params: NashMDParams) -> None:
        super().__init__(game, sides, MirrorParams(params.iterations, params.eta, 0.0, params.reference_every))
        self._share = params.eta * params.tau
        for table in self.tables.values():
            table.magnet[:] = table.policy  # uniform

    def iterate(self) -> None:
        """One iteration: everybody mixes, then moves, all at once."""
        for table in self.tables.values():
            mix(table, self._share)
        super().iterate()


def mix(table: Logits, share: float) -> None:
    """Mix the policy with the magnet, which has this share, geometrically in every information set."""
    for block in table.layout.blocks:
        policy, magnet = block.of(table.policy), block.of(table.magnet)
        mixed = np.where(block.of(table.layout.mask), (1.0 - share) * policy + share * magnet, -np.inf)
        highest = mixed.max(axis=0)
        policy[:] = mixed - highest - np.log(np.exp(mixed - highest).sum(axis=0))
    table.play()


class NashMD(TreeAlgorithm):
    """Nash-MD."""

    parameters: ClassVar[type[Params]] = NashMDParams

    def __init__(self, params: NashMDParams | None = None) -> None:
        self.mirror = params or NashMDParams()
        super().__init__(self.mirror)

    def solver(self, game: LearnersGame, job: Job) -> NashMirrorDescent:
        """See `TreeAlgorithm`."""
        return NashMirrorDescent(game, tuple(job.sides), self.mirror)
