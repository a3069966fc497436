"""The page of `marl rewards ablate`: a whisker for each variant, a table, and how to do it again."""

from __future__ import annotations

import math
import shlex

from marl.page import document
from marl.page.figure import figure, section, svg
from marl.page.header import header, tile
from marl.page.plot import Sheet, axes
from marl.page.scale import Linear, Tick, padded
from marl.page.text import escape, exact
from marl.page.words import reading_section
from marl.words import clipped, number
from marl_rewards.lab.ablation import Ablation
from marl_rewards.lab.ablation_table import said, verdict
from marl_rewards.lab.variants import ALL

ROW = 30
READING = (
    ("Without X", "is the scenario with the weight of X at 0: what X is good for."),
    ("Only X", "is the game's own reward and X: what X does by itself."),
    (
        "Without X in Y",
        "takes a part out of a combination; where one is left, it stands for the combination, with its weight.",
    ),
    (
        "Change",
        "is against <em>all</em>, seed by seed, with a 95 % interval (Student's t over seeds). With few seeds "
        "intervals are wide, and a change whose interval holds 0 may be chance.",
    ),
)


def page(ablation: Ablation) -> str:
    """The whole page as HTML text."""
    what = [ablation.scenario, *ablation.overrides, "--seeds", str(ablation.seeds), "--out", str(ablation.out)]
    command = shlex.join(["marl", "rewards", "ablate", *what])
    again = (
        f'<div class="commands"><div><code>{escape(command)}</code><span>goes on, or shows it again</span></div></div>'
    )
    sections = [
        section("scores", "Scores", _whiskers(ablation), f"{ablation.measured.capitalize()}: a dot for each seed, the "
                "mean, and its 95 % interval."),
        section("changes", "Changes", _table(ablation)),
        reading_section(READING),
        section("again", "Run it again", again),
    ]  # fmt: skip
    whole = ablation.mean(ALL)
    tiles = [
        tile("Score of all", exact(whole.value), escape(said(whole))),
        tile("Variants", str(len(ablation.variants)), f"{ablation.seeds} seeds each"),
    ]
    head = header("marl rewards", f"Ablation of {ablation.name}", ablation.overrides, "done", tiles, done=True)
    return document(ablation.name, "marl rewards ablate", f"<main>{head}{''.join(sections)}</main>")


class _Names:
    """A vertical scale of names, one a row."""

    def __init__(self, names: list[str], top: float) -> None:
        self.names, self.top = names, top

    def __call__(self, value: float) -> float:
        return self.top + (value + 0.5) * ROW

    def ticks(self, wanted: int = 6) -> list[Tick]:
        """Every name."""
        return [(float(index), escape(clipped(name, 34))) for index, name in enumerate(self.names)]


def _whiskers(ablation: Ablation) -> str:
    names = list(ablation.scores)
    sheet = Sheet(1040, len(names) * ROW + 74, left=250, right=1010, top=8, bottom=len(names) * ROW + 20)
    means = [ablation.mean(name) for name in names]
    ends = [
        edge
        for mean in means
        if math.isfinite(mean.margin)
        for edge in (mean.value - mean.margin, mean.value + mean.margin)
    ]
    every = [score for scores in ablation.scores.values() for score in scores.values()]
    x: Linear = sheet.across(*padded(min(every + ends), max(every + ends)))
    y = _Names(names, sheet.top)
    body = axes(sheet, x, y, (ablation.measured, ""))
    whole = x(means[names.index(ALL)].value)
    body += f'<path class="grid" stroke-dasharray="4 3" d="M{whole:.1f} {sheet.top:g}V{sheet.bottom:g}"/>'
    for row, (name, mean) in enumerate(zip(names, means, strict=True)):
        colour, at = 0 if name == ALL else 1 if name.startswith("without") else 2, y(row)
        marks = "".join(
            f'<circle cx="{x(score):.1f}" cy="{at:.1f}" r="3" opacity=".45"/>'
            for score in ablation.scores[name].values()
        )
        if math.isfinite(mean.margin):
            low, high = x(mean.value - mean.margin), x(mean.value + mean.margin)
            marks += f'<path class="whisker" d="M{low:.1f} {at:.1f}H{high:.1f}"/>'
        marks += f'<circle class="end" cx="{x(mean.value):.1f}" cy="{at:.1f}" r="5.5"/>'
        body += f'<g class="series c{colour}"><title>{escape(name)} {escape(said(mean))}</title>{marks}</g>'
    return figure(svg(body, sheet.width, sheet.height, f"{ablation.measured} by variant"), "", name="scores")


def _table(ablation: Ablation) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("variant", "score", "change", "", "seeds"))
    rows = ""
    for name, scores in ablation.scores.items():
        change = ablation.change(name)
        shown = ("", "") if name == ALL else (said(change), verdict(change))
        each = ", ".join(number(score) for score in scores.values())
        rows += (
            f'<tr><td class="name">{escape(name)}</td><td>{said(ablation.mean(name))}</td><td>{shown[0]}</td>'
            f'<td class="word">{shown[1]}</td><td>{each}</td></tr>'
        )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
