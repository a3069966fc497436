"""Kinesthetic Reward Combination against the sum of the same parts, at equal steps: PPO in a duel of car soccer.

Every variant is `scenarios/carball_krc.yaml` with other overrides of its reward, trained in this process from each
seed. What was trained plays every script, the scripts play each other, and Bradley and Terry's model rates all of
them, the scripts' mean at 1500. `mean` is the sum of the parts of each combination, divided by their number, so that
it has the size of a part, as the geometric mean does, and one weight suits both. `potential` is paid for the ball being
nearer to the goal and the car to the ball, which leaves best policies as they are; `game only` for goals alone.

    python benchmarks/carball_krc.py --seeds 1 2 3 4 5 --out carball_krc.jsonl

What is in the file of `--out` is not trained again. The ratio is that of goals against the script that stands still.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from _common import one_torch_thread, report

from marl.registry import ALGORITHMS, ENVIRONMENTS, POLICIES, load_registry

VARIANTS: dict[str, list[str]] = {
    "krc": [],
    "mean": [
        "algorithm.reward.combine.offence={by: sum, of: {align: 0.333, approach: 0.333, near: 0.333}}",
        "algorithm.reward.combine.danger={by: sum, of: {shot: 0.5, close: 0.5}}",
    ],
    "potential": [
        *(f"algorithm.reward.weights.{name}=0" for name in ("offence", "danger")),
        "algorithm.reward.channels.nearer={name: rewards/potential,"
        " potential: '-observation[23] - 2 * observation[24]'}",
    ],
    "game only": [f"algorithm.reward.weights.{name}=0" for name in ("offence", "danger", "touch")],
}
SCRIPTS = ("idle", "random", "chaser", "keeper", "aimer", "striker")


class Services:
    """What an algorithm asks for: an environment, and somebody who listens."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.last: dict[str, float] = {}

    def environment(self, lanes: int) -> Any:
        return load_registry().make(ENVIRONMENTS, self.env.name, self.env.params, lanes=lanes)

    @property
    def spec(self) -> Any:
        return self.environment(1).spec

    def checkpoint(self, id: str) -> Any:
        return None

    def log(self, step: int, **values: float) -> None:
        self.last = values

    def warn(self, message: str) -> None:
        print(message)


def trained(overrides: Sequence[str], seed: int) -> tuple[Any, Services]:
    """Train the scenario with these overrides; its snapshot."""
    from marl.job import Job
    from marl.scenario import load_scenario

    registry = load_registry()
    config: Any = load_scenario("carball_krc", list(overrides), registry).config
    services = Services(config.env)
    params = {**config.algorithm.params, "horizon": config.env_steps}
    algorithm: Any = registry.make(ALGORITHMS, config.algorithm.name, params)
    job = Job(config.algorithm.name, 0, ((),), seed, budget={"env_steps": config.env_steps})
    return algorithm.train(job, services).snapshot, services


def against(snapshot: Any, env: Any, opponent: str, matches: int) -> list[float]:
    """Goals for less goals against of what was trained, by match; fresh seeds, as it plays in training."""
    from marl.arena import Arena, Pairings
    from marl.services import restore

    registry = load_registry()
    game = registry.make(ENVIRONMENTS, env.name, {**env.params, "opponent": opponent}, lanes=matches)
    player = restore(registry, game.spec, snapshot)
    returns = Arena(game).play([player], Pairings.repeat([[0]], matches, seed=77)).returns
    return [float(value) for value in returns[:, 0]]


