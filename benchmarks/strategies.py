"""What each strategy does in a game like rock, paper, scissors, as a picture: its meta-strategy, round by round.

The game is biased, so that its equilibrium (1/4, 1/4, 1/2) is not where everybody starts, at rock. Best responses are
exact, so what differs is the strategy. Naive self-play answers its newest player and goes round in circles; fictitious
self-play answers the whole past and spirals in; those who solve the meta-game are there once they know all three.
Writes docs/results/strategies.png, unless --quick, and the numbers beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _common as bench
import numpy as np

from league.ledger import Ledger
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario
from marl.types import Floats

GAME = "{name: classic/matrix, payoffs: [[0, -2, 1], [2, 0, -1], [-1, 1, 0]]}"
NASH = np.array([0.25, 0.25, 0.5])
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
PICTURE = Path(__file__).parents[1] / "docs" / "results" / "strategies.png"
EXACT = "oracle: league/best_response, founder: marl/first"
DIVERSE = "founder: marl/first, oracle: {name: league/diverse_response, diversity: league/cardinality}"
PIPELINE, LEAGUE = "workers: 2\n", "workers: 4\npopulation: by_side\n"
STRATEGIES = {
    "naive self-play\n(historical, delta 1)": (f"{{name: historical, delta: 1, warm: false, {EXACT}}}", ""),
    "window of the past\n(historical, delta 0.5)": (f"{{name: historical, delta: 0.5, warm: false, {EXACT}}}", ""),
    "fictitious self-play\n(historical, delta 0)": (f"{{name: historical, delta: 0, warm: false, {EXACT}}}", ""),
    "AlphaStar league\n(alphastar)": (
        "{name: alphastar, algorithm: league/best_response, founder: marl/first, least: 1, win: 2.0}",
        LEAGUE,
    ),
    "PSRO, replicator\n(psro, prd)": (f"{{name: psro, metasolver: prd, {EXACT}}}", ""),
    "PSRO, Nash: double oracle\n(psro, nash)": (f"{{name: psro, metasolver: nash, {EXACT}}}", ""),
    "rectified PSRO\n(rectified_psro)": (f"{{name: rectified_psro, {EXACT}}}", ""),
    "pipeline PSRO\n(pipeline_psro)": (f"{{name: pipeline_psro, most: 1, {EXACT}}}", PIPELINE),
    "anytime PSRO\n(anytime_psro)": (f"{{name: anytime_psro, {EXACT}}}", ""),
    "self-play PSRO\n(self_play_psro)": (f"{{name: self_play_psro, steps: 5, {EXACT}}}", ""),
    "diverse PSRO, DPP\n(diverse_psro)": (f"{{name: diverse_psro, {DIVERSE}}}", ""),
    "JPSRO, correlated equilibria\n(jpsro)": (f"{{name: jpsro, {EXACT}}}", ""),
}


@dataclass
class Walk:
    """`mixtures`: `float64[T, 3]`, what the first side plays after each iteration; `gaps`: its NashConv, `[T]`."""

    mixtures: Floats
    gaps: Floats
    reason: str


def walk(strategy: str, more: str, iterations: int) -> Walk:
    """What a strategy's meta-strategy plays, from the beginning on; where it ends it stays."""
    with TemporaryDirectory() as folder:
        scenario, out = Path(folder, "scenario.yaml"), Path(folder, "run")
        scenario.write_text(
            f"kind: league\nenv: {GAME}\nstrategy: {strategy}\nstop: {{iterations: {iterations}}}\n{more}"
        )
        out.mkdir()
        registry = load_registry()
        config = load_scenario(str(scenario), [], registry).config
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        manager = build(config, registry, ledger, Blobs(out / "blobs"), metrics)
        done = list(manager.run())
        game, players = manager.services.exact(), manager.view().populations[0]
        plans = np.array([game.plan(0, player.snapshot)[-3:] for player in players])
        mixtures = np.array([np.array(one.mixtures[0]) @ plans[: len(one.mixtures[0])] for one in done])
        gaps = np.array([one.measures["nash_conv"].value for one in done])
        ledger.close()
        metrics.close()
    rest = iterations + 1 - len(done)
    return Walk(np.pad(mixtures, ((0, rest), (0, 0)), "edge"), np.pad(gaps, (0, rest), "edge"), manager.reason)


def draw(paths: Sequence[tuple[str, Walk]], picture: Path) -> None:
    """A triangle for each strategy, and the curve of its NashConv below it."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    columns = 4
    rows = -(-len(paths) // columns)
    figure, axes = pyplot.subplots(
        2 * rows, columns, figsize=(3.4 * columns, 4.6 * rows), height_ratios=[3, 1] * rows, layout="constrained"
    )
    for number, (name, path) in enumerate(paths):
        row, column = divmod(number, columns)
        _triangle(axes[2 * row][column], name, path)
        _curve(axes[2 * row + 1][column], path)
    figure.savefig(picture, dpi=110)


def _triangle(axis: Any, name: str, path: Walk) -> None:
    """All mixtures of three, and the way through them, from dark to light; the star is the equilibrium."""
    axis.fill(*CORNERS.T, facecolor="#f4f4f4", edgecolor="#999999", linewidth=1)
    for corner, word, up in zip(CORNERS, ("rock", "paper", "scissors"), (-14, -14, 5), strict=True):
        axis.annotate(word, corner, (0, up), textcoords="offset points", ha="center", fontsize=9)
    points = path.mixtures @ CORNERS
    axis.plot(*points.T, color="#8aa4c8", linewidth=0.9, zorder=2)
    axis.scatter(*points.T, c=np.arange(len(points)), cmap="viridis", s=16, zorder=3)
    axis.scatter(*(NASH @ CORNERS), marker="*", s=170, facecolor="none", edgecolor="#c03030", zorder=4)
    axis.set_title(name, fontsize=10)
    axis.set_aspect("equal")
    axis.margins(0.12)
    axis.axis("off")


def _curve(axis: Any, path: Walk) -> None:
    """NashConv by iteration."""
    axis.plot(path.gaps, color="#3b6ea5")
    axis.set_ylim(-0.15, 4.15)
    axis.set_ylabel("NashConv", fontsize=8)
    axis.set_xlabel("iteration", fontsize=8)
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.3)


def main() -> None:
    quick = bench.arguments(__doc__).quick
    iterations = 12 if quick else 40
    paths = [(name, walk(strategy, more, iterations)) for name, (strategy, more) in STRATEGIES.items()]
    for name, path in paths:
        last = path.gaps[-10:]
        words = " ".join(name.split())
        mean = np.array2string(path.mixtures[-1], precision=3)
        print(f"{words:52} last {last[-1]:.3f}, worst of the last ten {last.max():.3f}, plays {mean}; {path.reason}")
    if not quick:
        draw(paths, PICTURE)
    gaps = {name.rpartition("(")[2].rstrip(")"): float(path.gaps[-1]) for name, path in paths}
    naive, psro = gaps["historical, delta 1"], gaps["psro, nash"]
    bench.report("strategies", psro, naive, naive / max(psro, 1e-3), "NashConv", iterations=iterations, last=gaps)


if __name__ == "__main__":
    main()
