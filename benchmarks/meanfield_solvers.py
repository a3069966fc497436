"""Mean-field PSRO, correlated equilibria, and solvers with networks: NashConv (or gap) over iterations, and CPU time.

`python benchmarks/meanfield_solvers.py [NAME ...] [--seed N]`, all without names. For how many agents the limit is
good, `marl meanfield finite` says.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from marl_meanfield import exact
from marl_meanfield.deep.deep_average import DeepAverage
from marl_meanfield.deep.deep_munchausen import DeepMunchausen
from marl_meanfield.deep.mean_field_ppo import MeanFieldPPO
from marl_meanfield.deep.params import AverageParams, MunchausenParams, PPOParams
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.games.crowd import Crowd
from marl_meanfield.games.crowd import Params as CrowdParams
from marl_meanfield.games.predator_prey import Params as PreyParams
from marl_meanfield.games.predator_prey import PredatorPrey
from marl_meanfield.games.routing import Params as RoadParams
from marl_meanfield.games.routing import Routing
from marl_meanfield.solver import OtherAim, Solver
from marl_meanfield.solvers.coarse_correlated import CoarseCorrelated
from marl_meanfield.solvers.correlated import Correlated
from marl_meanfield.solvers.mirror_descent import MirrorDescent
from marl_meanfield.solvers.mirror_descent import Params as MirrorParams
from marl_meanfield.solvers.psro import PSRO

Case = tuple[Callable[[], MeanFieldGame], Callable[[int], Solver], int]


def prey() -> MeanFieldGame:
    return PredatorPrey(PreyParams(size=5, horizon=5))


def small() -> MeanFieldGame:
    return Crowd(CrowdParams(6, 6))


CASES: dict[str, Case] = {
    "psro, crowd": (Crowd, lambda seed: PSRO(), 60),
    "psro, predators": (prey, lambda seed: PSRO(), 60),
    "coarse, crowd": (Crowd, lambda seed: CoarseCorrelated(), 30),
    "correlated, crowd": (Crowd, lambda seed: Correlated(), 24),
    "mirror descent, small crowd": (small, lambda seed: MirrorDescent(MirrorParams(1 / 3)), 30),
    "D-MOMD, small crowd": (
        small, lambda seed: DeepMunchausen(MunchausenParams(temperature=3.0, steps=100, seed=seed)), 30,
    ),
    "D-AFP, small crowd": (small, lambda seed: DeepAverage(AverageParams(steps=100, average_steps=100, seed=seed)), 30),
    "PPO, small crowd": (small, lambda seed: MeanFieldPPO(PPOParams(seed=seed)), 30),
    "mirror descent, Sioux Falls": (lambda: Routing(RoadParams()), lambda seed: MirrorDescent(MirrorParams(0.1)), 60),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(CASES))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for name in given.names or CASES:
        make, build, iterations = CASES[name]
        game, solver, began = make(), build(given.seed), time.process_time()
        state, curve = solver.start(game), []
        for number in range(1, iterations + 1):
            solver.step(game, state, exact.flow(game, state["policy"]), number)
            if number in (5, 10, 20, 30) or number == iterations:
                if isinstance(solver, OtherAim):
                    far = solver.gap(game, state)
                else:
                    far = exact.judge(game, state["policy"]).nash_conv
                curve.append(f"{number}: {far:.3g}")
        print(f"{name:28} {'   '.join(curve)}   ({time.process_time() - began:.1f} s of a core)", flush=True)


if __name__ == "__main__":
    main()
