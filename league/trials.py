"""Trials of what plugins bring to a league, for `marl plugins check`: walked to an end on results that are made up.

Each takes the registry, a full name and parameters; it gives "" or why nothing could be tried, and raises RunError for
what breaks a promise. `Kind.trial` names them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from league.checked.metasolver import CheckedMetaSolver
from league.checked.ratings import rate
from league.diversity import Known
from league.hookspecs import DIVERSITIES, RATINGS, SCHEDULES
from league.pairing import Pairing, Result
from league.payoffs import Payoffs
from league.schedules.guard import Guarded
from marl import rng
from marl.errors import RunError, UserError
from marl.registry import Component, Registry

_FIELDS = (2, 3, 5, 8)  # players
_MOST = 20_000  # results after which a schedule will not end
_CYCLE = np.array([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]])
_TABLES = {"one player": np.zeros((1, 1)), "a cycle": _CYCLE, "two against three": np.arange(6.0).reshape(2, 3) - 3}


def schedule(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """It ends, repeats nothing, and says the same to whoever knows no more than the results."""
    refused = []
    for count in _FIELDS:
        players = [f"player_{number}" for number in range(count)]
        try:
            _walk(registry, name, params, players)
        except UserError as error:
            refused.append(f"{count} players: {error}")
    return refused[0] if len(refused) == len(_FIELDS) else ""


def _walk(registry: Registry, name: str, params: Mapping[str, Any], players: Sequence[str]) -> None:
    subject = registry.describe(SCHEDULES, name)

    def fresh() -> Guarded:
        made = registry.make(SCHEDULES, name, params, players=list(players), sides=2, seed=1)
        return Guarded(made, subject, players, 2)

    host, results = fresh(), list[Result]()
    while (due := host.next(results)) is not None:
        if [one.id for one in fresh().next(results) or ()] != [one.id for one in due]:
            raise RunError(
                f"{subject} asks a host that was started anew for other matches after {len(results)} results: what it "
                "asks for may follow from the results alone"
            )
        results += [_played(pairing) for pairing in due]
        if len(results) > _MOST:
            raise RunError(
                f"{subject} still asks for matches after {len(results)} of {len(players)} players: it must end"
            )
    host.standing(results)


def _played(pairing: Pairing) -> Result:
    """A result that follows from the pairing: who comes first in the field mostly wins, and nobody draws for ever."""
    seed = rng.mix(7, *pairing.id.encode()[-6:], pairing.seed_index)
    luck = float(rng.uniform(seed)[0])
    better = int(pairing.players[0] > pairing.players[1])
    first = 0.5 if luck < 0.1 else float(luck < 0.8) if better == 0 else float(luck >= 0.8)
    return Result(pairing.id, pairing.players, (first, 1 - first), round=pairing.round)


def rating(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """Of three players it rates the one who mostly wins above the one who mostly loses."""
    field = ("strong", "fair", "weak")
    results = [
        Result(
            f"{game}.{one}.{other}", (field[one], field[other]), (1.0, 0.0) if game % 5 else (0.0, 1.0), round=game + 1
        )
        for game in range(20)
        for one, other in ((0, 1), (0, 2), (1, 2))
    ]
    rated = rate(registry, Component(name, dict(params)), results)
    subject = registry.describe(RATINGS, name)
    if missing := [player for player in field if player not in rated]:
        raise RunError(f"{subject} gave no rating to {missing[0]!r}, who played 40 matches")
    strong, weak = rated["strong"].value, rated["weak"].value
    if not strong > weak:
        raise RunError(f"{subject} rates who wins four of five matches at {strong:g}, and who loses them at {weak:g}")
    return ""


def metasolver(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """It gives distributions for small zero-sum tables."""
    solve, refused = CheckedMetaSolver(Component(name, dict(params)), registry), []
    for title, table in _TABLES.items():
        try:
            solve(Payoffs.of([table, -table]))
        except UserError as error:
            refused.append(f"{title}: {error}")
    return refused[0] if len(refused) == len(_TABLES) else ""


def diversity(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """It gives numbers of the right shapes, and its slopes are those of its value."""
    measure, draws = registry.make(DIVERSITIES, name, params), np.random.default_rng(7)
    subject = registry.describe(DIVERSITIES, name)
    known = Known(draws.uniform(-1, 1, (3, 4)), draws.dirichlet(np.ones(5), 3), np.array([0.2, 0.3, 0.5]))
    at = {"by_row": draws.uniform(-1, 1, 4), "by_behaviour": draws.dirichlet(np.ones(5))}
    gain = measure(known, *at.values())
    for what, point in at.items():
        slope = np.asarray(getattr(gain, what))
        if slope.shape != point.shape or not (np.isfinite(slope).all() and np.isfinite(gain.value)):
            right = f"{list(point.shape)} finite numbers are right"
            raise RunError(f"{subject} gave {what} of the shape {list(slope.shape)}, and {right}")
        for place, step in enumerate(np.eye(len(point)) * 1e-5):
            up, down = (measure(known, *(at | {what: point + sign * step}).values()).value for sign in (1, -1))
            risen = (up - down) / 2e-5
            if abs(risen - slope[place]) > 1e-3 * max(1.0, abs(risen)):
                raise RunError(
                    f"{subject} says in {what}[{place}] {slope[place]:g}, where its value rises by {risen:g}"
                )
    return ""
