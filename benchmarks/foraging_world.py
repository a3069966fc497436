"""A world in which agents are born and die: `python benchmarks/foraging_world.py speed | learn | niches`.

speed   agent-steps a second with random actions, by how many agents there is room for, and the memory of each more
learn   independent PPO (one network for all) in worlds for 16 and for 128 agents, for equally many agent-steps: how
        long agents live and how far they get about, in both worlds, beside random play and the scripted forager
niches  four populations with a network each, and with one for all four: how differently they live

Nothing was tuned on the seeds that are reported, which count from 301. Networks are kept in `--out`, and what is
there goes on from where it is. `--quick`: one seed, a fiftieth of the steps.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import _common as bench

ENV = "manyagent/foraging_world"
WORLD = {"size": 40}
SMALL, LARGE = 16, 128
STEPS = 1_500_000  # of agents, for each network (all four of `niches` together)
SLICES = 6
MATCHES = 16
PPO = {
    "model": {"kind": "manyagent/entities", "params": {"hidden": [128], "activation": "relu"}},
    "rows": 8192, "minibatch": 1024, "epochs": 3, "lr": 0.001, "discount": 0.99, "entropy": 0.01, "staleness": 0,
}  # fmt: skip
SHOWN = (
    "lifetime",
    "mortality",
    "explored",
    "distance",
    "division",
    "specialisation",
    "territory",
    "population",
    "kills",
)
GOAL = 100_000.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "learn", "niches"], nargs="?", default="speed")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    parser.add_argument("--seeds", type=int, nargs="+", default=[301, 302, 303])
    parser.add_argument("--steps", type=int, default=STEPS, help="agent-steps of each training")
    parser.add_argument("--out", type=Path, default=Path("runs/foraging_world"), help="where trained networks are kept")
    parser.add_argument("--picture", default="", help="draw the curves of `learn` into this file")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    bench.one_torch_thread()
    if given.quick:
        given.seeds, given.steps = given.seeds[:1], given.steps // 50
    if given.child:
        print(json.dumps(played_at_random(given.child, 30)))
        return
    {"speed": speed, "learn": learn, "niches": niches}[given.what](given)


def speed(given: argparse.Namespace) -> None:
    """Rates by CPU time of one process on one thread, and the greatest memory of such processes."""
    places = (125, 500, 2000) if given.quick else (125, 250, 500, 1000, 2000, 4000)
    found = {}
    for count in places:
        runs = [child(count) for _ in range(1 if given.quick else 3)]
        found[count] = {"rate": sorted(one["rate"] for one in runs)[len(runs) // 2], "memory": runs[0]["memory"]}
        print(
            f"{count:6,} places: {found[count]['rate']:10,.0f} agent-steps/s, {found[count]['memory']:.0f} MiB",
            flush=True,
        )
    low, high = places[-2:]
    more = 1024 * (found[high]["memory"] - found[low]["memory"]) / (high - low)
    print(f"each agent more, from {low:,} to {high:,}: {more:.1f} KiB, the map's share with it")
    rate = found[500]["rate"]
    bench.report("foraging_world", rate, GOAL, rate / GOAL, "agent-steps/s at 500 places", places=found)


def child(places: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", str(places)]
    found: dict[str, float] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def played_at_random(places: int, ticks: int) -> dict[str, float]:
    """Random actions in one match, on a map as dense as one of 64 x 64 with 500 places."""
    import numpy as np

    from marl_manyagent.foraging_world.foraging_world import ForagingWorld
    from marl_manyagent.foraging_world.params import ForagingParams

    size = max(8, round(64 * math.sqrt(places / 500)))
    game = ForagingWorld(1, ForagingParams(places=places, size=size, start=1.0, spawns=0.5))
    lane, dice, steps = np.array([0]), np.random.default_rng(0), 0
    (rows,) = game.reset(lane, np.array([7], dtype=np.uint64))
    started = time.process_time()
    for _ in range(ticks):
        steps += len(rows)
        (rows,) = game.step(lane, [dice.integers(0, 7, len(rows))]).turn
    seconds = time.process_time() - started
    return {"rate": steps / seconds, "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def learn(given: argparse.Namespace) -> None:
    """Train in both worlds, then let everybody live in both."""
    worlds = {str(size): {"places": size} for size in (LARGE, SMALL)}
    trained = all_trained(given, worlds)
    rows: list[tuple[str, str, list[dict[str, float]]]] = []
    for size, places in worlds.items():
        env = {**WORLD, **places}
        rows.append(("random play", size, [lived("marl/random", env, seed) for seed in given.seeds]))
        rows.append(("scripted forager", size, [lived("manyagent/forager", env, seed) for seed in given.seeds]))
        for origin in worlds:
            each = [lived(trained[origin, seed], env, seed) for seed in given.seeds]
            rows.append((f"learned among {origin}", size, each))
    for who, size, each in rows:
        print(f"| {who} | {size} | " + " | ".join(figure(each, name) for name in SHOWN) + " |", flush=True)
    by = {(who, size): [one["lifetime"] for one in each] for who, size, each in rows}
    if given.picture:
        curves = {size: [curve(given, f"{size}_{seed}") for seed in given.seeds] for size in worlds}
        Path(given.picture).write_text(drawing(curves, {key: mean(values) for key, values in by.items()}))
    ours, script = mean(by[f"learned among {LARGE}", str(LARGE)]), mean(by["scripted forager", str(LARGE)])
    bench.report(
        "foraging_world_learn", ours, script, ours / script, "ticks lived, against the scripted forager",
        curves={f"{size}_{seed}": curve(given, f"{size}_{seed}") for size, seed in trained},
        rows=[(who, size, shown(each)) for who, size, each in rows],
    )  # fmt: skip


def niches(given: argparse.Namespace) -> None:
    """Four populations: a network each, and one for all."""
    worlds = {"each": {"places": 64, "populations": 4}, "all": {"places": 64, "populations": 4, "rivals": True}}
    trained = all_trained(given, worlds)
    found = {}
    for name, env in worlds.items():
        each = [lived(trained[name, seed], {**WORLD, **env}, seed) for seed in given.seeds]
        found[name] = shown(each)
        print(f"| a network for {name} | " + " | ".join(figure(each, key) for key in SHOWN) + " |")
    for policy in ("marl/random", "manyagent/forager"):
        each = [lived(policy, {**WORLD, **worlds["each"]}, seed) for seed in given.seeds]
        print(f"| {policy} | " + " | ".join(figure(each, key) for key in SHOWN) + " |")
    ours, peer = (mean([one["specialisation"] for one in found[name]]) for name in ("each", "all"))
    bench.report("foraging_world_niches", ours, peer, ours / max(peer, 1e-9), "specialisation", found=found)


def network(given: argparse.Namespace, name: str, env: Mapping[str, Any], seed: int, steps: float) -> Any:
    """The snapshot of what was learned in such a world, from so many agent-steps; it goes on from what is kept."""
    from marl.blobs import Blobs
    from marl.job import SELF, Job
    from marl.registry import ALGORITHMS, Component, load_registry
    from marl.services import RunServices, train

    given.out.mkdir(parents=True, exist_ok=True)
    blobs, file = Blobs(given.out / "blobs"), given.out / f"{name}.json"
    kept: dict[str, Any] = {"rows": 0.0, "cpu": 0.0, "parent": None, "snapshot": "", "curve": []}
    if file.exists():
        kept = json.loads(file.read_text())
    registry, world = load_registry(), {**WORLD, **env}
    played: list[float] = []
    services = RunServices(
        registry, Component(ENV, world), blobs, lambda step, values: played.append(values.get("rows", 0.0))
    )
    maker = registry.make(ALGORITHMS, "rllib/ppo", {**PPO, "lanes": max(1, 512 // env["places"])})
    opponents = ((), *(((SELF, 1.0),) for _ in services.spec.sides[1:]))
    while kept["rows"] < steps:
        started = time.process_time()
        budget = {"env_steps": max(1, given.steps / SLICES / env["places"])}  # at most: some places are empty
        trained = train(registry, maker, Job("rllib/ppo", 0, opponents, seed, kept["parent"], budget=budget), services)
        kept["rows"] += sum(played)
        played.clear()
        kept["parent"], kept["snapshot"] = (
            blobs.put_checkpoint(trained.checkpoint),
            blobs.put_snapshot(trained.snapshot),
        )
        kept["cpu"] += time.process_time() - started
        figures = shown([lived(trained.snapshot, world, 1000 + seed, matches=4)])[0]
        kept["curve"].append({"rows": kept["rows"], **figures})
        file.write_text(json.dumps(kept))
        said = json.dumps({key: round(value, 2) for key, value in figures.items()})
        print(f"  {name}: {kept['rows']:,.0f} agent-steps, {kept['cpu']:.0f} s, {said}", flush=True)
    return blobs.get_snapshot(kept["snapshot"])


def all_trained(given: argparse.Namespace, worlds: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, int], Any]:
    """What was learned in each of these worlds, with each seed; all go on side by side, slice by slice."""
    found = {}
    for level in range(1, SLICES + 1):
        for name, env in worlds.items():
            for seed in given.seeds:
                steps = given.steps * level / SLICES
                found[name, seed] = network(given, f"{name}_{seed}", env, seed, steps)
    return found


def lived(player: Any, env: Mapping[str, Any], seed: int, matches: int = MATCHES) -> dict[str, float]:
    """What the columns of the world say at the end of matches, on average: of a policy's name, or of a snapshot."""
    from marl.arena import Arena, Pairings
    from marl.registry import ENVIRONMENTS, POLICIES, load_registry
    from marl.services import restore

    registry = load_registry()
    game = registry.make(ENVIRONMENTS, ENV, env, lanes=4)
    if isinstance(player, str):
        policy = registry.make(POLICIES, player, {}, spec=game.spec)
    else:
        policy = restore(registry, game.spec, player)
    results = Arena(game).play([policy], Pairings.repeat([[0] * len(game.spec.sides)], matches, seed=seed))
    return {name: float(column.mean()) for name, column in results.info.items()}