def among_scripts(ticks: int, matches: int) -> Iterator[dict[str, Any]]:
    """The scripts play each other, half of the matches on each side."""
    from marl.arena import Arena, Pairings

    registry = load_registry()
    env = registry.make(ENVIRONMENTS, "carball/two_team", {"ticks": ticks}, lanes=matches)
    names = ["marl/random" if name == "random" else f"carball/{name}" for name in SCRIPTS]
    players = [registry.make(POLICIES, name, {}, spec=env.spec) for name in names]
    for one, two in combinations(range(len(SCRIPTS)), 2):
        returns = Arena(env).play(players, Pairings.repeat([[one, two], [two, one]], matches // 2, seed=78)).returns
        goals = np.concatenate([returns[: matches // 2, 0], returns[matches // 2 :, 1]])
        yield {"player": SCRIPTS[one], "goals": {SCRIPTS[two]: goals.tolist()}}


def ratings(lines: Sequence[Mapping[str, Any]]) -> dict[str, tuple[float, float, float]]:
    """Elo and its interval of everybody, from wins, draws and losses; the scripts' mean is 1500."""
    from league.pairing import Result
    from league.ratings.bradley_terry import BradleyTerry

    results = [
        Result("", (line["player"], other), ((np.sign(goals) + 1) / 2, (1 - np.sign(goals)) / 2))
        for line in lines
        for other, all_goals in line["goals"].items()
        for goals in all_goals
    ]
    found = BradleyTerry().fit(results)
    shift = 1500 - statistics.fmean(found[name].value for name in SCRIPTS)
    return {name: (one.value + shift, one.low + shift, one.high + shift) for name, one in found.items()}


def fill(path: Path, wanted: Sequence[tuple[str, int]], more: Sequence[str], matches: int) -> list[dict[str, Any]]:
    """Train and play what is not there yet, a line of JSON each."""
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    done = {line["player"] for line in lines}
    for variant, seed in wanted:
        if (player := f"{variant} {seed}") in done:
            continue
        snapshot, services = trained([*VARIANTS[variant], *more], seed)
        goals = {name: against(snapshot, services.env, name, matches) for name in SCRIPTS}
        line = {"player": player, "variant": variant, "seed": seed, "goals": goals}
        print(player, {name: round(statistics.fmean(all_goals), 2) for name, all_goals in goals.items()}, flush=True)
        lines.append(line)
        with path.open("a") as file:
            file.write(json.dumps(line) + "\n")
    return lines


def interval(values: Sequence[float], digits: int = 2) -> str:
    """Mean and half the width of a 95 % interval over seeds (Student's t)."""
    from scipy.stats import t

    if len(values) < 2:
        return f"{values[0]:.{digits}f}"
    half = t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.fmean(values):.{digits}f} ± {half:.{digits}f}"


def show(lines: Sequence[Mapping[str, Any]], scripts: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """The tables, as in docs/results/carball.md; goals against `idle` by variant."""
    rated = ratings([*lines, *scripts])
    print("| script | rating |\n|---|---|")
    for name in sorted(SCRIPTS, key=lambda name: -rated[name][0]):
        print("| {} | {:.0f} ({:.0f} to {:.0f}) |".format(name, *rated[name]))
    print(f"\n| | {' | '.join(SCRIPTS)} | rating |\n|---|{'---|' * (len(SCRIPTS) + 1)}")
    for variant in dict.fromkeys(line["variant"] for line in lines):
        seeds = [line for line in lines if line["variant"] == variant]
        cells = [interval([statistics.fmean(line["goals"][name]) for line in seeds]) for name in SCRIPTS]
        print(f"| {variant} | {' | '.join(cells)} | {interval([rated[line['player']][0] for line in seeds], 0)} |")
    return {
        variant: [statistics.fmean(line["goals"]["idle"]) for line in lines if line["variant"] == variant]
        for variant in VARIANTS
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--matches", type=int, default=100, help="that each plays against each script")
    parser.add_argument("--out", type=Path, default=Path("carball_krc.jsonl"))
    parser.add_argument("--quick", action="store_true", help="a rough answer in seconds: two seeds, a few steps")
    parser.add_argument("overrides", nargs="*", help="of the scenario, as in env_steps=100000")
    given = parser.parse_args()
    one_torch_thread()
    if given.quick:
        given.seeds, given.matches, given.overrides = [1, 2], 10, ["env_steps=9600", "env.ticks=30", *given.overrides]
    wanted = [(variant, seed) for seed in given.seeds for variant in given.variants]
    lines = fill(given.out, wanted, given.overrides, given.matches)
    goals = show(lines, list(among_scripts(60 if given.quick else 300, given.matches)))
    ours, peer = (statistics.fmean(goals[name] or [float("nan")]) for name in ("krc", "mean"))
    ratio = ours / peer if peer > 0 else float("nan")
    report("carball_krc", ours, peer, ratio, "goals against idle", goals=goals)


if __name__ == "__main__":
    main()
