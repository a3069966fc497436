"""Mean-field control of swarms against MAPPO, IPPO and MF-AC: `python benchmarks/swarm.py [kuramoto] [vicsek]`.

learned   each algorithm learns for equally many env steps, with as many agents, on three seeds that nothing was tuned
          on; the mean order parameter over ticks and matches, and the reward of an agent and tick. Beside them a rule
          that needs no learning (everybody turns towards where those near point), and chance
features  Dec-POMFPPO with kernels (of the mean field, and of the decision rule) against histograms of as many numbers
finite    what Dec-POMFPPO learned with one number of agents, played by N = 2 to 1,000: how far the value is from that
          of the mean field, for which 2,000 agents stand in

Intervals are 95% ones over seeds (Student's t). Writes docs/results/swarm.json and swarm.png, unless --quick.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _common as bench

RESULTS = Path(__file__).parents[1] / "docs" / "results"
AGENTS, STEPS, SEEDS, MATCHES = 50, 30_000, (301, 302, 303), 64
WORLDS = ("kuramoto", "vicsek")
EPISODES: dict[str, Any] = {"lanes": 16, "rows": 16 * AGENTS * 50, "minibatch": 4, "lr": 0.01, "entropy": 0.0}
LEARNERS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Dec-POMFPPO": ("swarm/dec_pomfppo", {}, {}),
    "Dec-POMFPPO, histograms": ("swarm/dec_pomfppo", {"rule": "histogram"}, {"features": "histogram"}),
    "MAPPO": ("ctde/mappo", EPISODES, {}),
    "IPPO": ("ctde/ippo", EPISODES, {}),
    "MF-AC": (
        "manyagent/mfac",
        {"lanes": 16, "rows": 16 * AGENTS * 5, "minibatch": 1000, "entropy": 0.01, "lr": 0.005},
        {},
    ),
}
FIXED = ("chance", "align")
SIZES = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
LIMIT = 2000
STUDENT = {1: math.nan, 2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # 97.5% quantile by the number of values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="*", metavar="WORLD", help="kuramoto, vicsek; both by default")
    parser.add_argument("--quick", action="store_true", help="a rough answer: one seed, a tenth of the steps")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--learners", nargs="+", default=[*FIXED, *LEARNERS], choices=[*FIXED, *LEARNERS])
    parser.add_argument("--draw", action="store_true", help="draw what is written down already, and measure nothing")
    given = parser.parse_args()
    given.worlds = given.worlds or list(WORLDS)
    if unknown := set(given.worlds) - set(WORLDS):
        parser.error(f"there is no world {unknown.pop()}: {' and '.join(WORLDS)} are")
    bench.one_torch_thread()
    found: dict[str, Any] = {}
    for world in [] if given.draw else given.worlds:
        found[world] = measured(world, given)
        if not given.quick:
            write(world, found[world])
    if not given.quick:
        found = json.loads((RESULTS / "swarm.json").read_text())
        draw(found)
    last = found[given.worlds[0]]["learned"]
    ours, peer = (last[name]["order"]["mean"] if name in last else math.nan for name in ("Dec-POMFPPO", "MAPPO"))
    bench.report("swarm", ours, peer, ours / peer, "order parameter", worlds=list(found))


def measured(world: str, given: argparse.Namespace) -> dict[str, Any]:
    """All of one world."""
    seeds, steps = (given.seeds[:1], STEPS // 10) if given.quick else (given.seeds, STEPS)
    sizes, limit = (SIZES[:6], 200) if given.quick else (SIZES, LIMIT)
    learned: dict[str, Any] = {}
    for name in (name for name in FIXED if name in given.learners):
        told = [score(fixed(name, world), world, AGENTS, MATCHES, seed) for seed in seeds]
        learned[name] = shown(world, name, told)
    ours: list[Any] = []
    for name in (name for name in LEARNERS if name in given.learners):
        told = []
        for seed in seeds:
            started = time.process_time()
            policy = trained(world, name, steps, seed)
            seconds = time.process_time() - started
            told.append({**score(policy, world, AGENTS, MATCHES, seed), "seconds": seconds})
            if name == "Dec-POMFPPO":
                ours.append(policy)
        learned[name] = shown(world, name, told)
    finite = {}
    for size in [*sizes, limit] if ours else []:
        count = max(4, min(400, 8_000 // size))
        finite[size] = [score(policy, world, size, count, 17)["reward"] for policy in ours]
        print(f"{world}  N = {size:5}: reward {sum(finite[size]) / len(ours):.4f}", flush=True)
    return {"learned": learned, "finite": finite, "agents": AGENTS, "env_steps": steps, "seeds": list(seeds)}


def shown(world: str, name: str, told: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Each number's mean over seeds, and its interval."""
    result = {key: interval([one[key] for one in told]) for key in told[0]}
    said = ", ".join(f"{key} {value['mean']:.3f} ± {value['margin']:.3f}" for key, value in result.items())
    print(f"{world}  {name:24} {said}", flush=True)
    return result


def interval(values: Sequence[float]) -> dict[str, Any]:
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1))
    return {"mean": mean, "margin": STUDENT[len(values)] * spread / math.sqrt(len(values)), "values": list(values)}


