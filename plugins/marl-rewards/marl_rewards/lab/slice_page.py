"""Heat maps of what each channel pays over a slice of what can be seen: blue pays, orange costs."""

from __future__ import annotations

from collections.abc import Mapping

from marl.errors import UserError
from marl.page.figure import figure, section, svg
from marl.page.plot import Sheet, axes
from marl.page.text import escape
from marl.registry import ENVIRONMENTS, load_registry
from marl.scenario import load_scenario
from marl.types import Floats
from marl.words import number
from marl_rewards.lab.heat import colour
from marl_rewards.lab.reward_of import reward_of
from marl_rewards.lab.slice import CELLS, Axis, maps

SHEET = Sheet(380, 330, left=70, right=310, top=10, bottom=268)
_BAR = 326.0  # where the scale of colours begins
_SEAM = 0.4  # how far cells reach over one another, so that no paper shines through


def drawn(found: Mapping[str, Floats], both: tuple[Axis, Axis], scenario: str) -> str:
    """A section with a map for each channel and the sum."""
    maps = "".join(_map(name, values, both) for name, values in found.items())
    lead = (
        "What a turn pays by what is seen after it: these two numbers vary, all others are 0. Rewards that learn pay "
        "what they pay before they have learned; each map has a scale of its own."
    )
    return section("slice", f"A slice of {scenario}", f'<div class="pairs">{maps}</div>', lead)


def _map(name: str, values: Floats, both: tuple[Axis, Axis]) -> str:
    x, y = SHEET.across(both[0].low, both[0].high), SHEET.up(both[1].low, both[1].high)
    most = float(abs(values).max()) or 1.0
    wide, high = (SHEET.right - SHEET.left) / (CELLS - 1), (SHEET.bottom - SHEET.top) / (CELLS - 1)
    cells = "".join(
        f'<rect x="{max(SHEET.left, x(a) - wide / 2):.1f}" y="{max(SHEET.top, y(b) - high / 2):.1f}" '
        f'width="{(wide if 0 < column < CELLS - 1 else wide / 2) + _SEAM:.1f}" '
        f'height="{(high if 0 < row < CELLS - 1 else high / 2) + _SEAM:.1f}" fill="{colour(2 * value / most)}"/>'
        for row, b in enumerate(both[1].values.tolist())
        for column, (a, value) in enumerate(zip(both[0].values.tolist(), values[row].tolist(), strict=True))
    )
    body = cells + axes(SHEET, x, y, (both[0].text, both[1].text), (5, 5)) + _scale(most)
    title = escape(f"{name}, reward per turn")
    drawing = svg(body, SHEET.width, SHEET.height, f"{name} by {both[0].text} and {both[1].text}")
    return figure(f'<p class="panel"><b>{title}</b></p>{drawing}', "", name=name)


def _scale(most: float) -> str:
    """The colours from -most to most, with numbers."""
    steps, height = 40, SHEET.bottom - SHEET.top
    parts = [
        f'<rect x="{_BAR:g}" y="{SHEET.top + at * height / steps:.1f}" width="12" height="{height / steps + 0.4:.1f}" '
        f'fill="{colour(2 - 4 * (at + 0.5) / steps)}"/>'
        for at in range(steps)
    ]
    for share, value in ((0.0, most), (0.5, 0.0), (1.0, -most)):
        parts.append(f'<text x="{_BAR + 15:g}" y="{SHEET.top + share * height + 4:.1f}">{number(value, 2)}</text>')
    return "".join(parts)


def slice_of(scenario: str, x: str, y: str) -> str:
    """The section of a scenario's slice. Raises UserError where there is none to draw."""
    if not scenario or not x or not y:
        raise UserError("a slice is of a scenario and has two axes: give SCENARIO, --x and --y")
    both, registry = (Axis.read(x), Axis.read(y)), load_registry()
    loaded = load_scenario(scenario, [], registry)
    reward, game = reward_of(loaded), loaded.config.env
    spec = registry.make(ENVIRONMENTS, game.name, game.params, lanes=1).spec
    return drawn(maps(reward, spec, both, float(loaded.config.algorithm.params["discount"])), both, loaded.name)
