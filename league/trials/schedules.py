"""A schedule, walked to its end on results that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from league.hookspecs import SCHEDULES
from league.pairing import Pairing, Result
from league.schedules.guard import Guarded
from marl import rng
from marl.errors import RunError, UserError
from marl.registry import Registry

_FIELDS = (2, 3, 5, 8)  # players
_MOST = 20_000  # results after which a schedule will not end


def schedule(registry: Registry, name: str, params: Mapping[str, Any], quick: bool = False) -> str:
    """It ends, repeats nothing, and says the same to whoever knows the results alone. `quick`: of few players."""
    refused = []
    fields = _FIELDS[:3] if quick else _FIELDS
    for count in fields:
        players = [f"player_{number}" for number in range(count)]
        try:
            _walk(registry, name, params, players)
        except UserError as error:
            refused.append(f"{count} players: {error}")
    return refused[0] if len(refused) == len(fields) else ""


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
