"""Mean-field PSRO, correlated equilibria, and solvers with networks: NashConv (or gap) over iterations, and CPU time.

`python benchmarks/meanfield_solvers.py [NAME ...] [--seeds N ...]`, all without names (a quarter of an hour of a core);
`--quick`: a few iterations of each. Solvers with networks are run once for each seed; the others draw nothing. Settings
were not tuned on these seeds. For how many agents the limit is good, `marl meanfield finite` says.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import _common as bench

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
from marl_meanfield.solvers.fictitious_play import FictitiousPlay
from marl_meanfield.solvers.mirror_descent import MirrorDescent
from marl_meanfield.solvers.mirror_descent import Params as MirrorParams
from marl_meanfield.solvers.psro import PSRO

Case = tuple[Callable[[], MeanFieldGame], Callable[[int], Solver], int]


def prey() -> MeanFieldGame:
    return PredatorPrey(PreyParams(size=5, horizon=5))


def small() -> MeanFieldGame:
    return Crowd(CrowdParams(6, 6))


def momd(temperature: float) -> Callable[[int], Solver]:
    return lambda seed: DeepMunchausen(MunchausenParams(temperature=temperature, steps=100, seed=seed))


def average(seed: int) -> Solver:
    return DeepAverage(AverageParams(steps=100, average_steps=100, seed=seed))


def ppo(seed: int) -> Solver:
    return MeanFieldPPO(PPOParams(seed=seed))


def descent(rate: float) -> Callable[[int], Solver]:
    return lambda seed: MirrorDescent(MirrorParams(rate))


CASES: dict[str, Case] = {
    "psro, crowd": (Crowd, lambda seed: PSRO(), 60),
    "psro, predators": (prey, lambda seed: PSRO(), 60),
    "coarse, crowd": (Crowd, lambda seed: CoarseCorrelated(), 30),
    "correlated, crowd": (Crowd, lambda seed: Correlated(), 24),
    "mirror descent, Sioux Falls": (lambda: Routing(RoadParams()), descent(0.1), 60),
    "mirror descent, small crowd": (small, descent(1 / 3), 30),
    "fictitious play, small crowd": (small, lambda seed: FictitiousPlay(), 30),
    "D-MOMD, small crowd": (small, momd(3.0), 30),
    "D-AFP, small crowd": (small, average, 30),
    "PPO, small crowd": (small, ppo, 30),
    "mirror descent, predators": (prey, descent(1 / 10), 30),
    "fictitious play, predators": (prey, lambda seed: FictitiousPlay(), 30),
    "D-MOMD, predators": (prey, momd(10.0), 30),
    "D-AFP, predators": (prey, average, 30),
    "PPO, predators": (prey, ppo, 30),
}
LEARNS = ("D-", "PPO")  # how names of solvers with networks begin
SHOWN = (5, 10, 20, 30, 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=", ".join(CASES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[201, 202, 203])
    parser.add_argument("--quick", action="store_true", help="two iterations of each")
    given = parser.parse_args()
    bench.one_torch_thread()
    last: dict[str, list[float]] = {}
    for name in given.names or CASES:
        for seed in given.seeds if name.startswith(LEARNS) else [0]:
            found, seconds = curve(name, seed, 2 if given.quick else None)
            told = "   ".join(f"{number}: {far:.3g}" for number, far in found.items())
            print(f"{name:28} seed {seed:3}  {told}   ({seconds:.1f} s of a core)", flush=True)
            last.setdefault(name, []).append(list(found.values())[-1])
    means = {name: sum(values) / len(values) for name, values in last.items()}
    worst = max(means.values())
    bench.report("meanfield_solvers", worst, 1.0, 1.0 / max(worst, 1e-9), "the greatest distance at the end", **means)


def curve(name: str, seed: int, most: int | None) -> tuple[dict[int, float], float]:
    """How far a case is after some of its iterations (`most` at most), and the CPU seconds of all of them."""
    make, build, iterations = CASES[name]
    iterations = min(iterations, most or iterations)
    game, solver, began = make(), build(seed), time.process_time()
    state, found = solver.start(game), {}
    for number in range(1, iterations + 1):
        solver.step(game, state, exact.flow(game, state["policy"]), number)
        if number in SHOWN or number == iterations:
            if isinstance(solver, OtherAim):
                found[number] = solver.gap(game, state)
            else:
                found[number] = exact.judge(game, state["policy"]).nash_conv
    return found, time.process_time() - began


if __name__ == "__main__":
    main()
