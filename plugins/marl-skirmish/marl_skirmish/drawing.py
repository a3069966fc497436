"""Pictures of a battle: a small map in letters, and SVG."""

from __future__ import annotations

import numpy as np

from marl.env import Frame
from marl.games.drawing import BLUE, RED, circle, svg, text
from marl.types import Ints
from marl_skirmish.battle import ATTACK, HALF, Army
from marl_skirmish.units import KINDS, UNITS

_SCALE = 15  # pixels for a length of 1
_CELL = 2  # length of a cell of the map in letters
_BAR = 20  # pixels
_COLOURS = (BLUE, RED)
_HEALTH, _SHIELD, _GROUND = "#4a9c4a", "#6fb8d9", "#f3f1e7"


def draw(army: Army, kind: Ints, act: Ints, said: str) -> Frame:
    """One match, `army` of one lane; `kind[U]`, `act[U]`: what everybody is and did last."""
    lines = [said, *_letters(army, kind), *(_list(army, kind, side) for side in (0, 1))]
    size = 2 * HALF * _SCALE
    parts = [_shot(army, kind, act, unit) for unit in np.flatnonzero(act >= ATTACK).tolist()]
    parts += [_unit(army, kind, unit) for unit in range(len(kind))]
    parts.append(text(8, size + 20, said, 14, anchor="start"))
    return Frame("\n".join(lines), svg(size, size + 28, parts, _GROUND))


def _letters(army: Army, kind: Ints) -> list[str]:
    """`m>` is a unit of team 0 and `<m` one of team 1; where several stand, how many."""
    size = int(2 * HALF) // _CELL
    cells = [[" ."] * size for _ in range(size)]
    for side in (0, 1):
        crowd: dict[tuple[int, int], list[int]] = {}
        for unit in range(*army.team(side).indices(len(kind))):
            if army.health[unit, 0] > 0:
                column = min(int((army.x[unit, 0] + HALF) / _CELL), size - 1)
                row = min(int((HALF - army.y[unit, 0]) / _CELL), size - 1)
                crowd.setdefault((row, column), []).append(unit)
        for (row, column), units in crowd.items():
            letter = UNITS[KINDS[kind[units[0]]]].letter if len(units) == 1 else f"{min(len(units), 9)}"
            mine = f"{letter}>" if side == 0 else f"<{letter}"
            cells[row][column] = mine if cells[row][column] == " ." else "><"
    return ["".join(row) for row in cells]


def _list(army: Army, kind: Ints, side: int) -> str:
    units = range(*army.team(side).indices(len(kind)))
    said = [f"{UNITS[KINDS[kind[unit]]].letter}{army.health[unit, 0] + army.shield[unit, 0]:g}" for unit in units]
    return f"team {side}: {' '.join(said)}"


def _at(army: Army, unit: int) -> tuple[float, float]:
    """The pixel of a unit."""
    return (float(army.x[unit, 0]) + HALF) * _SCALE, (HALF - float(army.y[unit, 0])) * _SCALE


def _shot(army: Army, kind: Ints, act: Ints, unit: int) -> str:
    """A line to whom it attacked or heals."""
    side, heals = int(unit >= army.first), UNITS[KINDS[kind[unit]]].heals
    target = army.team(side if heals else 1 - side).start + int(act[unit]) - ATTACK
    (x, y), (to_x, to_y) = _at(army, unit), _at(army, target)
    colour = _HEALTH if heals else _COLOURS[side]
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{colour}" stroke-width="1.5" '
        'stroke-dasharray="5 3" opacity="0.7"/>'
    )


def _unit(army: Army, kind: Ints, unit: int) -> str:
    """A disc with a letter, and bars of health and shield; a cross where it fell."""
    (x, y), facts = _at(army, unit), UNITS[KINDS[kind[unit]]]
    colour = _COLOURS[int(unit >= army.first)]
    if army.health[unit, 0] <= 0:
        cross = f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8"
        return f'<path d="{cross}" stroke="{colour}" stroke-width="2" opacity="0.4"/>'
    radius = 6 + 3 * (facts.health >= 100)
    parts = [circle(x, y, radius, colour), text(x, y + 4, facts.letter, 11, "white")]
    bars = [(float(army.health[unit, 0]) / facts.health, _HEALTH)]
    if facts.shield:
        bars.append((float(army.shield[unit, 0]) / facts.shield, _SHIELD))
    for row, (share, fill) in enumerate(bars):
        top = y - radius - 5 - 4 * row
        for width, paint in ((_BAR, "#cccccc"), (_BAR * share, fill)):
            parts.append(f'<rect x="{x - _BAR / 2:.1f}" y="{top:.1f}" width="{width:.1f}" height="3" fill="{paint}"/>')
    return "".join(parts)
