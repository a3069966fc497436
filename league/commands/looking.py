"""Commands that look into a league: status, payoffs, players, export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from league.commands.app import JSON, RUN, app
from league.ledger.operations import Operation, Operations
from league.measures.cycles import cycles
from league.payoffs import margins
from league.payoffs.row import EXACT
from league.player import Player
from league.reader import opened
from league.shown import mixture_table, payoff_table, players_table, value_at
from league.value import plain_values
from league.view import LeagueView
from marl.cli.command import argument, option
from marl.errors import UserError
from marl.printable import printable
from marl.run.journal import story
from marl.types import Floats
from marl.words import uncertain

SETTING = option([], "--setting", help="Show this setting of the algorithm too, as in --setting lr; may be repeated.")


@app.command()
def status(run: Path = RUN, as_json: bool = JSON) -> None:
    """Where a league stands, and whom its meta-strategy plays."""
    with opened(run, briefly=True) as (ledger, view):
        operations = Operations(ledger).all()
        facts = {**_facts(view), "journal": story(run), "operations": list(map(_told, operations))}
    if as_json:
        print(json.dumps(facts))
        return
    console = Console(highlight=False)
    head = f" on {view.env}: iteration {facts['iteration']}, {facts['seconds']:.1f} s"
    console.print(Text.assemble((printable(view.name), "bold"), head), soft_wrap=True)
    for line in facts["journal"]:
        console.print(printable(line), markup=False, soft_wrap=True)
    for operation in facts["operations"][-5:]:
        console.print(printable(operation), markup=False, soft_wrap=True)
    if view.finished:
        console.print(printable(f"finished: {view.reason}".removesuffix(": ")), markup=False, soft_wrap=True)
    for name, value in view.iterations[-1].measures.items() if view.iterations else ():
        console.print(f"{view.measured[name].title} {uncertain(value.value, value.margin, 6)}", markup=False)
    console.print(mixture_table(view))


@app.command()
def payoffs(run: Path = RUN, last: int = option(10, help="How many of the newest players to show."),
            as_json: bool = JSON) -> None:  # fmt: skip
    """The payoff table of the first side (two sides), as much as fits; or every known pairing (--json)."""
    with opened(run) as (ledger, view):
        if as_json:
            names = {id: player.name for id, player in ledger.players()}
            for row in ledger.payoffs():
                entry = {
                    "pairing": [names[id] for id in row.pairing],
                    "count": None if row.count == EXACT else row.count,
                }
                print(json.dumps({**entry, "mean": row.mean, "margin": _finite(margins(row.count, row.m2))}))
            return
    if len(view.sides) != 2:
        raise UserError("a table needs two sides; use --json to see every pairing")
    console = Console(highlight=False)
    head, table, note = payoff_table(view, last, console.width)
    console.print(head, markup=False)
    console.print(table)
    if note:
        console.print(note, markup=False)


@app.command()
def players(run: Path = RUN, setting: list[str] = SETTING, as_json: bool = JSON) -> None:
    """Who was trained when, from whom and against whom, and with which settings of the algorithm."""
    with opened(run) as (ledger, view):
        found, settings = view.players, ledger.settings()
    if as_json:
        print(json.dumps([{**_player(player), "settings": settings.get(player.name)} for player in found]))
        return
    columns = {name: {who: value_at(params, name) for who, params in settings.items()} for name in setting}
    for name, values in columns.items():
        if all(value is None for value in values.values()):
            raise UserError(f"no player was trained with a setting {name!r}: --json has all that each was trained with")
    console = Console(highlight=False)
    table, note = players_table(found, console.width, columns)
    console.print(table)
    if note:
        console.print(note, markup=False)


@app.command("cycles")
def cycles_(run: Path = RUN, most: int = option(10, min=1, help="How many, the strongest first."),
            as_json: bool = JSON) -> None:  # fmt: skip
    """Who beats whom beats whom in a circle, where that is sure."""
    with opened(run) as (_, view):
        found = cycles(view, most)
    if as_json:
        print(json.dumps([{"players": one.players, "strength": one.strength} for one in found]))
        return
    for one in found:
        print(printable(f"{one}, each by {one.strength:.3g} or more"))
    if not found:
        print("no sure cycle among the pairings that were played")


@app.command()
def export(
    run: Path = RUN,
    player: str = argument("", metavar="[PLAYER]", help="Its name there, with --bot or --onnx.  [default: all]"),
    bot: Path = option(None, "--bot", metavar="DIR", help="Write a bot that plays without the league."),
    onnx: Path = option(None, "--onnx", metavar="FILE", help="Write the player's network for other programs."),
) -> None:
    """The whole league as JSON lines: players, then payoffs, then iterations. Or a player, as a bot or as ONNX."""
    if bot is not None or onnx is not None:
        from league.commands.leaving import leaving

        leaving(run, player, bot, onnx)
        return
    if player:
        raise UserError("say as what to export it: --bot DIR or --onnx FILE")
    with opened(run) as (ledger, view):
        for player in view.players:
            print(json.dumps({"event": "player", **_player(player)}))
        names = {id: player.name for id, player in ledger.players()}
        for row in ledger.payoffs():
            entry = {"pairing": [names[id] for id in row.pairing], "first_seed": row.first_seed, "count": row.count}
            print(json.dumps({"event": "payoff", **entry, "mean": row.mean, "m2": row.m2}))
        for iteration in view.iterations:
            entry = {"iteration": iteration.number, "measures": plain_values(iteration.measures)}
            entry |= {"values": iteration.values, "margins": iteration.margins}
            entry |= {"mixtures": list(map(list, iteration.mixtures))}
            entry |= {} if iteration.joint is None else {"joint": iteration.joint}
            print(json.dumps({"event": "iteration", **entry}))


def _told(one: Operation) -> str:
    """What became of an operation, in a sentence."""
    match one.kind:
        case "add":
            what = f"{one.data['source']} joins"
        case "retire":
            what = f"{one.data['player']} leaves"
        case _:
            what = f"set {' '.join(one.data['overrides'])}"
    when = "waits" if one.iteration is None else f"in iteration {one.iteration}"
    return f"operation {one.number}: {what}: {f'refused {when}: {one.refused}' if one.refused else when}"


def _finite(values: Floats) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def _player(player: Player) -> dict[str, Any]:
    return {"name": player.name, "sides": list(player.sides), "born": player.born, "role": player.role,
            "lineage": player.lineage, "snapshot": player.snapshot, "parent": player.parent,
            "opponents": list(player.opponents), "retired": player.retired}  # fmt: skip


def _facts(view: LeagueView) -> dict[str, Any]:
    last = view.iterations[-1] if view.iterations else None
    sides = []
    for index, name in enumerate(view.names):
        weights = last.mixtures[index] if last else ()
        pairs = zip(view.populations[index], weights, strict=False)
        mixture = sorted(((p.name, w) for p, w in pairs if w > 0), key=lambda pair: -pair[1])
        value, margin = last.worth[index] if last else (None, None)
        facts = {"name": name, "players": len(view.populations[index]), "value": value, "margin": margin}
        sides.append({**facts, "mixture": mixture})
    return {
        "name": view.name,
        "env": view.env,
        "iteration": last.number if last else None,
        "measures": plain_values(last.measures) if last else {},
        "seconds": last.seconds if last else 0.0,
        "finished": view.finished,
        "reason": view.reason,
        "sides": sides,
    }
