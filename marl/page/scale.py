"""Scales: from values to positions on paper, and the ticks between."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from marl.words import number

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
Tick = tuple[float, str]  # where (in values), and its label; an empty label is a minor tick


def plain(value: float) -> str:
    """A value as an axis names it: `0.05`, `5×10⁻⁷`."""
    if value == 0 or 1e-4 <= abs(value) < 1e7:
        return number(value)
    power = math.floor(math.log10(abs(value)) + 1e-9)
    digits = number(value / 10.0**power, 3)
    front = {"1": "", "−1": "−"}.get(digits, f"{digits}×")
    return f"{front}10{str(power).translate(SUPERSCRIPT)}"


@dataclass(frozen=True)
class Linear:
    """Maps `[low, high]` to `[start, end]` evenly. `label` writes a value out."""

    low: float
    high: float
    start: float
    end: float
    label: Callable[[float], str] = plain

    def __call__(self, value: float) -> float:
        """Where a value is on the paper."""
        span = (self.high - self.low) or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)

    def ticks(self, wanted: int = 6) -> list[Tick]:
        """About `wanted` round numbers inside the range."""
        span = self.high - self.low
        if span <= 0:
            return [(self.low, self.label(self.low))]
        step = round_step(span / wanted)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [(index * step, self.label(tidy(index * step))) for index in range(first, last + 1)]


@dataclass(frozen=True)
class Log:
    """Maps `[low, high]`, both positive, to `[start, end]` by the logarithm; what lies outside sticks to the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where a value is on the paper; what is below the range is at its edge."""
        inside = min(max(value, self.low), self.high)
        span = math.log(self.high / self.low) or 1.0
        return self.start + math.log(inside / self.low) / span * (self.end - self.start)

    def ticks(self, wanted: int = 8) -> list[Tick]:
        """About `wanted` powers of ten, with minor ticks between; 2 and 5 have labels too where there are few."""
        first, last = math.floor(math.log10(self.low) + 1e-9), math.ceil(math.log10(self.high) - 1e-9)
        every = max(1, math.ceil((last - first) / wanted))
        result = []
        for power in range(first, last + 1):
            for digit in range(1, 10 if every == 1 else 2):
                value = digit * 10.0**power
                if self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9):
                    named = (digit == 1 and power % every == 0) or (last - first <= 2 and digit in (2, 5))
                    result.append((value, power_label(digit, power) if named else ""))
        return result


def tidy(value: float) -> float:
    """Without the rounding errors of a product of a round step."""
    return float(f"{value:.12g}")


def padded(low: float, high: float, share: float = 0.06) -> tuple[float, float]:
    """A range with a little room on both sides, never empty; it begins or ends at 0 where that is near."""
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = 0.1 * abs(low) or 1.0
        return low - room, high + room
    room = share * (high - low)
    bottom = 0.0 if 0 <= low <= 0.5 * (high - low) else low - room
    top = 0.0 if 0 >= high >= -0.5 * (high - low) else high + room
    return bottom, top


def log_range(values: list[float], floor: float = 1e-9) -> tuple[float, float]:
    """Where a log axis starts and ends: 1, 2 or 5 times a power of ten around the values from `floor` up;
    what lies below is only rounding."""
    positive = [value for value in values if value >= floor] or [1.0]
    low, high = round_down(min(positive)), -1.0
    for power in range(math.floor(math.log10(max(positive))), math.floor(math.log10(max(positive))) + 2):
        for digit in (1, 2, 5):
            if high < 0 and digit * 10.0**power >= max(positive) * (1 - 1e-9):
                high = digit * 10.0**power
    return (low, high) if high > low * 1.5 else (low / 2, high * 2)


def round_down(value: float) -> float:
    """The greatest 1, 2 or 5 times a power of ten that is not above a positive value."""
    power = 10.0 ** math.floor(math.log10(value) + 1e-12)
    return max((digit * power for digit in (1, 2, 5) if digit * power <= value * (1 + 1e-9)), default=power)


def round_step(least: float) -> float:
    """The smallest 1, 2 or 5 times a power of ten that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least * (1 - 1e-9))


def power_label(digit: int, power: int) -> str:
    """`0.05` while it is short, `5×10⁻⁷` beyond."""
    if -4 <= power <= 5:
        return number(digit * 10.0**power)
    return ("" if digit == 1 else f"{digit}×") + "10" + str(power).translate(SUPERSCRIPT)


def index_ticks(count: int, wanted: int = 6) -> list[int]:
    """Round indices among `0 .. count - 1`."""
    step = max(1, int(round_step(max(count - 1, 1) / wanted)))
    return list(range(0, count, step))
