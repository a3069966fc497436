"""Free market, the United States' taxes, Saez's formula and a learned planner in the town; the one-step economy;
language models (the stand-in) against the exact Stackelberg solution; speed.

    python benchmarks/economy.py town --seeds 1 2 3 --keep town.jsonl     # about 4 minutes a seed on one core
    python benchmarks/economy.py one_step --seeds 1 2 3
    python benchmarks/economy.py language
    python benchmarks/economy.py speed
    python benchmarks/economy.py table town.jsonl                          # intervals over the seeds that were kept

Every system of the town starts from the same workers, which have learned to answer taxes of all kinds; then workers
learn on under it. Saez's formula has the elasticity that is best for it with these first workers. `settled`: under the
learned planner as it was at the end, which learns no more.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from _common import one_torch_thread, report

from marl import rng
from marl.blobs import Blobs
from marl.games.drawing import INK, RED, circle, rect, svg, text
from marl.job import SELF, Job
from marl.policy import Policy
from marl.registry import ALGORITHMS, POLICIES, Component, load_registry
from marl.scenario import load_scenario
from marl.services import RunServices, restore, scripted
from marl.space import sample
from marl_economy import saez, taxes
from marl_economy.labour.labour import Labour, LabourParams
from marl_economy.labour.rational import Rational
from marl_economy.labour.stackelberg import formula, outcome, solution, textbook
from marl_economy.language.council import Council
from marl_economy.language.params import CouncilParams, LanguageParams
from marl_economy.language.policy import Language
from marl_economy.planners import Saez, SaezParams
from marl_economy.playing import Year, played
from marl_economy.town.town import Town

SCENARIOS = Path(__file__).parents[1] / "scenarios"
MATCHES, EVALUATION = 256, 10_000  # matches that are measured, and what is added to a seed for them
FIRST, SECOND, SETTLING = 150_000, 240_000, 60_000  # env steps of the phases
GRID = (0.2, 0.3, 0.5, 1.0)  # elasticities that Saez's formula is tried with, beside what is estimated
LATER = {"leader_start": 0.0, "lr": 0.0005, "entropy": 0.005}  # after the first phase
LAST = LATER | {"lr": 0.0001}  # of workers that learn on, who are nearly done
REGISTRY = load_registry()


class Trainer:
    """Trains in this process, phase by phase; a phase that was done before, in the same folder, is not done again."""

    def __init__(self, scenario: str, folder: Path) -> None:
        self.config = load_scenario(SCENARIOS / f"{scenario}.yaml", [], REGISTRY).config
        self.blobs, self.done = Blobs(folder / "blobs"), folder / "phases.json"
        self.services = RunServices(REGISTRY, self.config.env, self.blobs, lambda step, values: None)

    def phase(self, name: str, seed: int, env_steps: int, after: str | None, planner: str, **params: Any) -> str:
        """The id of the snapshot of a phase. `planner`: SELF where it learns too, else a snapshot that plays for it."""
        known = json.loads(self.done.read_text()) if self.done.exists() else {}
        key = f"{name} {seed} {env_steps}"
        if key not in known:
            params = self.config.algorithm.params | params | {"horizon": env_steps}
            sides = ((), ((SELF, 1.0),)) if planner == SELF else (((planner, 1.0),), ())
            job = Job(
                "economy/two_level", int(planner != SELF), sides, seed, params=params, budget={"env_steps": env_steps}
            )
            algorithm = REGISTRY.make(ALGORITHMS, "economy/two_level", params)
            if after is not None:
                start = algorithm.start(self.blobs.get_snapshot(after), job, self.services)
                job = replace(job, parent=self.blobs.put_checkpoint(start))
            known[key] = self.blobs.put_snapshot(algorithm.train(job, self.services).snapshot)
            algorithm.close()
            self.done.write_text(json.dumps(known))
        return known[key]

    def policy(self, id: str) -> Policy:
        """Who plays a snapshot."""
        return restore(REGISTRY, self.services.spec, self.blobs.get_snapshot(id))

    def scripted(self, name: str, **params: Any) -> str:
        """The id of a policy that does not learn, as a snapshot."""
        return self.blobs.put_snapshot(scripted(Component(name, REGISTRY.validate(POLICIES, name, params))))


def measured(planner: Policy, workers: Policy, seed: int, matches: int) -> dict[str, Any]:
    """What comes of a planner and workers in the town, means over matches."""
    years = list(played(Town, planner, workers, matches, EVALUATION + seed))
    last = years[-1]
    return {
        "equality": float(taxes.equality(last.coin).mean()),
        "productivity": float(taxes.productivity(last.coin).mean()),
        "welfare": float(last.welfare.mean()),
        "utility": float(last.utility.mean()),
        "rates": np.mean([year.rates.mean(axis=0) for year in years], axis=0).round(3).tolist(),
        "incomes": np.mean([np.sort(year.incomes, axis=1).mean(axis=0) for year in years], axis=0).round(1).tolist(),
    }


def elasticity(years: list[Year], cutoffs: Any) -> float:
    """Of income, where rates were random."""
    rates = [taxes.marginal(np.maximum(year.incomes, 0.0), year.rates, cutoffs).ravel() for year in years]
    return saez.elasticity(np.concatenate([year.incomes.ravel() for year in years]), np.concatenate(rates))


def town(seed: int, quick: bool, folder: Path, longer: float = 1) -> dict[str, Any]:
    """All systems, from one seed; `longer`: times as many env steps."""
    share, matches = (50, 32) if quick else (1, MATCHES)
    first_steps, second_steps, settling_steps = (round(longer * one) // share for one in (FIRST, SECOND, SETTLING))
    spec, cutoffs = Town(1).spec, Town(1).cutoffs
    first, later = Trainer("economy_workers", folder), Trainer("economy_planner", folder)
    base = first.phase("workers", seed, first_steps, None, SELF)
    workers = first.policy(base)
    random = REGISTRY.make(POLICIES, "marl/random", {}, spec=spec)
    estimate = elasticity(list(played(Town, random, workers, matches, EVALUATION + seed)), cutoffs)
    grid = [*GRID, round(estimate, 3)]
    tried = {one: measured(Saez(spec, SaezParams(one)), workers, seed, matches)["welfare"] for one in grid}
    found = max(grid, key=lambda one: tried[one])
    learned = later.phase("learned", seed, second_steps, base, SELF, **LATER)
    planners = {
        "free": later.scripted("economy/schedule"),
        "us": later.scripted("economy/us_federal"),
        "saez": later.scripted("economy/saez", elasticity=found),
        "settled": learned,
    }
    results = {"learned": measured(later.policy(learned), later.policy(learned), seed, matches)}
    for name, planner in planners.items():
        after, steps, params = (base, second_steps, LATER) if name != "settled" else (learned, settling_steps, LAST)
        answered = later.phase(name, seed, steps, after, planner, **params)
        results[name] = measured(later.policy(planner), later.policy(answered), seed, matches)
    return {"seed": seed, "estimate": estimate, "elasticity": found, "systems": results}


def interval(values: list[float]) -> tuple[float, float]:
    """Mean, and half the 95 % interval by Student's t."""
    from scipy.stats import t

    if len(values) < 2:
        return float(np.mean(values)), float("nan")
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return float(np.mean(values)), float(half)


