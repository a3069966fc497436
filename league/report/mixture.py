"""The meta-strategy over time: which players each iteration's mixture used."""

from __future__ import annotations

import math

import numpy as np

from league.measures.effective_players import effective
from league.report.raster import (
    Axis,
    Frame,
    binned,
    binned_names,
    column_axis,
    label_room,
    legend,
    picture,
    read_out,
    row_axis,
)
from league.report.standing import final_weights, support
from league.view import LeagueView
from marl.page.colour import SEQUENTIAL
from marl.page.figure import absent, figure, section, svg, switch
from marl.page.text import escape
from marl.types import Floats
from marl.words import clipped, number

WIDTH, TALLEST = 1040, 420.0


def mixture_section(view: LeagueView) -> str:
    """The section of the page."""
    if not view.iterations:
        return section(
            "mixtures", "Meta-strategy over time", absent("No iteration has finished, so there is no mixture.")
        )
    choice = switch("mixtures", list(view.names), "side") if len(view.names) > 1 else ""
    figures = "".join(draw(view, side, hidden=side > 0) for side in range(len(view.names)))
    lead = (
        "Each column is one iteration's mixture; a streak is a player that stays useful, and the rising edge is the "
        "newest player. Players not born yet leave the ground bare."
    )
    return section("mixtures", "Meta-strategy over time", f'{choice}<div class="alternatives">{figures}</div>', lead)


def weights_over_time(view: LeagueView, side: int) -> Floats:
    """The weight of every player in every iteration, `[n, iterations]`; NaN before the player was there."""
    table = np.full((len(view.populations[side]), len(view.iterations)), np.nan)
    for column, iteration in enumerate(view.iterations):
        mixture = iteration.mixtures[side][: len(table)]
        table[: len(mixture), column] = mixture
    return table


def draw(view: LeagueView, side: int, *, hidden: bool) -> str:
    """One side's figure; the newest players are on top."""
    table = weights_over_time(view, side)
    names = tuple(player.name for player in view.populations[side])
    if not names:
        return figure(
            absent(f"{escape(view.names[side])} has no players yet."), "", hidden=hidden, name=view.names[side]
        )
    numbers = tuple(str(iteration.number) for iteration in view.iterations)
    players = Axis("players" if len(view.names) == 1 else f"{clipped(view.names[side], 24)}, players", names)
    time = Axis("iteration", numbers, first=view.iterations[0].number)
    left = label_room(players)
    frame = Frame(left, 10, min(WIDTH - left - 10, len(numbers) * 80), min(TALLEST, max(len(names) * 24, 60)))
    # The square root of the weight, so that a hundredth is still seen beside a half.
    shown = np.sqrt(binned(table, lambda known: float(known.max()))[::-1])
    most = float(np.nanmax(table, initial=0.0)) or 1.0
    body = picture(shown, (0.0, math.sqrt(most)), SEQUENTIAL, frame, smooth=False)
    body += row_axis(players, frame, upward=True) + column_axis(time, frame) + '<g class="cursor"></g>'
    bottom = frame.top + frame.height + 58
    ticks = [(math.sqrt(share), number(most * share, 2)) for share in (0, 0.01, 0.1, 0.4, 1)]
    body += legend(SEQUENTIAL, Frame(left + 64, bottom, 260, 12), ticks, "weight")
    label = f"Mixture of {view.names[side]} over {len(numbers)} iterations and {len(names)} players"
    data = read_out("mixture", shown, binned_names(names)[::-1], binned_names(numbers), frame, levels=1000)
    drawing = svg(body, max(frame.left + frame.width + 10, 440), bottom + 34, label)
    return figure(drawing, data, caption(view, side), hidden=hidden, name=view.names[side])


def caption(view: LeagueView, side: int) -> str:
    """How concentrated the final mixture is, as HTML."""
    weights = final_weights(view)[side]
    return (
        f"Final mixture of {escape(view.names[side])}: {support(weights)} of {len(weights)} players in use, "
        f"as varied as {number(effective(weights), 3)} equal ones."
    )
