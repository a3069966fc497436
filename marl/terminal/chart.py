"""A curve in braille dots: two columns and four rows of dots per character."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # [row][column] of a braille character


def resampled(values: Sequence[float], count: int) -> list[float]:
    """`count` values, evenly along the sequence; between neighbours where there are fewer."""
    if len(values) == 1:
        return [values[0]] * count
    result = []
    for index in range(count):
        place = index * (len(values) - 1) / max(count - 1, 1)
        below = min(int(place), len(values) - 2)
        result.append(values[below] + (place - below) * (values[below + 1] - values[below]))
    return result


def braille(values: Sequence[float], width: int, height: int, low: float, high: float) -> list[str]:
    """A joined curve through values in `[low, high]` on `width` by `height` characters, the top line first."""
    cells = [[0] * width for _ in range(height)]
    span = (high - low) or 1.0
    rows = 4 * height - 1
    before: int | None = None
    for x, value in enumerate(resampled(values, 2 * width)):
        y = round((1 - (min(max(value, low), high) - low) / span) * rows)
        start = y if before is None or before == y else before + (1 if y > before else -1)
        for dot in range(min(start, y), max(start, y) + 1):
            cells[dot // 4][x // 2] |= DOTS[dot % 4][x % 2]
        before = y
    return ["".join(chr(BLANK + cell) if cell else " " for cell in line) for line in cells]


def log_bounds(values: Sequence[float], target: float | None) -> tuple[float, float]:
    """The base-10 logarithms of a range that holds all positive values and the target, never empty."""
    heights = [math.log10(value) for value in values]
    if target is not None and target > 0:
        heights.append(math.log10(target))
    low, high = min(heights), max(heights)
    return (low, high) if high - low > 0.1 else (low - 0.1, high + 0.1)
