"""What mean-field Q-learning learns: `python benchmarks/manyagent_learning.py ising | spins | battle | magent2`.

ising    the order parameter and the energy of a 20 x 20 torus against temperature: MF-Q's learned policies (one learned
         for each temperature), the exact heat bath on the same torus for as many ticks, and Onsager's infinite lattice
spins    MF-Q and independent Q-learning on the ordered torus: what they come to, each on every seed
battle   MF-Q against independent Q-learning: all learn in self-play, for equally many env steps, with networks of the
         same layers, and differ in the mean action alone; then each policy of MF-Q meets each independent one, of all
         seeds, on both sides in turn, and whoever has more soldiers left wins. `before` and `same`: MF-Q that values
         the mean action of the tick before, or of the same; `mfac`: MF-AC
magent2  the same in MAgent2's battle

Nothing was tuned on the seeds that are reported, which count from 201 (the Ising model's from 100). `--quick`: one seed
(temperature), a tenth of the steps.
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

MODEL = {"hidden": [64, 64], "activation": "relu"}
INDEPENDENT = {"kind": "manyagent/independent", "params": MODEL}
COOLING = {"temperature": 0.5, "temperature_end": 0.05, "cooling": 1.0, "lr": 0.002, "minibatch": 512}
FIELD = {"soldiers": 32, "size": 16, "gap": 0, "view": 3, "neighbourhood": 15, "max_length": 60}
BATTLES: dict[str, tuple[dict[str, Any], int]] = {
    "battle": (FIELD, 20_000),
    "magent2": ({"game": "battle", "parameters": {"map_size": 28, "max_cycles": 150}}, 12_000),
}
LEARNERS: dict[str, tuple[str, dict[str, Any]]] = {
    "before": ("manyagent/mfq", {**COOLING, "model": MODEL, "mean": "before"}),
    "same": ("manyagent/mfq", {**COOLING, "model": MODEL, "mean": "same"}),
    "mfac": ("manyagent/mfac", {"model": MODEL}),
    "independent": ("manyagent/mfq", {**COOLING, "model": INDEPENDENT}),
}
QUICKER = 10
SPINS = {"hidden": [32]}
ORDERED = (1.6, 1.9)  # temperatures of the ordered torus, J / k_B


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["ising", "spins", *BATTLES], nargs="?", default="ising")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    parser.add_argument("--seeds", type=int, nargs="+", default=[201, 202, 203, 204, 205])
    parser.add_argument("--learners", choices=[*LEARNERS], nargs="+", default=["before", "same"])
    parser.add_argument("--keep", metavar="DIR", help="where policies are kept that are trained, and taken from")
    parser.add_argument("--only-train", action="store_true", help="with --keep: no matches yet")
    parser.add_argument("--steps", type=int, default=0, help="env steps of training, instead of the usual number")
    parser.add_argument("--matches", type=int, default=16, help="matches of each pair")
    given = parser.parse_args()
    bench.one_torch_thread()
    if given.what == "ising":
        ising(given)
    elif given.what == "spins":
        spins(given)
    else:
        battles(given)


def ising(given: argparse.Namespace) -> None:
    """A row a temperature."""
    from marl_manyagent.seen.sweep import TEMPERATURES, onsager

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


def spins(given: argparse.Namespace) -> None:
    """A row a seed and learner: the order and the energy that its policy comes to, from all spins up."""
    env = {"size": 20, "max_length": 800, "magnetisation": 1.0}
    energies: dict[str, list[float]] = {}
    for physical in ORDERED[:1] if given.quick else ORDERED:
        exact = sweep(heat_bath(physical / 2, env), env, 800)
        print(f"T {physical}: heat bath: order {exact[0]:.3f}, energy {exact[1]:.3f}")
        for seed in given.seeds[:1] if given.quick else given.seeds:
            for name, model in (("MF-Q", SPINS), ("independent", {"kind": "manyagent/independent", "params": SPINS})):
                found = sweep(trained_spins(physical / 2, seed, model), env, 800)
                energies.setdefault(name, []).append(found[1])
                print(f"  {name:12} seed {seed}: order {found[0]:.3f}, energy {found[1]:.3f}", flush=True)
    ours, peer = (-sum(each) / len(each) for each in energies.values())
    bench.report("manyagent_spins", ours, peer, ours / peer, "what a spin's bonds are worth, J", energies=energies)


def trained_spins(temperature: float, seed: int, model: Mapping[str, Any] = SPINS) -> Any:
    """MF-Q's policy (or an independent learner's, by its model), learned at this temperature from a random start."""
    env = {"size": 20, "max_length": 50, "magnetisation": 0.2}
    params = {
        "model": model, "lanes": 4, "rows": 1600, "updates": 16, "discount": 0.0, "lr": 0.003,
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
    """Each kind of learner on each seed; then every one of them against every independent learner."""
    import numpy as np

    env, steps = BATTLES[given.what]
    steps = given.steps or (steps // QUICKER if given.quick else steps)
    name, seeds = f"manyagent/{given.what}", given.seeds[:1] if given.quick else given.seeds
    print(f"{name} {json.dumps(env)}: {steps:,} env steps of self-play each")
    with TemporaryDirectory() as scratch:
        folder = Path(given.keep or scratch)
        learned: dict[str, list[Any]] = {}
        for kind, seed in [(kind, seed) for seed in seeds for kind in (*given.learners, "independent")]:
            began = time.process_time()
            algorithm, params = LEARNERS[kind]
            policy, services = trained(name, env, algorithm, params, steps, seed, folder / f"{kind}-{seed}-{steps}")
            learned.setdefault(kind, []).append(policy)
            army = len(services.spec.sides[0])
            alone = meet(services, policy, random(services), 16, seed)
            killed = army - meet(services, random(services), policy, 16, seed).mean
            print(
                f"  {kind:12} seed {seed}: of {army} at random it kills {killed:.1f}, and keeps {alone.mean:.1f}, "
                f"in {alone.length:.0f} ticks; {time.process_time() - began:.0f} s of CPU",
                flush=True,
            )
    if given.only_train:
        return
    for kind in given.learners:
        points = np.array(
            [
                [
                    meet(services, ours, theirs, given.matches, row * 100 + column).points
                    for column, theirs in enumerate(learned["independent"])
                ]
                for row, ours in enumerate(learned[kind])
            ]
        )
        print(f"points of {kind} (a row a seed) against independent learners (a column a seed):")
        print("\n".join("  " + "  ".join(f"{value:6.1%}" for value in row) for row in points))
        low, high = interval(points)
        print(f"  all: {points.mean():.1%} ({low:.1%} to {high:.1%}, over seeds of both)", flush=True)
        share = float(points.mean())
        bench.report(f"manyagent_{given.what}_{kind}", share, 1 - share, share / max(1 - share, 1e-9), "points")


def interval(points: Any) -> tuple[float, float]:
    """95 % of the means of tables whose rows and columns are drawn again from these (a bootstrap over policies)."""
    import numpy as np

    rng, (rows, columns) = np.random.default_rng(0), points.shape
    means = [points[rng.integers(0, rows, rows)][:, rng.integers(0, columns, columns)].mean() for _ in range(4000)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def random(services: Any) -> Any:
    """Who plays at random."""
    from marl.policies.random import Random

    return Random(services.spec)


def meet(services: Any, ours: Any, theirs: Any, matches: int, seed: int) -> Any:
    """Their matches, on both sides in turn; a return is how many live to see the end."""
    from _standing import Standing

    from marl.arena import Arena
    from marl.evaluation import Player, measure

    players = [Player.pure(name, policy, 2) for name, policy in (("ours", ours), ("theirs", theirs))]
    return measure(Arena(Standing(services.environment(16))), players[0], players[1], matches, seed)


def trained(
    env: str,
    env_params: Mapping[str, Any],
    algorithm: str,
    params: Mapping[str, Any],
    steps: int,
    seed: int,
    keep: Path | None = None,
) -> tuple[Any, Any]:
    """What plays after so many env steps of self-play, and the services it learned with. `keep`: where it is kept."""
    from marl.blobs import Blobs
    from marl.job import SELF, Job
    from marl.registry import ALGORITHMS, Component, load_registry
    from marl.services import RunServices, train

    registry = load_registry()
    maker = registry.make(ALGORITHMS, algorithm, dict(params))
    with TemporaryDirectory() as folder:
        blobs = Blobs(keep or Path(folder))
        services = RunServices(registry, Component(env, dict(env_params)), blobs, lambda step, values: None)
        known = [one.stem for one in keep.glob("*.json")] if keep is not None else []
        if known:
            return services.restore(blobs.get_snapshot(known[0])), services
        opponents = ((), *(((SELF, 1.0),) for _ in services.spec.sides[1:]))
        job = Job(algorithm, 0, opponents, seed, budget={"env_steps": steps})
        done = train(registry, maker, job, services)
        if keep is not None:
            blobs.put_snapshot(done.snapshot)
        return services.restore(done.snapshot), services


if __name__ == "__main__":
    main()
