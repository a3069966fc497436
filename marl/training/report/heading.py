"""The top of the page: what was trained, how it ended, and the numbers that matter."""

from __future__ import annotations

from marl.page.header import header, tile
from marl.page.text import escape, exact
from marl.training.report.view import TrainView
from marl.words import MISSING, clipped, duration, number


def heading(view: TrainView) -> str:
    """Name, environment, algorithm, seed, state and tiles."""
    config = view.config
    facts = [config.env.name, config.algorithm.name, f"seed {config.seed}"]
    if config.opponents:
        facts.append(f"side {config.side} against {', '.join(opponent.name for opponent in config.opponents)}")
    elif view.has_sides:
        facts.append("self-play")
    tiles = [measured_tile(view), training_tile(view), steps_tile(view), time_tile(view), speed_tile(view)]
    state = "finished" if view.is_finished else "unfinished"
    return header("marl train", config.name, facts, state, [*tiles, slices_tile(view)], done=view.is_finished)


def measured_tile(view: TrainView) -> str:
    """The newest measurement against the first opponent: points, or the return of who plays alone."""
    if not view.measured:
        return tile("Measured", MISSING, "not measured", "measured-now")
    name, score = next(iter(view.measured[-1].scores.items()))
    matches = f"{score['matches']:,.0f} matches"
    if "points" not in score:
        margin = f"± {number(score['return_margin'], 2)} in " if "return_margin" in score else ""
        return tile("Measured return", exact(score["return"]), f"{margin}{matches}", "measured-now")
    interval = f"{score['points_low']:.1%} – {score['points_high']:.1%}"
    note = f"against {escape(clipped(name, 24))}; {interval} in {matches}"
    value = f'<data value="{score["points"]!r}">{score["points"]:.1%}</data>'
    return tile("Points", value, note, "measured-now")


def training_tile(view: TrainView) -> str:
    """The mean return of the last updates."""
    if "return" not in view.latest:
        return tile("Return in training", MISSING, "no match has ended yet", "return-now")
    whose = f"of side {view.config.side}, " if view.has_sides else ""
    return tile("Return in training", exact(view.latest["return"]), f"{whose}last updates", "return-now")


def steps_tile(view: TrainView) -> str:
    """How much was trained, of how much."""
    return tile("Env steps", count(view.env_steps), f"of {view.config.env_steps:,}", "env-steps")


def time_tile(view: TrainView) -> str:
    """Run time over all resumes."""
    return tile("Run time", duration(view.seconds) if view.slices else MISSING, "over all resumes", "run-time")


def speed_tile(view: TrainView) -> str:
    """Env steps a second: those of the updates, and of the run as a whole."""
    if not view.slices or view.seconds <= 0:
        return tile("Steps a second", MISSING, "no slice has finished", "speed")
    overall = view.slices[-1].env_steps / view.seconds
    note = "measurements included"
    if "env_steps_per_s" in view.latest:
        note += f"; {view.latest['env_steps_per_s']:,.0f} in the last updates"
    return tile("Steps a second", count(round(overall)), note, "speed")


def slices_tile(view: TrainView) -> str:
    """Finished slices: each can play."""
    last = f"the newest plays as @{view.slices[-1].number}" if view.slices else "none finished"
    return tile("Slices", f"{len(view.slices):,}", last, "slices")


def count(value: int) -> str:
    """A `<data>` element of a whole number."""
    return f'<data value="{value}">{value:,}</data>'
