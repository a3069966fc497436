"""The players that matter: the heaviest of every side's final mixture, as tables."""

from __future__ import annotations

import numpy as np

from league.player import Player
from league.report.standing import final_weights, returns_against
from league.view import LeagueView
from marl.page.figure import absent, section
from marl.page.text import escape, exact
from marl.types import Floats
from marl.words import clipped, number

ROWS = 12  # a side
HEAD = ("player", "weight", "return", "born", "trained against")
SHOWN = 2  # opponents by name


def ranking_section(view: LeagueView) -> str:
    """The section of the page."""
    weights = final_weights(view)
    if not any(side.any() for side in weights):
        return section("players", "Final mixture", absent("There is no mixture yet."))
    returns = returns_against(view, weights)
    tables = "".join(side_table(view, side, weights, returns[side]) for side in range(len(view.names)))
    lead = (
        "The players that weigh most. <em>Return</em> is what a player earns against the other sides' final mixtures; "
        "at an equilibrium all that are in use earn the same. A dash: a pairing it takes is not known."
    )
    return section("players", "Final mixture", f'<div class="tables">{tables}</div>', lead)


def side_table(view: LeagueView, side: int, everyones: tuple[Floats, ...], returns: Floats) -> str:
    """The table of a population. `everyones`: the final mixture of every one."""
    players, weights = view.populations[side], everyones[side]
    order = [int(index) for index in np.argsort(-weights, kind="stable")[:ROWS] if weights[index] > 0]
    most = max((float(weights[index]) for index in order), default=1.0)
    rows = "".join(
        row(players[index], float(weights[index]), earned(view, side, index, everyones, returns), most)
        for index in order
    )
    rest = float(weights.sum() - weights[order].sum())
    others = int((weights > 0).sum()) - len(order)
    foot = f'<tr><td>{others} more</td><td>{exact(rest, 3)}</td><td colspan="3"></td></tr>' if others > 0 else ""
    head = "".join(f"<th>{name}</th>" for name in HEAD)
    return (
        f'<div class="scroll"><table class="ranking"><caption>{escape(view.names[side])}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody><tfoot>{foot}</tfoot></table></div>"
    )


def earned(view: LeagueView, side: int, index: int, weights: tuple[Floats, ...], returns: Floats) -> str:
    """What a player earns against the others' mixtures, with half its 95 % interval where it was played; HTML."""
    value = exact(float(returns[index]))
    if not view.payoffs.sampled:
        return value
    mixtures = view.payoffs.by_side(weights)
    mixtures[side] = np.eye(len(weights[side]))[index]
    _, margins = view.payoffs.expected(mixtures)
    return value if np.isnan(margins[side]) else f"{value} ± {number(float(margins[side]), 2)}"


def row(player: Player, weight: float, returned: str, most: float) -> str:
    """One player; a role is named only where it is not the ordinary one."""
    role = "" if player.role == "main" else f'<span class="role">{escape(player.role)}</span>'
    met = ", ".join(escape(clipped(name, 28)) for name in player.opponents[:SHOWN])
    more = f" + {len(player.opponents) - SHOWN}" if len(player.opponents) > SHOWN else ""
    met = met or (f"itself, from {escape(clipped(player.parent, 28))} on" if player.parent else "–")
    bar = f'<span class="bar" style="--share:{weight / most:.3f}"></span>'
    return (
        f'<tr><td class="name" title="{escape(player.name)}">{escape(clipped(player.name, 28))}{role}</td>'
        f'<td class="weight">{bar}{exact(weight, 3)}</td><td>{returned}</td>'
        f'<td>{player.born}</td><td class="word">{met}{more}</td></tr>'
    )
