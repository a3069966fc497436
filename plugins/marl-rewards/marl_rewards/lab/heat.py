"""Heat maps of what combinations make of two parts between -1 and 1: the same two axes, a colour for each value."""

from __future__ import annotations

import numpy as np

from marl.page.colour import DIVERGING, levels, themed_images
from marl.page.figure import figure, svg
from marl.page.plot import Sheet, axes
from marl.training.composition.rules import RULES, combined
from marl.types import Floats

CELLS = 33
SHEET = Sheet(300, 270, left=58, right=288, top=8, bottom=218)
TITLES = {
    "sum": "sum",
    "product": "product",
    "geometric": "geometric (KRC)",
    "min": "min",
    "cautious": "cautious",
}


def heat() -> str:
    """One map for each combination, as HTML; blue for above 0, orange for below (told apart by all eyes)."""
    places = np.linspace(-1, 1, CELLS)
    parts = np.meshgrid(places, places)
    maps = "".join(_map(TITLES.get(by, by), combined(by, parts)) for by in RULES)
    bar = image(np.linspace(-1, 1, 255)[None, :], 32, 2, 252, 14)
    ends = "".join(
        f'<text x="{x:g}" y="13" text-anchor="{anchor}">{text}</text>'
        for x, anchor, text in ((26, "end", "−2"), (258, "start", "2"))
    )
    return f'{svg(bar + ends, 284, 17, "colours from -2 over 0 to 2")}<div class="maps">{maps}</div>'


def _map(title: str, value: Floats) -> str:
    x, y = SHEET.across(-1 - 1 / CELLS, 1 + 1 / CELLS), SHEET.up(-1 - 1 / CELLS, 1 + 1 / CELLS)
    cells = image(value / 2, SHEET.left, SHEET.top, SHEET.right, SHEET.bottom)
    body = axes(SHEET, x, y, ("one part", "the other"), (4, 4)) + cells
    drawing = svg(body, SHEET.width, SHEET.height, f"{title} of two parts from -1 to 1")
    return figure(f'<p class="panel"><b>{title}</b></p>{drawing}', "", name=title)


def image(values: Floats, left: float, top: float, right: float, bottom: float) -> str:
    """Values `float64[R, C]` as the cells of an image in a drawing, the first row at the bottom.

    Colours are from orange (-1) over the ground (0) to blue (1); steeper near 0, where signs matter.
    """
    shown = np.sign(values) * np.minimum(1.0, np.abs(values)) ** 0.6
    place = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return f'<g class="cells">{themed_images(levels(shown[::-1], -1, 1), DIVERGING, **place)}</g>'
