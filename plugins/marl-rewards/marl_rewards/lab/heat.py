"""Heat maps of what combinations make of two parts between -1 and 1: the same two axes, a colour for each value."""

from __future__ import annotations

import numpy as np

from marl.page.figure import figure, svg
from marl.page.plot import Sheet, axes
from marl.training.composition.rules import RULES, combined

CELLS = 33
SHEET = Sheet(300, 270, left=58, right=288, top=8, bottom=218)
TITLES = {
    "sum": "sum",
    "product": "product",
    "geometric": "geometric (KRC)",
    "min": "min",
    "cautious": "cautious",
}
GAIN, NONE, LOSS = (np.array(colour, dtype=float) for colour in ((31, 111, 178), (245, 244, 240), (200, 87, 28)))


def heat() -> str:
    """One map for each combination, as HTML; blue for above 0, orange for below (told apart by all eyes)."""
    places = np.linspace(-1, 1, CELLS)
    first, second = (grid.ravel() for grid in np.meshgrid(places, places))
    maps = "".join(_map(TITLES.get(by, by), combined(by, [first, second]), first, second) for by in RULES)
    scale = (
        '<p class="lead">Colours: <span style="background:linear-gradient(90deg,'
        f"{colour(-2)},{colour(-1)},{colour(0)},{colour(1)},{colour(2)});display:inline-block;width:220px;"
        'height:12px;border-radius:3px;vertical-align:middle;margin:0 8px"></span> from −2 over 0 to 2.</p>'
    )
    return f'{scale}<div class="maps">{maps}</div>'


def _map(title: str, value: np.ndarray, first: np.ndarray, second: np.ndarray) -> str:
    x, y = SHEET.across(-1 - 1 / CELLS, 1 + 1 / CELLS), SHEET.up(-1 - 1 / CELLS, 1 + 1 / CELLS)
    wide, high = (SHEET.right - SHEET.left) / CELLS + 0.3, (SHEET.bottom - SHEET.top) / CELLS + 0.3
    cells = "".join(
        f'<rect x="{x(a) - wide / 2:.1f}" y="{y(b) - high / 2:.1f}" width="{wide:.1f}" height="{high:.1f}" '
        f'fill="{colour(v)}"/>'
        for a, b, v in zip(first.tolist(), second.tolist(), value.tolist(), strict=True)
    )
    body = cells + axes(SHEET, x, y, ("one part", "the other"), (4, 4))
    drawing = svg(body, SHEET.width, SHEET.height, f"{title} of two parts from -1 to 1")
    return figure(f'<p class="panel"><b>{title}</b></p>{drawing}', "", name=title)


def colour(value: float) -> str:
    """From orange (-2) over paper (0) to blue (2); steeper near 0, where signs matter."""
    share = min(1.0, abs(value) / 2) ** 0.6
    mixed = NONE + share * ((GAIN if value > 0 else LOSS) - NONE)
    return "#" + "".join(f"{round(part):02x}" for part in mixed)
