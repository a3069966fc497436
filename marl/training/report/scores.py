"""Measurements in numbers: the newest against each opponent, and all of them folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from marl.page.plot import thinned
from marl.page.text import escape, exact
from marl.training.history import Slice
from marl.training.report.view import TrainView
from marl.words import MISSING, clipped, number

LISTED = 60  # measurements in the folded table
HEAD = ("matches", "return", "length")
VERSUS = ("won / drawn / lost", "points", "95 % interval")


def newest(view: TrainView) -> str:
    """A row for each opponent: the newest measurement against it."""
    last = {name: score for done in view.measured for name, score in done.scores.items()}
    rows = [f'<tr><td class="name">{against(name)}</td>{figures(view, score)}</tr>' for name, score in last.items()]
    return table(view, ["against"], rows, "The newest measurement")


def listed(view: TrainView) -> str:
    """All measurements, thinned where there are many."""
    shown = thinned(view.measured, LISTED)
    note = f", {len(shown)} of {len(view.measured)}" if len(shown) < len(view.measured) else ""
    whole = table(
        view, ["slice", "env steps", "against"], [row(view, done, name) for done in shown for name in done.scores]
    )
    return f"<details><summary>All measurements{note}</summary>{whole}</details>"


def row(view: TrainView, done: Slice, name: str) -> str:
    """One measurement."""
    first = f'<td>{done.number}</td><td>{done.env_steps:,}</td><td class="word">{against(name)}</td>'
    return f"<tr>{first}{figures(view, done.scores[name])}</tr>"


def against(name: str) -> str:
    """An opponent's name, as HTML."""
    return f'<span title="{escape(name)}">{escape(clipped(name, 40))}</span>'


def figures(view: TrainView, score: Mapping[str, float]) -> str:
    """The cells of a score; those about winning only where there is somebody to win against."""
    margin = f" ± {number(score['return_margin'], 2)}" if "return_margin" in score else ""
    cells = [f"{score.get('matches', 0):,.0f}", f"{exact(score.get('return'))}{margin}", number(score.get("length"), 3)]
    if "points" in score:
        cells.append(" / ".join(f"{score[key]:,.0f}" for key in ("wins", "draws", "losses")))
        cells.append(f"{score['points']:.1%}")
        cells.append(f"{score['points_low']:.1%} – {score['points_high']:.1%}")
    elif view.has_sides:
        cells += [MISSING] * len(VERSUS)
    return "".join(f"<td>{cell}</td>" for cell in cells)


def table(view: TrainView, first: Sequence[str], rows: Sequence[str], caption: str = "") -> str:
    """A table of scores; `first` heads what comes before the figures."""
    head = "".join(f"<th>{name}</th>" for name in (*first, *HEAD, *(VERSUS if view.has_sides else ())))
    title = f"<caption>{caption}</caption>" if caption else ""
    return (
        f'<div class="scroll"><table class="scores">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
