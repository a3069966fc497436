"""Whose last policy converges: NashConv of the newest policy, by updates, on three games that are known exactly.

Regularised methods on tables (exact updates of the whole game) beside the same steps without regularisation, which is
what plain self-play does. The games: a biased rock, paper, scissors, whose equilibrium is not where anybody starts,
Kuhn and Leduc poker. None of it has chance in it, so there are no seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import _common as bench

from marl.exact import SequenceForm
from marl_classic.kuhn_poker import KuhnPoker
from marl_classic.leduc_poker import LeducPoker
from marl_classic.matrix import MatrixParams, matrix
from marl_tabular.algorithm import TreeSolver
from marl_tabular.game import LearnersGame, Seen
from marl_tabular.mirror import MirrorDescent, MirrorParams
from marl_tabular.nash_md import NashMDParams, NashMirrorDescent
from marl_tabular.rnad import DynamicsParams, NashDynamics

PAYOFFS = [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]  # its equilibrium: (1/4, 1/4, 1/2)
SIDES = (0, 1)
Make = Callable[[LearnersGame], TreeSolver]


@dataclass(frozen=True)
class Game:
    """How far an update goes in it, and what holds the methods: as they do well there, by a few trials."""

    form: SequenceForm
    eta: float
    alpha: float
    rate: float
    cost: float
    every: int


def games() -> dict[str, Game]:
    form = matrix(1, MatrixParams(payoffs=PAYOFFS)).sequence_form()
    return {
        "biased RPS": Game(form, eta=0.1, alpha=0.3, rate=0.1, cost=0.3, every=50),
        "Kuhn": Game(KuhnPoker(1).sequence_form(), eta=3.0, alpha=0.03, rate=0.4, cost=0.1, every=50),
        "Leduc": Game(LeducPoker(1).sequence_form(), eta=3.0, alpha=0.03, rate=0.1, cost=0.5, every=100),
    }


def methods(of: Game) -> dict[str, Make]:
    """The plain steps of both kinds first."""
    mirror = {"eta": of.eta, "magnet_every": of.every}
    dynamics = {"rate": of.rate, "reference_every": of.every}
    mixed = NashMDParams(eta=of.eta, tau=of.alpha, reference_every=of.every)
    return {
        "plain: mirror descent": lambda game: MirrorDescent(game, SIDES, MirrorParams(alpha=0.0, **mirror)),
        "plain: NeuRD": lambda game: NashDynamics(game, SIDES, DynamicsParams(eta=0.0, **dynamics)),
        "MMD": lambda game: MirrorDescent(game, SIDES, MirrorParams(alpha=of.alpha, **mirror)),
        "Nash-MD": lambda game: NashMirrorDescent(game, SIDES, mixed),
        "R-NaD": lambda game: NashDynamics(game, SIDES, DynamicsParams(eta=of.cost, **dynamics)),
    }


def curve(form: SequenceForm, make: Make, at: Sequence[int]) -> list[float]:
    """NashConv of the policy as it is after so many updates."""
    solver, found = make(LearnersGame(form, [Seen(1.0, None)] * len(SIDES))), []
    for count in range(1, at[-1] + 1):
        solver.iterate()
        if count in at:
            found.append(form.nash_conv(list(solver.averages().values())))
    return found


def main() -> None:
    quick = bench.arguments(__doc__).quick
    at = [10, 30, 100] if quick else [100, 300, 1000, 3000]
    last: dict[str, dict[str, float]] = {}
    for name, game in games().items():
        print(f"{name}: NashConv of the last policy after {at} updates")
        last[name] = {}
        for method, make in methods(game).items():
            found = curve(game.form, make, at)
            last[name][method] = found[-1]
            print(f"  {method:24} " + " ".join(f"{value:9.5f}" for value in found))
    ours, plain = last["Leduc"]["R-NaD"], last["Leduc"]["plain: NeuRD"]
    bench.report("last_iterate", ours, plain, plain / ours, "NashConv", updates=at[-1], last=last)


if __name__ == "__main__":
    main()
