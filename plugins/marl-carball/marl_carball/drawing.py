"""Pictures of a match: a small map in letters, and SVG."""

from __future__ import annotations

import math

from marl.env import Frame
from marl.games.drawing import BLUE, INK, RED, YELLOW, circle, polygon, svg, text
from marl.types import Bools
from marl_carball.field import BALL_RADIUS, CAR_RADIUS, CORNER, LENGTH, MOUTH, PADS, WIDTH
from marl_carball.sight import Scene

_SCALE = 15  # pixels for a metre
_EDGE = 3.0  # metres around the field, for goals
_CELL = 2  # metres of a cell of the map in letters
_COLOURS = (BLUE, RED)
_GROUND, _GRASS, _LINE, _FLAME = "#e9e7dc", "#d5e4cc", "#ffffff", "#f08a24"


def draw(scene: Scene, boosting: Bools, said: str) -> Frame:
    """One match, `scene` of one lane; `boosting[2 n]`: whose flames are to be seen."""
    width, height = 2 * (LENGTH + _EDGE) * _SCALE, 2 * (WIDTH + 1) * _SCALE
    parts = [*_field(), *_pads(scene)]
    parts += [_car(scene, car, bool(boosting[car])) for car in range(len(scene.hx))]
    x, y = _at(float(scene.bodies.x[0, 0]), float(scene.bodies.y[0, 0]))
    parts += [circle(x, y, BALL_RADIUS * _SCALE, "#ffffff"), circle(x, y, 4, INK)]
    parts.append(text(8, height + 18, said, 14, anchor="start"))
    return Frame("\n".join([said, *_letters(scene)]), svg(width, height + 28, parts, _GROUND))


def _at(x: float, y: float) -> tuple[float, float]:
    """The pixel of a place."""
    return (x + LENGTH + _EDGE) * _SCALE, (WIDTH + 1 - y) * _SCALE


def _field() -> list[str]:
    """Grass with cut corners, lines, and a goal for each side: team 0 defends the left one."""
    quarter = [(LENGTH, WIDTH - CORNER), (LENGTH - CORNER, WIDTH)]
    outline = [quarter[0], quarter[1], (-quarter[1][0], WIDTH), (-LENGTH, quarter[0][1])]
    parts = [polygon([_at(x, y) for x, y in [*outline, *((-x, -y) for x, y in outline)]], _GRASS)]
    for side, colour in enumerate(_COLOURS):
        end = (2 * side - 1) * LENGTH
        back = end + (2 * side - 1) * 2.0
        net = [_at(*corner) for corner in ((end, MOUTH), (back, MOUTH), (back, -MOUTH), (end, -MOUTH))]
        parts.append(polygon(net, colour).replace(' stroke="', ' fill-opacity="0.35" stroke="'))
    (x, top), (_, bottom) = _at(0, WIDTH), _at(0, -WIDTH)
    middle = _at(0, 0)[1]
    line = f'stroke="{_LINE}" stroke-width="2"'
    parts.append(f'<line x1="{x:g}" y1="{top:g}" x2="{x:g}" y2="{bottom:g}" {line}/>')
    parts.append(f'<circle cx="{x:g}" cy="{middle:g}" r="{4 * _SCALE}" fill="none" {line}/>')
    return parts


def _pads(scene: Scene) -> list[str]:
    """Yellow where they are there, hollow where they are not yet."""
    fills = [YELLOW if ready else "none" for ready in scene.ready[:, 0]]
    return [circle(*_at(float(x), float(y)), 7, fill) for (x, y), fill in zip(PADS, fills, strict=True)]


def _car(scene: Scene, car: int, boosting: bool) -> str:
    """A car that looks where it goes, with its flame, and how full its tank is."""
    x, y = float(scene.bodies.x[1 + car, 0]), float(scene.bodies.y[1 + car, 0])
    hx, hy = float(scene.hx[car, 0]), float(scene.hy[car, 0])

    def corner(ahead: float, left: float) -> tuple[float, float]:
        return _at(x + ahead * hx - left * hy, y + ahead * hy + left * hx)

    r, colour = CAR_RADIUS, _COLOURS[int(car >= len(scene.hx) // 2)]
    flame = polygon([corner(-r, 0.5), corner(-2.2 * r, 0), corner(-r, -0.5)], _FLAME) if boosting else ""
    body = [(r, 0.0), (0.55 * r, 0.7 * r), (-r, 0.7 * r), (-r, -0.7 * r), (0.55 * r, -0.7 * r)]
    window = [(0.5 * r, 0.4 * r), (0.0, 0.5 * r), (0.0, -0.5 * r), (0.5 * r, -0.4 * r)]
    left, top = _at(x - 1.2, y + 1.8)
    full = 2.4 * _SCALE
    tank = "".join(
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{wide:.1f}" height="3" fill="{fill}"/>'
        for wide, fill in ((full, "#cccccc"), (full * float(scene.tank[car, 0]), YELLOW))
    )
    shapes = [polygon([corner(*point) for point in part], fill) for part, fill in ((body, colour), (window, "#dfe9f2"))]
    return flame + "".join(shapes) + tank


def _letters(scene: Scene) -> list[str]:
    """`o` is the ball, `>` a car of team 0 and `<` one of team 1; `[` and `]` are the goals."""
    columns, rows = int(2 * LENGTH) // _CELL, int(2 * WIDTH) // _CELL
    cells = [[" ."] * columns for _ in range(rows)]
    signs = [" o"] + [" >"] * (len(scene.hx) // 2) + [" <"] * (len(scene.hx) // 2)
    for body, sign in reversed(list(enumerate(signs))):
        column = min(max(math.floor((float(scene.bodies.x[body, 0]) + LENGTH) / _CELL), 0), columns - 1)
        row = min(max(math.floor((WIDTH - float(scene.bodies.y[body, 0])) / _CELL), 0), rows - 1)
        cells[row][column] = sign
    mouths = [abs(WIDTH - (row + 0.5) * _CELL) < MOUTH for row in range(rows)]
    return [
        ("[" if mouth else " ") + "".join(line) + (" ]" if mouth else "")
        for line, mouth in zip(cells, mouths, strict=True)
    ]
