"""Whether what a ledger says of a league fits together; a sentence about what does not."""

from __future__ import annotations

import json
from collections.abc import Sequence

from league.iteration import Iteration
from league.ledger import brief
from league.ledger.damage import damaged
from league.ledger.ledger import Ledger
from league.ledger.orders import Orders
from league.payoffs.row import PayoffRow
from league.player import Player
from marl.snapshot import JSON, canonical


def check(ledger: Ledger, env: JSON = None) -> None:
    """Read all of a league's ledger, and raise RunError about the first thing that is missing or contradicts another.

    `env`: the environment that its scenario names, as plain values, or None.
    """
    players, iterations = ledger.players(), ledger.iterations()
    fault = (
        _players(players)
        or _payoffs(ledger.payoffs(), players)
        or _iterations(iterations, players)
        or Orders(ledger).fault()
        or (_environment(ledger, env) if env is not None else "")
    )
    if fault:
        raise damaged(ledger.where, fault)


def check_briefly(ledger: Ledger, env: JSON = None) -> None:
    """The same of who is there, what was ordered, and the last iteration: what takes no longer however much was played.

    Payoffs and earlier iterations are not read.
    """
    players, last = ledger.players(), brief.last_iteration(ledger)
    fault = (
        _players(players)
        or (_iterations([last], players, last.number) if last is not None else "")
        or Orders(ledger).fault()
        or (_environment(ledger, env) if env is not None else "")
    )
    if fault:
        raise damaged(ledger.where, fault)


def _players(players: Sequence[tuple[int, Player]]) -> str:
    found = {player.sides for _, player in players}
    sides = _sides(players)
    every = tuple(range(sides))
    for side in every:
        if not any(side in own for own in found):
            return f"side {side} has no players"
    for id, player in players:
        if player.sides not in (every, *((side,) for side in every)) or player.born < 0:
            where = ", ".join(map(str, player.sides))
            return f"player {id} ({player.name}) has the sides {where}, and was born in iteration {player.born}"
    if sides > 1 and len(found) > 1 and every in found:
        return "some players play all sides, and others one"
    return ""


def _sides(players: Sequence[tuple[int, Player]]) -> int:
    return 1 + max((max(player.sides) for _, player in players), default=-1)


def _payoffs(rows: Sequence[PayoffRow], players: Sequence[tuple[int, Player]]) -> str:
    played = {id: player.sides for id, player in players}
    sides = _sides(players)
    for row in rows:
        if strangers := [id for id in row.pairing if id not in played]:
            return f"there are payoffs of player {strangers[0]}, who is not in the table players"
        if len(row.pairing) != sides or not all(side in played[id] for side, id in enumerate(row.pairing)):
            return f"the pairing {','.join(map(str, row.pairing))} has not one player of each side"
        if not len(row.mean) == len(row.m2) == sides:
            return f"the payoffs of the pairing {','.join(map(str, row.pairing))} are not {sides} numbers"
    return ""


def _iterations(iterations: Sequence[Iteration], players: Sequence[tuple[int, Player]], first: int = 0) -> str:
    populations = sorted({player.sides for _, player in players})
    sizes = [0] * len(populations)
    for number, one in enumerate(iterations, first):
        if one.number != number:
            return f"the decision 'mixtures' of iteration {number} is missing, and there is that of {one.number}"
        for index, sides in enumerate(populations):
            sizes[index] = sum(player.sides == sides and player.born <= number for _, player in players)
        if [len(mixture) for mixture in one.mixtures] != sizes:
            found = [len(mixture) for mixture in one.mixtures]
            return f"the mixtures of iteration {number} are over {found} players, and there were {sizes} by then"
        room = sizes * _sides(players) if len(sizes) == 1 else sizes
        for cell, _ in one.joint or ():
            if len(cell) != len(room) or not all(0 <= index < size for index, size in zip(cell, room, strict=True)):
                return f"the joint mixture of iteration {number} has the pairing {cell}, and there were {sizes} players"
        if len(one.values) != len(sizes):
            found_values = f"{len(one.values)} values for {len(sizes)} populations"
            return f"the decision 'mixtures' of iteration {number} has {found_values}"
    return ""


def _environment(ledger: Ledger, env: JSON) -> str:
    """Its jobs say where they were done. A parameter that only one of the two knows came with another version."""
    written = ledger.job_env()
    if written is None:
        return ""
    there, here = (one if isinstance(one, dict) else {"name": one} for one in (json.loads(written), env))
    if all(there[key] == here[key] for key in there if key in here):
        return ""
    return f"its jobs were done in {written}, and scenario.yaml names {canonical(env)}"
