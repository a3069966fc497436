"""Words and numbers in a page: escaped, short, and exact underneath."""

from __future__ import annotations

import html
import json
import math
from typing import Any

from marl.printable import printable
from marl.words import number


def escape(text: object) -> str:
    """Text that may stand anywhere in HTML, attributes included; what would change how the rest is read is shown."""
    return html.escape(printable(text, lines=True), quote=True)


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