def environment(world: str, agents: int, lanes: int, **params: Any) -> Any:
    from marl.registry import ENVIRONMENTS, load_registry

    return load_registry().make(ENVIRONMENTS, f"swarm/{world}", {"agents": agents, **params}, lanes=lanes)


def fixed(name: str, world: str) -> Any:
    """A policy that learns nothing."""
    from marl.policies.random import Random
    from marl_swarm.align import Align

    spec = environment(world, AGENTS, 1).spec
    return Random(spec) if name == "chance" else Align(spec)


def trained(world: str, name: str, steps: int, seed: int) -> Any:
    """What plays after so many env steps."""
    from marl.blobs import Blobs
    from marl.job import Job
    from marl.registry import ALGORITHMS, Component, load_registry
    from marl.services import RunServices, train

    algorithm, params, env = LEARNERS[name]
    registry = load_registry()
    with TemporaryDirectory() as folder:
        lent = Component(f"swarm/{world}", {"agents": AGENTS, **env})
        services = RunServices(registry, lent, Blobs(Path(folder)), lambda step, values: None)
        job = Job(algorithm, 0, ((),), seed, budget={"env_steps": steps})
        done = train(registry, registry.make(ALGORITHMS, algorithm, dict(params)), job, services)
        return services.restore(done.snapshot)


def score(policy: Any, world: str, agents: int, matches: int, seed: int) -> dict[str, float]:
    """The mean order and reward of an agent over all ticks of so many matches, played side by side."""
    import numpy as np

    from marl.arena import Mixtures
    from marl.arena.play import Play

    game = environment(world, agents, matches)
    spec = game.spec
    play, everywhere, columns = Play(game, [policy], Mixtures(np.ones((1, 1)), seed), []), np.arange(matches), []
    for _ in range(spec.max_length - 1):  # the last tick begins new matches
        play.tick()
        columns.append(game.info(everywhere))
    order = float(np.mean([one["order"] for one in columns]))
    exerted = float(np.mean([one["exerted"] for one in columns]))
    return {"order": order, "reward": order - game.params.effort * exerted, "exerted": exerted}


def write(world: str, found: Mapping[str, Any]) -> None:
    """Put what was found beside what is known of other learners and of the other world."""
    file = RESULTS / "swarm.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    before = known.get(world, {})
    learned = before.get("learned", {}) | found["learned"]
    whole = {**found, "learned": learned, "finite": found["finite"] or before.get("finite", {})}
    file.write_text(json.dumps(known | {world: whole}, indent=1, default=float) + "\n")


def draw(found: Mapping[str, Any]) -> None:
    """The order parameter by algorithm, and the value by the number of agents."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 2, figsize=(11, 7.5), layout="constrained")
    colours = {"kuramoto": "#0072b2", "vicsek": "#d55e00"}
    for column, (world, one) in enumerate(sorted(found.items())):
        bars = axes[0, column]
        names = [name for name in (*LEARNERS, *FIXED) if name in one["learned"]]
        order = [one["learned"][name]["order"] for name in names]
        bars.barh(names, [value["mean"] for value in order], xerr=[value["margin"] for value in order],
                  color=colours[world], alpha=0.75, capsize=3)  # fmt: skip
        for row, value in enumerate(order):
            bars.plot(value["values"], [row] * len(value["values"]), "k.", markersize=5)
        bars.invert_yaxis()
        bars.set(title=f"{world}: order of {one['agents']} agents", xlim=(0, 1),
                 xlabel="mean order parameter, 95% interval over seeds")  # fmt: skip
    for world, one in sorted(found.items()):
        sizes = sorted(map(int, one["finite"]))
        limit = [one["finite"][str(sizes[-1])][seed] for seed in range(len(one["seeds"]))]
        values = [one["finite"][str(size)] for size in sizes[:-1]]
        mean = [sum(row) / len(row) for row in values]
        gaps = [sum(abs(a - b) for a, b in zip(row, limit, strict=True)) / len(row) for row in values]
        axes[1, 0].plot(sizes[:-1], mean, "o-", color=colours[world], label=world)
        axes[1, 0].axhline(sum(limit) / len(limit), color=colours[world], linestyle="--", linewidth=1)
        axes[1, 1].plot(sizes[:-1], gaps, "o-", color=colours[world], label=world)
    guide = [gaps[0] * (sizes[0] / size) ** 0.5 for size in sizes[:-1]]
    axes[1, 1].plot(sizes[:-1], guide, ":", color="#555555", label="1 / √N")
    axes[1, 0].set(xscale="log", xlabel="agents N", ylabel="reward per agent and tick",
                   title=f"the same policy with N agents (dashed: {sizes[-1]:,} agents)")  # fmt: skip
    axes[1, 1].set(xscale="log", yscale="log", xlabel="agents N", ylabel="distance to the mean field's value",
                   title="the gap falls with N")  # fmt: skip
    for one in axes[1]:
        one.legend(frameon=False)
        one.grid(alpha=0.3)
    figure.savefig(RESULTS / "swarm.png", dpi=110)


if __name__ == "__main__":
    main()