def table(rows: list[Mapping[str, Any]]) -> None:
    """Means over seeds, 95 % intervals, and the line of JSON."""
    print(f"{'':10} {'equality':>16} {'productivity':>16} {'eq x prod':>16} {'utility':>16}")
    for name in ("free", "us", "saez", "learned", "settled"):
        cells = []
        for key in ("equality", "productivity", "welfare", "utility"):
            mean, half = interval([row["systems"][name][key] for row in rows])
            cells.append(f"{mean:8.3f} ± {half:5.3f}" if key == "equality" else f"{mean:8.1f} ± {half:5.1f}")
        print(f"{name:10} " + " ".join(f"{cell:>16}" for cell in cells))
    welfare = {
        name: [row["systems"][name]["welfare"] for row in rows] for name in ("free", "us", "saez", "learned", "settled")
    }
    best = max(("free", "us", "saez"), key=lambda name: float(np.mean(welfare[name])))
    ours, peer = float(np.mean(welfare["settled"])), float(np.mean(welfare[best]))
    report("economy_town", ours, peer, ours / peer, "equality x productivity", best_baseline=best,
           elasticity=[row["elasticity"] for row in rows],
           estimate=[row["estimate"] for row in rows], seeds=[row["seed"] for row in rows])  # fmt: skip


