"""What mean-field Q-learning learns: `python benchmarks/manyagent_learning.py ising | battle | magent2`.

ising    the order parameter and the energy of a 20 x 20 torus against temperature: MF-Q's learned policies (one learned
         for each temperature), the exact heat bath on the same torus for as many ticks, and Onsager's infinite lattice
battle   MF-Q against independent Q-learning: both learn in self-play, for equally many env steps, with networks of the
         same layers, and differ in the mean action alone; then they meet, on both sides in turn, and whoever has the
         higher return (kills, mostly) wins. MF-AC against it with --learner mfac
magent2  the same in MAgent2's battle

Nothing was tuned on the seeds that are reported, which count from 102 (those before showed a fault). `--quick`: one
seed (temperature), a tenth of the steps.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _common as bench

TRANSITION = 2 / math.log(1 + math.sqrt(2))  # in units of J / k_B
TEMPERATURES = (1.6, 1.9, 2.1, 2.2, TRANSITION, 2.35, 2.5, 2.8, 3.4, 4.4)
MODEL = {"hidden": [64, 64], "activation": "relu"}
INDEPENDENT = {"kind": "manyagent/independent", "params": MODEL}
COOLING = {"temperature": 0.5, "temperature_end": 0.05, "cooling": 1.0, "lr": 0.002, "minibatch": 512}
FIELD = {"soldiers": 32, "size": 16, "gap": 0, "view": 3, "neighbourhood": 3, "max_length": 60}
BATTLES: dict[str, tuple[dict[str, Any], int, dict[str, Any]]] = {
    "battle": (FIELD, 3_000, COOLING),
    "magent2": ({"game": "battle", "parameters": {"map_size": 18, "max_cycles": 100}}, 3_000, COOLING),
}
QUICKER = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ising", *BATTLES], nargs="?", default="ising")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    parser.add_argument("--seeds", type=int, nargs="+", default=[102, 103, 104, 105, 106])
    parser.add_argument("--learner", choices=["mfq", "mfac"], default="mfq")
    parser.add_argument("--steps", type=int, default=0, help="env steps of training, instead of the usual number")
    parser.add_argument("--matches", type=int, default=64, help="matches of each pair")
    given = parser.parse_args()
    bench.one_torch_thread()
    if given.what == "ising":
        ising(given)
    else:
        battles(given)


def ising(given: argparse.Namespace) -> None:
    """A row a temperature."""
    worst = 0.0
    print("T (J/k_B)   order: MF-Q   heat bath   infinite   energy: MF-Q   heat bath")
    for number, physical in enumerate(TEMPERATURES[4:5] if given.quick else TEMPERATURES):
        ticks = 200 if given.quick else 800
        env = {"size": 20, "max_length": ticks, "magnetisation": 1.0}
        learned = sweep(trained_spins(physical / 2, 100 + number), env, ticks)
        exact = sweep(heat_bath(physical / 2, env), env, ticks)
        print(
            f"{physical:9.3f}   {learned[0]:.3f} ± {learned[2]:.3f}   {exact[0]:.3f} ± {exact[2]:.3f}   "
            f"{onsager(physical):8.3f}   {learned[1]:12.3f}   {exact[1]:9.3f}",
            flush=True,
        )
        worst = max(worst, abs(learned[1] - exact[1]))
    bench.report("manyagent_ising", worst, 0.1, 0.1 / max(worst, 1e-9), "greatest difference of energies")


def onsager(physical: float) -> float:
    """The spontaneous magnetisation of the infinite lattice. Source: Yang, Physical Review 85 (1952)."""
    return (1 - math.sinh(2 / physical) ** -4) ** 0.125 if physical < TRANSITION else 0.0


def trained_spins(temperature: float, seed: int) -> Any:
    """MF-Q's policy, learned at this temperature from a random start."""
    env = {"size": 20, "max_length": 50, "magnetisation": 0.2}
    params = {
        "model": {"hidden": [32]}, "lanes": 4, "rows": 1600, "updates": 16, "discount": 0.0, "lr": 0.003,
        "temperature": 2 * temperature, "temperature_end": temperature, "cooling": 0.5,
    }  # fmt: skip
    return trained("manyagent/ising", env, "manyagent/mfq", params, 400, seed)[0]


