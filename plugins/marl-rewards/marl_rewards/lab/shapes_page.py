"""The page of `marl rewards plot`: shapes, curves of diminishing returns, and combinations of two parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from marl.page import document
from marl.page.figure import figure, section
from marl.page.header import header
from marl.page.plot import CURSOR, Sheet, axes, polyline, read_out
from marl.page.scale import padded
from marl.page.text import escape
from marl.registry import Registry
from marl.registry.params import fill
from marl.training.composition.config import RewardConfig
from marl.training.composition.rules import RULES
from marl.words import clipped, number
from marl_rewards.lab.heat import heat
from marl_rewards.shapes import SHAPES, Shape
from marl_rewards.submodular import CURVES

SHEET = Sheet(520, 300, left=64, right=505, top=12, bottom=250)
Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]  # by name: x and y


def shapes_of(reward: RewardConfig, registry: Registry) -> dict[str, Shape]:
    """The shapes of rewards, by channel."""
    found = {name: one.params["shape"] for name, one in reward.channels.items() if "shape" in one.params}
    return {
        name: shape if isinstance(shape, Shape) else fill(Shape, shape, "shape", "a shape", registry)
        for name, shape in found.items()
    }


def page(own: Mapping[str, Shape], scenario: str, slices: str = "") -> str:
    """The whole page; `own` are the shapes of a scenario, by channel, `slices` the section of `slice_page`."""
    x = np.linspace(0, 4, 81)
    kinds = {kind: _of(Shape(kind=kind), x) for kind in SHAPES}  # type: ignore[arg-type]
    wider = {f"dispersion × density {w:g}": _of(Shape(dispersion=w), x) for w in (0.25, 0.5, 1, 2)}
    totals = np.linspace(0, 8, 81)
    curves = {name: (totals.tolist(), curve(totals).tolist()) for name, curve in CURVES.items()}
    distance, reward = "distance, in units of scale", "reward"
    shapes = "".join(
        (
            drawn("All kinds", kinds, (distance, reward)),
            drawn("Exponential (Lucy-SKG)", wider, (distance, reward)),
            drawn("Diminishing returns", curves, ("total, in units of scale", "worth of it")),
        )
    )
    lead = "What rewards/distance pays at a distance, and what rewards/submodular says a total is worth."
    sections = [section("shapes", "Shapes", f'<div class="pairs">{shapes}</div>', lead)]
    if own:
        sections.insert(0, drawn_shapes(own, f"The shapes of {clipped(scenario, 60)}"))
    sections.append(section("combinations", "Combinations of two parts", heat(), "Blue pays, orange costs. " + _SAYS))
    facts = [f"{len(SHAPES)} kinds of shapes", f"{len(RULES)} combinations"]
    head = header("marl rewards", "Shapes of rewards", facts, "drawn from formulas", [], done=True)
    return document("Shapes of rewards", "marl rewards plot", f"<main>{head}{slices}{''.join(sections)}</main>" + STYLE)


_SAYS = (
    "A product pays for two wrongs; a sum lets one part make up for the other. The geometric one (Kinesthetic Reward "
    "Combination) pays only where both are good, and its size is that of a part; min looks at the worse one alone; "
    "the cautious one, mean less variance, trusts two models of one reward as far as they agree."
)
STYLE = (
    "<style>.pairs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:22px 26px}"
    ".maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,236px),1fr));gap:18px}"
    ".maps svg{min-width:0}.maps figure+figure{margin-top:0}.pairs figure+figure{margin-top:0}"
    ".pairs svg{min-width:0}.pairs h3{margin:0 0 4px;font-size:15px}</style>"
)


def drawn_shapes(own: Mapping[str, Shape], title: str) -> str:
    """A section of the shapes of rewards, by channel."""
    wide = np.linspace(0, max(4 * shape.scale * max(1.0, shape.dispersion) for shape in own.values()), 121)
    mine = {f"{name}: {shape.title}": _of(shape, wide) for name, shape in own.items()}
    return section("shapes-own", title, drawn("", mine, ("distance", "reward")))


def drawn(title: str, curves: Curves, titles: tuple[str, str]) -> str:
    """Curves over one pair of axes, with a legend; a pointer reads them out."""
    places = next(iter(curves.values()))[0]
    values = [value for _, ys in curves.values() for value in ys]
    x, y = SHEET.across(min(places), max(places)), SHEET.up(*padded(min(0.0, *values), max(values)))
    body = axes(SHEET, x, y, titles)
    for colour, (xs, ys) in enumerate(curves.values()):
        line = polyline([(x(a), y(b)) for a, b in zip(xs, ys, strict=True)])
        body += f'<g class="series c{colour % 8}"><path class="line" d="{line}"/></g>'
    key = "".join(f'<li class="c{colour % 8}">{escape(name)}</li>' for colour, name in enumerate(curves))
    rows = list(zip(*(ys for _, ys in curves.values()), strict=True))
    says = [
        "\n".join(
            [
                number(at, 3),
                *(f"{clipped(name, 40)} {number(value, 3)}" for name, value in zip(curves, row, strict=True)),
            ]
        )
        for at, row in zip(places, rows, strict=True)
    ]
    data = read_out(SHEET, [[x(at), *map(y, row)] for at, row in zip(places, rows, strict=True)], says)
    label = f"{title or titles[1]} by {titles[0]}"
    svg = (
        f'<div class="drawing"><svg viewBox="0 0 {SHEET.width:g} {SHEET.height:g}" style="--wide:{SHEET.width:g}px" '
        f'role="img" aria-label="{escape(label)}">{body}{CURSOR}</svg></div>'
    )
    head = f"<h3>{escape(title)}</h3>" if title else ""
    return figure(f'{head}<ul class="legend">{key}</ul>{svg}', data, name=label)


def _of(shape: Shape, x: np.ndarray) -> tuple[list[float], list[float]]:
    return x.tolist(), shape(x).tolist()
