"""Numbers for people: short, with units."""

from __future__ import annotations

import math

MISSING = "–"


def number(value: float | None, digits: int = 4) -> str:
    """A number for people: `digits` significant digits, a real minus sign; a dash where there is none."""
    if value is None or math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    short = f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"
    return short.replace("-", "−")


def uncertain(value: float | None, margin: float | None, digits: int = 4) -> str:
    """A number and half its 95 % interval, "0.0303 ± 0.41": alone where it is exact (0), "± ?" where none is known."""
    if value is None or math.isnan(value) or margin == 0:
        return number(value, digits)
    if margin is None or not math.isfinite(margin):
        return f"{number(value, digits)} ± ?"
    return f"{number(value, digits)} ± {number(margin, 2)}"


def compact(value: float) -> str:
    """A count for people where there is little room: "950", "16.4k", "1.5M", "2G"."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= 0.9995 * limit:
            return f"{number(value / limit, 3)}{unit}"
    return number(value, 3)


def duration(seconds: float) -> str:
    """Seconds for people: "11 ms", "0.42 s", "13.2 s", "12 min 5 s", "3 h 12 min", "2 d 4 h"."""
    if not math.isfinite(seconds) or seconds < 0:
        return MISSING
    if seconds < 0.0995:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 99.95:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def clipped(text: str, length: int) -> str:
    """At most `length` characters, the middle left out, so that numbered names keep their numbers."""
    if len(text) <= length:
        return text
    tail = length // 2
    return text[: length - tail - 1] + "…" + text[-tail:]
