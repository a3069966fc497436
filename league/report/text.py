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
from marl.words import number


def escape(text: object) -> str:
    """Text that may stand anywhere in HTML, attributes included."""
    return html.escape(str(text), quote=True)


def exact(value: float | None, digits: int = 4) -> str:
    """A `<data>` element: people read the short number, machines (and a hovering pointer) the whole one."""
    if value is None or not math.isfinite(value):
        return number(value)
    return f'<data value="{value!r}" title="{value!r}">{number(value, digits)}</data>'


def embed(data: Any) -> str:
    """A JSON block for the page's script. No text inside can end the block or start another tag."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/json">{text}</script>'


def packed(values: Array, levels: int = 65534) -> dict[str, Any]:
    """A table `[R, C]` in few bytes: `levels` steps between its least and its greatest number,
    deflated, base64.

    NaN is step 65535. All high bytes come before all low ones, which deflates better. The script reads it back to
    within half a step; fewer steps take fewer bytes.
    """
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    span = (high - low) or 1.0
    steps = np.where(np.isfinite(values), np.rint((np.nan_to_num(values) - low) / span * levels), 65535)
    planes = np.ascontiguousarray(steps.astype(">u2").reshape(-1, 1).view(np.uint8).T)
    text = base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode()
    return {"rows": values.shape[0], "columns": values.shape[1], "low": low, "step": span / levels, "steps": text}


def clipped(text: str, length: int) -> str:
    """At most `length` characters, the middle left out, so that numbered names keep their numbers."""
    if len(text) <= length:
        return text
    tail = length // 2
    return text[: length - tail - 1] + "…" + text[-tail:]
