"""Heat maps of what each channel pays over a slice of what can be seen: blue pays, orange costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from marl.env import Environment
from marl.errors import UserError
from marl.page.figure import figure, section, svg
from marl.page.plot import Sheet, axes
from marl.page.scale import plain
from marl.page.text import escape
from marl.registry import ENVIRONMENTS, Registry, load_registry
from marl.scenario import Scenario, load_scenario
from marl.trajectory import Trajectory
from marl.types import Floats
from marl.words import clipped, number
from marl_rewards.lab.heat import image
from marl_rewards.lab.reward_of import Block, reward_of
from marl_rewards.lab.slice import CELLS, Axis, by_chance, maps, read_by, usual_axes

SHEET = Sheet(380, 330, left=70, right=310, top=10, bottom=268)
LANES = 16  # of the environment that says how far its numbers go
_BAR = 326.0  # where the scale of colours begins


def drawn(found: Mapping[str, Floats], both: tuple[Axis, Axis], title: str) -> str:
    """A section with a map for each channel and the sum."""
    flat = {name: float(values.flat[0]) for name, values in found.items() if np.ptp(values) < 1e-9}
    maps = "".join(_map(name, values, both) for name, values in found.items() if name not in flat)
    lead = (
        "What a turn pays by what is seen after it: these two numbers vary, all others are 0. Rewards that learn pay "
        "what they pay before they have learned; each map has a scale of its own."
    )
    same = ", ".join(f"{clipped(name, 40)} {number(value, 3)}" for name, value in flat.items())
    note = f'<p class="note">{escape(f"The same all over: {same}.")}</p>' if flat else ""
    return section("slice", title, f'<div class="pairs">{maps}</div>{note}', lead)


def _map(name: str, values: Floats, both: tuple[Axis, Axis]) -> str:
    (left, right), (low, high) = (_edges(axis) for axis in both)
    x, y = SHEET.across(left, right), SHEET.up(low, high)
    most = float(abs(values).max()) or 1.0
    cells = image(values / most, SHEET.left, SHEET.top, SHEET.right, SHEET.bottom)
    body = axes(SHEET, x, y, (both[0].text, both[1].text), (5, 5)) + cells + _scale(most)
    title = escape(f"{clipped(name, 30)}, reward per turn")
    drawing = svg(body, SHEET.width, SHEET.height, f"{name} by {both[0].text} and {both[1].text}")
    return figure(f'<p class="panel"><b title="{escape(name)}">{title}</b></p>{drawing}', "", name=name)


def _edges(axis: Axis) -> tuple[float, float]:
    """Where the cells of an axis begin and end: their middles are its values."""
    half = (axis.high - axis.low) / (CELLS - 1) / 2
    return axis.low - half, axis.high + half


def _scale(most: float) -> str:
    """The colours from -most to most, with numbers."""
    bar = image(np.linspace(-1, 1, 255)[:, None], _BAR, SHEET.top, _BAR + 12, SHEET.bottom)
    height = SHEET.bottom - SHEET.top
    return bar + "".join(
        f'<text x="{_BAR + 15:g}" y="{SHEET.top + share * height + 4:.1f}">{value}</text>'
        for share, value in ((0.0, plain(float(f"{most:.2g}"))), (0.5, "0"), (1.0, plain(-float(f"{most:.2g}"))))
    )


def slice_of(scenario: str, x: str, y: str) -> str:
    """The section of a scenario's slice. Raises UserError where there is none to draw."""
    if not scenario or not x or not y:
        raise UserError("a slice is of a scenario and has two axes: give SCENARIO, --x and --y")
    both, registry = (Axis.read(x), Axis.read(y)), load_registry()
    loaded = load_scenario(scenario, [], registry)
    block = Block("", reward_of(loaded), float(loaded.config.algorithm.params["discount"]))
    env = _environment(loaded, registry)
    return _sliced(block, env, by_chance(env), both, f"A slice of {loaded.name}")


def usual_slice(block: Block, scenario: Scenario, registry: Registry, title: str) -> str:
    """The same over the axes that a block's own expressions name; "" where they name fewer than two."""
    read = read_by(block.reward)
    if len(read) < 2:
        return ""
    env = _environment(scenario, registry)
    seen = by_chance(env)
    both = usual_axes(read, seen)
    return _sliced(block, env, seen, both, title) if both else ""


def _sliced(block: Block, env: Environment, seen: Sequence[Trajectory], both: tuple[Axis, Axis], title: str) -> str:
    columns = {name: column.shape[1:] for name, column in seen[0].info.items()}
    return drawn(maps(block.reward, env.spec, both, block.discount, columns), both, title)


def _environment(scenario: Scenario, registry: Registry) -> Environment:
    game = scenario.config.env
    return registry.make(ENVIRONMENTS, game.name, game.params, lanes=LANES)