def one_step(seeds: list[int], quick: bool, folder: Path) -> None:
    """The flat rate that a planner comes to who learns with its workers, and the textbook's."""
    params = LabourParams(workers=32, levels=51)
    economy, found = Labour(1, params), []
    for seed in seeds:
        trainer = Trainer("economy_one_step", folder)
        steps = trainer.config.env_steps // (10 if quick else 1)
        policy = trainer.policy(trainer.phase("one_step", seed, steps, None, SELF))
        (year,) = played(lambda lanes: Labour(lanes, params), policy, policy, 256, EVALUATION + seed)
        found.append(float(year.rates.mean()))
        print(f"seed {seed}: rate {found[-1]:.3f}, welfare {year.welfare.mean():.3f}", flush=True)
    best = solution(economy)
    print(
        f"textbook {textbook(economy):.3f} ({textbook(economy, many=True):.3f} for many workers); best of those that "
        f"can be chosen {best.rates[0]:.2f}, welfare {best.welfare:.3f}"
    )
    mean = float(np.mean(found))
    report("economy_one_step", mean, textbook(economy), mean / textbook(economy), "rate", rates=found)


NAMES = {"free": "free market", "us": "United States", "saez": "Saez", "learned": "learned planner"}


def drawn(rows: list[Mapping[str, Any]]) -> str:
    """An SVG: each system's rates by bracket, and below what workers earn a year, means over seeds."""
    cutoffs, parts, high = Town(1).cutoffs, [], 150.0
    widest = max(max(row["systems"][name]["incomes"]) for row in rows for name in NAMES) * 1.1
    for number, (name, title) in enumerate(NAMES.items()):
        left, width = 40 + 235 * number, 200.0
        rates = np.mean([row["systems"][name]["rates"] for row in rows], axis=0)
        incomes = np.mean([row["systems"][name]["incomes"] for row in rows], axis=0)
        parts.append(text(left + width / 2, 22, title, 14))
        for share in (0, 0.5, 1):
            at = 40 + high * (1 - share)
            parts.append(f'<path d="M{left} {at:g}H{left + width}" stroke="#dddddd"/>')
            parts.append(text(left - 5, at + 4, f"{share:.0%}", 10, INK, "end") if not number else "")
        for low, following, rate in zip(cutoffs, [*cutoffs[1:], widest], rates, strict=True):
            start, end = (left + width * min(one, widest) / widest for one in (low, following))
            if end > start:
                parts.append(rect(start, 40 + high * (1 - rate), end - start, high * rate, "#c9d8ea"))
        for income in incomes:
            parts.append(circle(left + width * income / widest, 40 + high + 10, 4, RED))
        for coins in (0, 50, 100, 150):
            if coins < widest:
                parts.append(text(left + width * coins / widest, 40 + high + 32, f"{coins}", 10))
        parts.append(text(left + width / 2, 40 + high + 50, "coins earned in a year", 11))
    parts.append(
        text(40, 40 + high + 72, "bars: marginal tax rate; dots: what the four workers earn", 12, INK, "start")
    )
    return svg(980, 40 + high + 84, parts)


LANGUAGE = LabourParams(workers=8, years=80, cutoffs=[0.0, 2.0, 6.0], rate_step=0.1)
PERSONAS = ["careful", "content", "round", "keen"]


