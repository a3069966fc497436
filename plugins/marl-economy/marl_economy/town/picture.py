"""A town as a picture: each worker's coin, houses and last income, and the rates of the year by bracket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marl.env import Frame
from marl.games.drawing import BLUE, GREY, INK, YELLOW, rect, svg, text

if TYPE_CHECKING:
    from marl_economy.town.town import Town

WIDTH, HIGH = 560, 330


def picture(town: Town, lane: int) -> Frame:
    """The picture of a lane."""
    coin, houses, income = town.coin[lane].tolist(), town.houses[lane].tolist(), town.last_income[lane].tolist()
    pay, (wood, stone) = town.pay[lane].tolist(), town.stock[lane].tolist()
    rates, cutoffs = town.rates[lane].tolist(), town.cutoffs.tolist()
    year = min(int(town.tick[lane]) // (town.days + 1) + 1, town.years)
    head = f"year {year} of {town.years}, day {town.day[lane]} of {town.days}"
    lines = [head, "rates  " + "  ".join(f"{rate:.0%} from {low:g}" for rate, low in zip(rates, cutoffs, strict=True))]
    lines.append("worker   pay  wood stone houses    coin  earned last year")
    for number in range(len(coin)):
        lines.append(
            f"{number:>6} {pay[number]:5.1f} {wood[number]:5} {stone[number]:5} {houses[number]:6} "
            f"{coin[number]:7.1f} {income[number]:17.1f}"
        )
    return Frame("\n".join(lines), _drawn(head, coin, houses, income, rates, cutoffs))


def _drawn(
    head: str, coin: list[float], houses: list[int], income: list[float], rates: list[float], cutoffs: list[float]
) -> str:
    """Two charts side by side: bars of coin and income by worker, and the rates by bracket as stairs."""
    parts = [text(10, 22, head, 14, INK, "start"), text(10, 44, "coins: held", 12, BLUE, "start")]
    parts.append(text(80, 44, "earned last year", 12, "#8a6a00", "start"))
    most = max([1.0, *coin, *income])
    wide = 250 / len(coin)
    for number, values in enumerate(zip(coin, income, strict=True)):
        for side, (value, colour) in enumerate(zip(values, (BLUE, YELLOW), strict=True)):
            tall = 190 * max(value, 0.0) / most
            parts.append(rect(14 + wide * (number + 0.4 * side), 270 - tall, wide * 0.38, tall, colour))
        parts.append(text(14 + wide * (number + 0.4), 288, f"worker {number}" if len(coin) < 6 else f"{number}", 11))
        parts.append(text(14 + wide * (number + 0.4), 304, f"{houses[number]} houses" if len(coin) < 6 else "", 10))
    parts.append(text(10, 74, f"{most:.0f}", 11, GREY, "start"))
    parts.append(text(300, 44, "marginal tax rate by income (coins a year)", 12, INK, "start"))
    step = 230 / len(rates)
    for number, (rate, low) in enumerate(zip(rates, cutoffs, strict=True)):
        x, tall = 310 + step * number, 190 * rate
        parts.append(rect(x, 270 - tall, step, tall, "#c9d8ea"))
        parts.append(text(x + step / 2, 264 - tall, f"{rate:.0%}", 11))
        parts.append(text(x, 288, f"{low:.0f}", 11))
    return svg(WIDTH, HIGH - 15, parts)
