"""Words and numbers in a page: escaped, short, and exact underneath."""

from __future__ import annotations

import base64
import html
import json
import math
import zlib
from typing import Any

import numpy as np

from marl.types import Array

MISSING = "–"


def escape(text: object) -> str:
    """Text that may stand anywhere in HTML, attributes included."""
    return html.escape(str(text), quote=True)


def number(value: float | None, digits: int = 4) -> str:
    """A number for people: `digits` significant digits, a real minus sign; a dash where there is none."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    short = f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
    return short.replace("-", "−")


def exact(value: float | None, digits: int = 4) -> str:
    """A `<data>` element: people read the short number, machines (and a hovering pointer) the whole one."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f'<data value="{value!r}" title="{value!r}">{number(value, digits)}</data>'


def duration(seconds: float) -> str:
    """Seconds for people: "0.42 s", "13.2 s", "12 min 5 s", "3 h 12 min", "2 d 4 h"."""
    if not math.isfinite(seconds) or seconds < 0:
        return MISSING
    if seconds < 99.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, below, part in (("min", 60, "s", 1), ("h", 3600, "min", 60), ("d", 86400, "h", 3600)):
        if whole < 60 * size or unit == "d" or (unit == "h" and whole < 86400):
            return f"{whole // size} {unit} {whole % size // part} {below}"
    raise AssertionError("days have no upper end")


def embed(data: Any) -> str:
    """A JSON block for the page's script. No text inside can end the block or start another tag."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/json">{text}</script>'


def packed(values: Array) -> dict[str, Any]:
    """A table `[R, C]` in few bytes: 16-bit steps between its least and its greatest number, deflated, base64.

    NaN is step 65535. The script reads it back to within `(greatest - least) / 131068`.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    span = (high - low) or 1.0
    steps = np.where(np.isfinite(values), np.rint((np.nan_to_num(values) - low) / span * 65534), 65535)
    text = base64.b64encode(zlib.compress(steps.astype("<u2").tobytes(), 9)).decode()
    return {"rows": values.shape[0], "columns": values.shape[1], "low": low, "span": span, "steps": text}


def clipped(text: str, length: int) -> str:
    """At most `length` characters, the middle left out, so that numbered names keep their numbers."""
    if len(text) <= length:
        return text
    tail = length // 2
    return text[: length - tail - 1] + "…" + text[-tail:]