def language(quick: bool) -> None:
    """Welfare of the last ten years by the stand-in, in economies of three elasticities, beside what is exact."""
    figures: dict[str, list[float]] = {}
    for elastic in (0.25, 0.5, 1.0):
        params = replace(LANGUAGE, elasticity=elastic, years=12 if quick else LANGUAGE.years)
        economy = Labour(1, params)
        spec, best = economy.spec, solution(economy)
        lines = {"no taxes": outcome(economy, np.zeros(3)), "Saez's formula": formula(economy), "Stackelberg": best}
        for name, exact in lines.items():
            figures.setdefault(name, []).append(exact.welfare)
            print(f"elasticity {elastic:4g}  {name:32} {exact.welfare:7.4f}  rates {np.round(exact.rates, 2).tolist()}")
        sides: dict[str, tuple[Policy, Policy]] = {
            "planner, rational workers": (Language(spec), Rational(spec)),
            "planner, workers with personas": (Language(spec), Language(spec, LanguageParams(personas=PERSONAS))),
            "council, rational workers": (Council(spec, CouncilParams(term=5)), Rational(spec)),
        }
        for name, (planner, workers) in sides.items():
            years = list(played(lambda lanes: Labour(lanes, params), planner, workers, 1, 1))  # noqa: B023
            gained = np.diff([0.0, *(float(year.welfare[0]) for year in years)])
            figures.setdefault(name, []).append(float(gained[-10:].mean()))
            rates = years[-1].rates[0].round(2).tolist()
            print(f"elasticity {elastic:4g}  {name:32} {gained[-10:].mean():7.4f}  rates {rates}")
    none, best_of = np.array(figures["no taxes"]), np.array(figures["Stackelberg"])
    share, peer = (
        float(((np.array(figures[name]) - none) / (best_of - none)).mean())
        for name in ("planner, rational workers", "Saez's formula")
    )
    report("economy_language", share, peer, share / peer, "share of what taxes can gain", welfare=figures)


def speed(quick: bool) -> None:
    """Ticks of the town a second of one core, with actions drawn at random (which is not counted)."""
    rates = {}
    for lanes in (1, 64, 1024):
        env, number = Town(lanes), 0
        everybody = np.arange(lanes)
        turn = env.reset(everybody, rng.mix(1, everybody))
        until = time.perf_counter() + (0.5 if quick else 3.0)
        spent = 0.0
        while time.perf_counter() < until:
            rows = next(rows for rows in turn if rows is not None)
            actions: list[Any] = [None, None]
            actions[rows.group] = sample(
                env.spec.groups[rows.group].action, rng.mix(rows.lane, rows.agent, number), rows.mask
            )
            begun = time.process_time()
            step = env.step(everybody, actions)
            turn = env.reset(everybody, rng.mix(number, everybody)) if step.done.any() else step.turn
            spent += time.process_time() - begun
            number += 1
        rates[lanes] = number * lanes / spent
        print(f"{lanes:5} lanes: {rates[lanes]:10,.0f} ticks/s, {4 * rates[lanes]:12,.0f} worker steps/s")
    report("economy_speed", rates[1024], rates[1], rates[1024] / rates[1], "ticks/s", lanes=rates)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "part", choices=("town", "table", "one_step", "language", "speed", "all"), nargs="?", default="all"
    )
    parser.add_argument("files", type=Path, nargs="*", help="what `town` kept, for `table`")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--keep", type=Path, help="a file that gets a line for each seed of the town")
    parser.add_argument("--svg", type=Path, help="where `table` draws the rates and incomes")
    parser.add_argument("--folder", type=Path, help="where phases are kept; what was killed goes on")
    parser.add_argument("--longer", type=float, default=1, help="times as many env steps in the town")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    asked = parser.parse_args()
    one_torch_thread()
    seeds = asked.seeds[:1] if asked.quick else asked.seeds
    if asked.part in ("town", "all"):
        rows = []
        with tempfile.TemporaryDirectory() as temporary:
            for seed in seeds:
                rows.append(town(seed, asked.quick, asked.folder or Path(temporary), asked.longer))
                print(json.dumps(rows[-1]), flush=True)
                if asked.keep:
                    with asked.keep.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
        table(rows)
    if asked.part == "table":
        rows = [json.loads(line) for file in asked.files for line in file.read_text().splitlines()]
        table(rows)
        if asked.svg:
            asked.svg.write_text(drawn(rows) + "\n")
    if asked.part in ("one_step", "all"):
        with tempfile.TemporaryDirectory() as temporary:
            one_step(seeds, asked.quick, asked.folder or Path(temporary))
    if asked.part in ("language", "all"):
        language(asked.quick)
    if asked.part in ("speed", "all"):
        speed(asked.quick)


if __name__ == "__main__":
    main()