def heat_bath(temperature: float, env: Mapping[str, Any]) -> Any:
    from marl_manyagent.heat_bath import HeatBath, HeatBathParams
    from marl_manyagent.ising import Ising, IsingParams

    return HeatBath(Ising(1, IsingParams(**env)).spec, HeatBathParams(temperature))


def sweep(policy: Any, env: Mapping[str, Any], ticks: int, lanes: int = 4) -> tuple[float, float, float]:
    """Mean order and energy after a quarter of the ticks, and the standard error of the order over lanes."""
    import numpy as np

    from marl.arena import Mixtures
    from marl.arena.play import Play
    from marl_manyagent.ising import Ising, IsingParams

    game, seen = Ising(lanes, IsingParams(**env)), []
    play = Play(game, [policy], Mixtures(np.ones((1, 1)), 7), [])
    for _ in range(ticks - 1):
        play.tick()
        seen.append(game.info(np.arange(lanes)))
    rest = seen[ticks // 4 :]
    order = np.array([one["order"] for one in rest]).mean(axis=0)
    energy = np.array([one["energy"] for one in rest]).mean()
    return float(order.mean()), float(energy), float(order.std(ddof=1) / math.sqrt(lanes))


def battles(given: argparse.Namespace) -> None:
    """A row a seed, and all of them together."""
    from marl.evaluation import wilson

    env, steps, params = BATTLES[given.what]
    steps = given.steps or (steps // QUICKER if given.quick else steps)
    name = f"manyagent/{given.what}"
    print(f"{name} {json.dumps(env)}: {given.learner} against independent Q-learning, {steps:,} env steps each")
    points = matches = won = 0.0
    tuned = params if given.learner == "mfq" else {}
    for seed in given.seeds[:1] if given.quick else given.seeds:
        started = time.process_time()
        ours, services = trained(name, env, f"manyagent/{given.learner}", {**tuned, "model": MODEL}, steps, seed)
        theirs, _ = trained(name, env, "manyagent/mfq", {**params, "model": INDEPENDENT}, steps, seed)
        score = meet(services, ours, theirs, given.matches, seed)
        low, high = wilson(score.wins + 0.5 * score.draws, score.matches)
        print(
            f"  seed {seed}: won {score.wins}, drawn {score.draws}, lost {score.losses}: {score.points:.1%} of the "
            f"points ({low:.1%} to {high:.1%}); return {score.mean:.1f}; {time.process_time() - started:.0f} s of CPU",
            flush=True,
        )
        points += score.wins + 0.5 * score.draws
        matches += score.matches
        won += score.points > 0.5
    low, high = wilson(points, int(matches))
    print(f"  all: {points / matches:.1%} of the points ({low:.1%} to {high:.1%}); better in {won:.0f} seeds")
    share = points / matches
    bench.report(f"manyagent_{given.what}_{given.learner}", share, 1 - share, share / max(1 - share, 1e-9), "points")


def meet(services: Any, ours: Any, theirs: Any, matches: int, seed: int) -> Any:
    """Their matches, on both sides in turn."""
    from marl.evaluation import Player, measure

    players = [Player.pure(name, policy, 2) for name, policy in (("ours", ours), ("theirs", theirs))]
    return measure(services.arena(16), players[0], players[1], matches, seed)


def trained(
    env: str, env_params: Mapping[str, Any], algorithm: str, params: Mapping[str, Any], steps: int, seed: int
) -> tuple[Any, Any]:
    """What plays after so many env steps of self-play, and the services it learned with."""
    from marl.blobs import Blobs
    from marl.job import SELF, Job
    from marl.registry import ALGORITHMS, Component, load_registry
    from marl.services import RunServices, train

    registry = load_registry()
    maker = registry.make(ALGORITHMS, algorithm, dict(params))
    with TemporaryDirectory() as folder:
        services = RunServices(
            registry, Component(env, dict(env_params)), Blobs(Path(folder)), lambda step, values: None
        )
        opponents = ((), *(((SELF, 1.0),) for _ in services.spec.sides[1:]))
        done = train(registry, maker, Job(algorithm, 0, opponents, seed, budget={"env_steps": steps}), services)
        return services.restore(done.snapshot), services


if __name__ == "__main__":
    main()
