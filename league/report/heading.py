"""The top of the page: what ran, how it ended, and the numbers that matter."""

from __future__ import annotations

from league.measures import About
from league.report.curve import Point, best_of, measured
from league.view import LeagueView
from marl.page.header import header, tile
from marl.page.text import escape, exact
from marl.words import duration, number, uncertain


def heading(view: LeagueView) -> str:
    """Name, environment, state and tiles."""
    tiles = [
        *measure_tiles(view),
        iterations_tile(view),
        players_tile(view),
        time_tile(view),
        *value_tiles(view),
    ]
    state = "finished" if view.finished else "unfinished"
    return header("marl league", view.name, [view.env], state, tiles, done=view.finished)


def measure_tiles(view: LeagueView) -> list[str]:
    """The last value of every measure, and what it is for each side where that has a name."""
    tiles = []
    for name, about in view.measured.items():
        if not (points := measured(view, name)):
            continue
        anchor = f"measure-{name.replace('/', '-')}"
        last = points[-1]
        tiles.append(tile(about.title, exact(last.value), measure_note(view, about, points), anchor))
        if about.per_side:
            note = f"{escape(about.title)} / {len(view.sides)}"
            tiles.append(tile(about.per_side, exact(last.value / len(view.sides)), note, f"{anchor}-per-side"))
    return tiles


def measure_note(view: LeagueView, about: About, points: list[Point]) -> str:
    """How sure the last value is, from when, and the best where that was earlier."""
    last, best = points[-1], best_of(about, points)
    if last.iteration != view.iterations[-1].number:
        note = f"at iteration {last.iteration}, the last measured"
    elif best is not None and about.surpasses(best.value, last.value):
        note = f"best {exact(best.value)} at iteration {best.iteration}"
    else:
        note = "the best so far" if best is not None and len(points) > 1 else ""
    return "; ".join(filter(None, [surely(last.margin).removeprefix(", "), note]))


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
    note = ", ".join(view.names) if len(sizes) <= 4 else f"on {len(sizes)} sides"
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
