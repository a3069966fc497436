"""What the benchmarks of rewards share: PPO in this process, what its updates log, and means over seeds."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marl.job import Job
from marl.registry import ALGORITHMS, ENVIRONMENTS, load_registry

COLOURS = ("#0072b2", "#d55e00", "#009e73")  # told apart by the colour-blind, too


class Services:
    """What training asks for: environments, and where to log."""

    def __init__(self, name: str, **params: Any) -> None:
        self.name, self.params, self.logged = name, params, list[dict[str, float]]()
        self.spec = self.environment(1).spec

    def environment(self, lanes: int) -> Any:
        return load_registry().make(ENVIRONMENTS, self.name, self.params, lanes=lanes)

    def log(self, step: int, **values: float) -> None:
        self.logged.append(values)

    def warn(self, text: str) -> None:
        print(text)


def trained(services: Any, params: Mapping[str, Any], seed: int, env_steps: int) -> Any:
    """A PPO run of which `services.logged` has what the updates logged; what came of it."""
    job = Job("rllib/ppo", 0, ((),), seed=seed, budget={"env_steps": env_steps}, params=dict(params))
    algorithm: Any = load_registry().make(ALGORITHMS, "rllib/ppo", dict(params))
    return algorithm.train(job, services)


def late(logged: Sequence[Mapping[str, float]], key: str, share: int = 10) -> float:
    """The mean of what was logged under a name in the last 1/`share` of the updates."""
    values = [one[key] for one in logged if key in one]
    return statistics.fmean(values[-(len(values) // share or 1) :])


def interval(values: Sequence[float], digits: int = 2) -> str:
    """Mean and half the width of a 95 % interval over seeds (Student's t)."""
    from scipy.stats import t

    if len(values) < 2:
        return f"{values[0]:.{digits}f}"
    half = t.ppf(0.975, len(values) - 1) * statistics.stdev(values) / len(values) ** 0.5
    return f"{statistics.fmean(values):.{digits}f} ± {half:.{digits}f}"


def row(*cells: Any) -> None:
    """A row of a table, as on a page of documentation."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def head(*cells: Any) -> None:
    """The first row, and the line below it."""
    row(*cells)
    print("|---" * len(cells) + "|", flush=True)


def arguments(description: str | None, parts: Iterable[str], seeds: int, env_steps: int) -> argparse.Namespace:
    """The command line: which `parts` (all, where none is named), seeds and steps; `--quick` for a rough answer."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="which of them; all by default")
    parser.add_argument("--seeds", type=int, default=seeds, help="how many")
    parser.add_argument("--first", type=int, default=40, help="the first seed")
    parser.add_argument("--env-steps", type=int, default=env_steps, help="of each run")
    parser.add_argument("--size", type=int, default=14, help="rows of the deep sea")
    parser.add_argument("--picture", default="", help="where to draw curves, an SVG file")
    parser.add_argument("--quick", action="store_true", help="a rough answer in a few seconds")
    given = parser.parse_args()
    given.parts = given.parts or list(parts)
    if given.quick:
        given.seeds, given.env_steps = 1, min(given.env_steps, 8192)
    given.numbers = list(range(given.first, given.first + given.seeds))
    return given


def drawing(title: str, curves: Mapping[str, Sequence[Sequence[float]]], end: int) -> str:
    """An SVG of numbers from 0 to 1 over a run of `end` env steps: a colour for each name, a line for each seed."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 290" width="640" font-family="sans-serif" '
        'font-size="12" fill="#444"><rect width="640" height="290" fill="#fff"/>',
        f'<text x="40" y="18">{title}</text><path d="M40 30V250H620" fill="none" stroke="#999"/>',
        f'<text x="620" y="268" text-anchor="end">{end:,} env steps</text><text x="40" y="268">0</text>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = 250 - 220 * tick
        parts.append(f'<path d="M40 {y:.1f}H620" stroke="#ddd"/>')
        parts.append(f'<text x="34" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for place, ((name, runs), colour) in enumerate(zip(curves.items(), COLOURS, strict=False)):
        parts.append(f'<text x="612" y="{48 + 18 * place}" text-anchor="end" fill="{colour}">{name}</text>')
        for run in runs:
            points = " ".join(f"{40 + 580 * (at + 1) / len(run):.1f},{250 - 220 * y:.1f}" for at, y in enumerate(run))
            parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return "".join(parts) + "</svg>\n"