def shown(each: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    return [{key: one[key] for key in SHOWN} for one in each]


def curve(given: argparse.Namespace, name: str) -> Any:
    return json.loads((given.out / f"{name}.json").read_text())["curve"]


def drawing(curves: Mapping[str, Sequence[Any]], lifetimes: Mapping[tuple[str, str], float]) -> str:
    """How long agents live against agent-steps of training, a line a seed; the scripts and random play as levels."""
    from marl.games.drawing import BLUE, RED, rect, svg, text

    width, height, left, bottom = 640, 360, 60, 300
    far = max(point["rows"] for each in curves.values() for one in each for point in one)
    top = max(*(point["lifetime"] for each in curves.values() for one in each for point in one), *lifetimes.values())

    def place(rows: float, ticks: float) -> str:
        return f"{left + rows / far * (width - left - 170):.1f},{bottom - ticks / top * (bottom - 30):.1f}"

    parts = [text(width / 2, 18, "How long foragers live, as they learn", 14)]
    parts.append(text((width - 110) / 2, height - 22, "agent-steps of training", 12))
    parts.append(f'<g transform="rotate(-90 16 165)">{text(16, 165, "mean lifetime, ticks", 12)}</g>')
    for step in range(0, int(top) + 1, 20):
        x, y = place(0, step).split(",")
        parts.append(f'<path d="M{x} {y}H{width - 170}" stroke="#dddddd"/>')
        parts.append(text(left - 6, float(y) + 4, str(step), 11, anchor="end"))
    apart = float(f"{far / 3:.1g}")
    for part in range(int(far / apart) + 1):
        x, _ = place(part * apart, 0).split(",")
        parts.append(text(float(x), bottom + 18, f"{part * apart:,.0f}", 11))
    for line, (size, colour) in enumerate(((str(SMALL), BLUE), (str(LARGE), RED))):
        for one in curves[size]:
            points = " ".join(place(point["rows"], point["lifetime"]) for point in one)
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for who, dash in (("random play", "2 4"), ("scripted forager", "8 4")):
            x, y = place(0, lifetimes[who, size]).split(",")
            parts.append(f'<path d="M{x} {y}H{width - 170}" stroke="{colour}" stroke-dasharray="{dash}"/>')
        at = 60 + 90 * line
        for row, (what, dash) in enumerate((("learned, a line a seed", ""), ("scripted", "8 4"), ("random", "2 4"))):
            y = at + 18 + 18 * row
            parts.append(f'<path d="M482 {y}h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
            parts.append(text(512, y + 4, what, 11, anchor="start"))
        parts.append(text(482, at + 2, f"{size} places", 12, anchor="start"))
    parts.append(rect(left, 30, width - 170 - left, bottom - 30, "none"))
    return svg(width, height, parts)


def mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def figure(each: Sequence[Mapping[str, float]], name: str) -> str:
    """Mean and standard error over seeds."""
    values = [one[name] for one in each]
    middle = mean(values)
    error = math.sqrt(sum((value - middle) ** 2 for value in values) / max(len(values) - 1, 1) / len(values))
    return f"{middle:.3g} ± {error:.2g}"


if __name__ == "__main__":
    main()
