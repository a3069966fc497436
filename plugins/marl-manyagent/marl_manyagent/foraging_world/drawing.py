"""A picture of the world: the map, and agents by population; the paler, the weaker."""

from __future__ import annotations

import numpy as np

from marl.env import Frame
from marl.games.drawing import rect, svg
from marl.games.drawing import text as words
from marl.types import Array, Ints
from marl_manyagent.foraging_world.rules import FULL, Herd
from marl_manyagent.foraging_world.terrain import FIELD, FOREST, GRASS, STONE, WATER

_FILLS = {
    GRASS: "#eef2e0",
    FOREST: "#c5d3b4",
    FOREST + 1: "#4f7f45",
    FIELD: "#efe3bd",
    FIELD + 1: "#d9b13b",
    WATER: "#8fb8de",
    STONE: "#9a9a9a",
}
_LEGEND = {FOREST + 1: "forest, ripe", FIELD + 1: "field, ripe", FOREST: "eaten", WATER: "water", STONE: "stone"}
_LINE = 22  # pixels
_LETTERS = {GRASS: ".", FOREST: ",", FOREST + 1: "f", FIELD: ":", FIELD + 1: "g", WATER: "~", STONE: "#"}
_AGENTS = ("#111111", "#c1272d", "#5b2a86", "#0b5fa5", "#b35c00", "#00736b", "#d6529c", "#7a5230")
_WORDS = "f ripe forest, g ripe field (, and : eaten), ~ water, # stone; agents are numbers, by population"


def drawn(head: str, codes: Array, herd: Herd, population: Ints) -> Frame:
    """`codes`: `uint8[size, size]`. `herd`: of one match. `head`: the first line of the text."""
    size = len(codes)
    letters = np.array([_LETTERS[code] for code in range(STONE + 1)])[codes]
    (living,) = np.nonzero(herd.alive[0])
    letters[herd.y[0, living], herd.x[0, living]] = (population[living] % 10).astype(str)
    text = "\n".join([head, *("".join(line) for line in letters), _WORDS])
    cell = max(4, 560 // size)
    parts = [f'<rect width="{size * cell}" height="{size * cell}" fill="{_FILLS[GRASS]}"/>']
    for y, x in np.argwhere(codes != GRASS).tolist():
        parts.append(
            f'<rect x="{x * cell}" y="{y * cell}" width="{cell}" height="{cell}" fill="{_FILLS[codes[y, x]]}"/>'
        )
    for who in living.tolist():
        x, y, strength = herd.x[0, who], herd.y[0, who], 0.35 + 0.65 * herd.health[0, who] / FULL
        parts.append(
            f'<circle cx="{(x + 0.5) * cell:g}" cy="{(y + 0.5) * cell:g}" r="{0.38 * cell:.1f}" '
            f'fill="{_AGENTS[population[who] % len(_AGENTS)]}" fill-opacity="{strength:.2f}" stroke="white" '
            'stroke-width="0.7"/>'
        )
    parts.append(rect(0, 0, size * cell, size * cell, "none"))
    return Frame(text, svg(size * cell, size * cell + 2 * _LINE, [*parts, *_legend(size * cell, head)]))


def _legend(top: int, head: str) -> list[str]:
    """Two lines under the map: what happened, and what colours mean."""
    parts = [words(6, top + 16, head, 13, anchor="start")]
    for place, (code, name) in enumerate(_LEGEND.items()):
        x = 6 + 100 * place
        parts.append(rect(x, top + _LINE + 4, 12, 12, _FILLS[code]))
        parts.append(words(x + 17, top + _LINE + 15, name, 12, anchor="start"))
    return parts
