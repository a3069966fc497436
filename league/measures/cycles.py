"""Cycles: who beats whom beats whom in a circle, so that no rating can say who is best.

Where one population plays both sides a cycle is of three: A beats B, B beats C, C beats A. Where each side has its own,
it is of four: A of one side beats B of the other, B beats C, C beats D, and D beats A; there, to beat somebody is to
earn more from him than the meta-strategy's value. A cycle counts only where every one of these is sure: where the whole
95 % interval of the payoff is beyond. Its strength is the least that one of them earns from the next.
Source: Balduzzi et al., "Open-ended learning in symmetric zero-sum games", ICML 2019, on games that are cyclic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from league.payoffs import Payoffs
from league.services import LeagueServices
from league.value import About, Value
from league.view import LeagueView
from marl.errors import UserError
from marl.types import Floats, Ints

MOST = 300  # different players that are looked at, the newest: it takes their third power


@dataclass(frozen=True)
class Cycle:
    """Players by name, each of whom beats the next, and the last the first; each earns at least `strength`."""

    players: tuple[str, ...]
    strength: float

    def __str__(self) -> str:
        return " beats ".join((*self.players, self.players[0]))


class Cycles:
    """The share of players that stand in at least one cycle, for zero-sum games of two sides."""

    about = About(
        "In cycles",
        "The share of the players that stand in a sure circle: each beats the next, and the last the first. At 0 a "
        "rating says who beats whom, at 1 it says nothing.",
        least=0.0,
    )

    def needs(self, services: LeagueServices) -> None:
        """See `league.measures.measure.Needing`."""
        if len(services.spec.sides) != 2 or not services.spec.zero_sum:
            raise UserError("cycles needs a zero-sum game of two sides: leave it out of measures and stop")

    def measure(self, view: LeagueView, services: LeagueServices) -> Value:
        """See `league.measures.Look`."""
        strengths = np.concatenate([strongest for strongest, _ in _searched(view)])
        return Value.exact(float((strengths > 0).mean()))


def cycles(view: LeagueView, most: int = 5) -> list[Cycle]:
    """The strongest sure cycles, each once; none where there are none, or the game has not two sides."""
    if len(view.sides) != 2 or not view.iterations or not _opposed(view.payoffs):
        return []
    found: dict[tuple[str, ...], Cycle] = {}
    strongest, places = _searched(view)[0]
    names = _names(view)
    for one in np.argsort(-strongest, kind="stable").tolist():
        if strongest[one] > 0:
            cycle = tuple(names[n % len(names)][place] for n, place in enumerate(places[one].tolist()))
            turn = min(range(0, len(cycle), len(names)), key=lambda start: cycle[start])
            cycle = cycle[turn:] + cycle[:turn]
            found.setdefault(cycle, Cycle(cycle, float(strongest[one])))
    return list(found.values())[:most]


def _opposed(payoffs: Payoffs) -> bool:
    """Whether, as far as it is known, one side always earns what the other loses."""
    known = np.isfinite(payoffs.mean[0])
    other = payoffs[1]
    return bool(np.allclose(payoffs[0][known], -other[known], atol=1e-9))


def _names(view: LeagueView) -> list[list[str]]:
    return [
        [players[n].name for n in _looked_at(first)]
        for players, first in zip(view.populations, view.payoffs.first, strict=True)
    ]


def _looked_at(first: Ints) -> list[int]:
    """The newest different players."""
    return [n for n, same in enumerate(first.tolist()) if same == n][-MOST:]


def _searched(view: LeagueView) -> list[tuple[Floats, Ints]]:
    """For each population the strength of every player's strongest cycle, `[n]`, and who is in it, `[n, 3 or 4]`."""
    chosen = [np.array(_looked_at(first), dtype=np.int64) for first in view.payoffs.first]
    payoffs = view.payoffs.only(chosen)
    mean, margin = payoffs[0], np.abs(payoffs.margin[0])
    if payoffs.symmetric:
        return [_threes(np.nan_to_num(mean - margin, nan=-np.inf))]
    value = view.iterations[-1].values[0]
    wins = np.nan_to_num(mean - value - margin, nan=-np.inf)
    losses = np.nan_to_num(value - mean - margin, nan=-np.inf)
    return [_fours(wins, losses), _fours(losses.T, wins.T)]


def _threes(wins: Floats) -> tuple[Floats, Ints]:
    """`wins[i, j]`: what i surely earns from j."""
    strongest, places = np.full(len(wins), -np.inf), np.zeros((len(wins), 3), dtype=np.int64)
    for one in range(len(wins)):
        weakest = np.minimum(np.minimum(wins[one][:, None], wins), wins[:, one][None, :])
        two, three = np.unravel_index(int(weakest.argmax()), weakest.shape)
        strongest[one], places[one] = weakest[two, three], (one, two, three)
    return strongest, places


def _fours(wins: Floats, losses: Floats) -> tuple[Floats, Ints]:
    """`wins[i, j]`: what i of this side surely earns from j of the other; `losses[i, j]`: what j does from i."""
    strongest, places = np.full(len(wins), -np.inf), np.zeros((len(wins), 4), dtype=np.int64)
    for one in range(len(wins)):
        there, back = np.minimum(wins[one], losses), np.minimum(wins, losses[one])  # [other, opponent]
        weakest = np.minimum(there.max(axis=1), back.max(axis=1))
        other = int(weakest.argmax())
        strongest[one] = weakest[other]
        places[one] = (one, there[other].argmax(), other, back[other].argmax())
    return strongest, places
