"""A match of VMAS as a picture: its world from above, without VMAS's viewer, which needs a screen."""

from __future__ import annotations

import math
from typing import Any

from marl.env import Frame

_WIDE, _SCALE = 2.6, 100  # the least that is shown, in metres, and pixels of a metre


def draw(simulation: Any, lane: int, words: str) -> Frame:
    """The world of a lane: where its entities are as text, and what they look like as SVG."""
    entities = simulation.world.entities
    places = [(entity, *entity.state.pos[lane].tolist(), float(entity.state.rot[lane, 0])) for entity in entities]
    lines = [f"{entity.name}  {x:.2f} {y:.2f}" for entity, x, y, _ in places]
    reach = max([_WIDE / 2, *(max(abs(x), abs(y)) + 0.2 for _, x, y, _ in places if math.isfinite(x + y))])
    size = 2 * reach * _SCALE
    body = "".join(_shape(*place) for place in places)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-size / 2:.1f} {-size / 2:.1f} {size:.1f} {size:.1f}" '
        f'width="360" height="360"><rect x="{-size / 2:.1f}" y="{-size / 2:.1f}" width="100%" height="100%" '
        f'fill="#fafaf5"/>{body}</svg>'
    )
    return Frame("\n".join([words, *lines]), svg)


def _shape(entity: Any, x: float, y: float, turned: float) -> str:
    """A circle, a box or a line; VMAS's y goes up."""
    fill, shape = _colour(entity.color), entity.shape
    where = f'transform="translate({_SCALE * x:.1f} {-_SCALE * y:.1f}) rotate({-math.degrees(turned):.1f})"'
    if hasattr(shape, "radius"):
        return f'<circle {where} r="{_SCALE * shape.radius:.1f}" fill="{fill}" stroke="#222222" stroke-width="1"/>'
    long = _SCALE * shape.length
    if type(shape).__name__ == "Line":
        return (
            f'<line {where} x1="{-long / 2:.1f}" x2="{long / 2:.1f}" y1="0" y2="0" stroke="{fill}" stroke-width="4"/>'
        )
    wide = _SCALE * shape.width
    return (
        f'<rect {where} x="{-long / 2:.1f}" y="{-wide / 2:.1f}" width="{long:.1f}" height="{wide:.1f}" fill="{fill}" '
        f'stroke="#222222" stroke-width="1"/>'
    )


def _colour(colour: Any) -> str:
    """Shares of red, green and blue, of which some scenarios have a row for each match."""
    shares = colour.tolist() if hasattr(colour, "tolist") else list(colour)
    shares = shares[0] if isinstance(shares[0], list) else shares
    return "#" + "".join(f"{round(255 * min(max(share, 0), 1)):02x}" for share in shares[:3])
