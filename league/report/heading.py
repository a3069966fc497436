"""The top of the page: what ran, how it ended, and the numbers that matter."""

from __future__ import annotations

from league.report.curve import measured
from league.view import LeagueView
from marl.page.header import header, tile
from marl.page.text import escape, exact
from marl.words import duration, number, uncertain


def heading(view: LeagueView) -> str:
    """Name, environment, state and tiles."""
    tiles = [
        nash_conv_tile(view),
        exploitability_tile(view),
        iterations_tile(view),
        players_tile(view),
        time_tile(view),
        *value_tiles(view),
    ]
    state = "finished" if view.finished else "unfinished"
    return header("marl league", view.name, [view.env], state, tiles, done=view.finished)


def nash_conv_tile(view: LeagueView) -> str:
    """The last NashConv, and the best where that was earlier."""
    points = measured(view)
    if not points:
        return tile("NashConv", "–", "not measured", "nash-conv")
    best = min(points, key=lambda point: point.nash_conv)
    if best.nash_conv < points[-1].nash_conv:
        note = f"best {exact(best.nash_conv)} at iteration {best.iteration}"
    else:
        note = "the best so far" if len(points) > 1 else ""
    if points[-1].iteration != view.iterations[-1].number:
        note = f"at iteration {points[-1].iteration}, the last measured"
    return tile("NashConv", exact(points[-1].nash_conv), note, "nash-conv")


def exploitability_tile(view: LeagueView) -> str:
    """NashConv over the number of sides."""
    points = measured(view)
    value = points[-1].nash_conv / len(view.sides) if points else None
    note = f"NashConv / {len(view.sides)}" if points else "not measured"
    return tile("Exploitability", exact(value), note, "exploitability-now")


def iterations_tile(view: LeagueView) -> str:
    """The number of the last finished iteration; 0 only lets the founders meet."""
    if not view.iterations:
        return tile("Iterations", "–", "none finished", "iterations")
    last = view.iterations[-1]
    each = f"{duration(last.seconds / max(last.number, 1))} each" if last.seconds > 0 else ""
    return tile("Iterations", exact(last.number, 6), each, "iterations")


def players_tile(view: LeagueView) -> str:
    """The size of every population."""
    sizes = [len(players) for players in view.populations]
    shown = " + ".join(f"{size:,}" for size in sizes) if len(sizes) <= 4 else f"{sum(sizes):,}"
    note = ", ".join(view.sides) if len(sizes) <= 4 else f"on {len(sizes)} sides"
    return tile("Players", shown, escape(note), "players-now")


def time_tile(view: LeagueView) -> str:
    """Run time over all resumes."""
    seconds = view.iterations[-1].seconds if view.iterations else None
    return tile("Run time", duration(seconds) if seconds is not None else "–", "over all resumes", "run-time")


def value_tiles(view: LeagueView) -> list[str]:
    """What each side earns when all play their final mixtures: one number for a zero-sum pair."""
    worth = view.iterations[-1].worth if view.iterations else ()
    values = [value for value, _ in worth]
    if not values:
        return [tile("Value", "–", "not known yet", "value")]
    if len(values) == 2 and abs(values[0] + values[1]) < 1e-6:
        return [tile("Value", exact(values[0]), f"to {escape(view.sides[0])}{surely(worth[0][1])}", "value")]
    listed = ", ".join(uncertain(*each) for each in worth[1:4])
    note = f"to {escape(view.sides[0])}{surely(worth[0][1])}" + (
        f"; the other{'s' if len(values) > 2 else ''} {listed}" if listed else ""
    )
    return [tile("Value", exact(values[0]), note, "value")]


def surely(margin: float | None) -> str:
    """How sure a value is that comes from matches, or ""."""
    if margin == 0:
        return ""
    return f", ± {number(margin, 2)} (95 %)" if margin is not None else ", too few matches for an interval"
