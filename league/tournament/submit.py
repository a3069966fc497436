"""Taking part: whatever is submitted is copied into the event, so that nobody can change it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from league.ledger import BotRow
from league.reader import open_ledger, read_view
from league.tournament.entry import Entry, check_name, parse
from league.tournament.event import Event
from league.tournament.players import player_of
from league.tournament.receive import receive
from league.tournament.strangers import sandbox_of
from league.view import LeagueView, Player
from marl.blobs import Blobs
from marl.errors import UserError, suggestion
from marl.scenario import FILE, load_scenario


@dataclass(frozen=True)
class Submitted:
    """What became of a submission. `before`: the version that it takes the place of, or None."""

    bot: BotRow
    before: BotRow | None
    unchanged: bool = False


def submit(event: Event, text: str, trust: bool = False) -> Submitted:
    """Let somebody take part. With `trust`, a bot's files may be handled in any sandbox.

    Raises UserError where that cannot be, or the event has begun.
    """
    entry = parse(text)
    if event.has_begun:
        raise UserError(f"{event.path} has begun, so its roster is closed; make a new event for new players")
    match entry.scheme:
        case "policy":
            bot = _policy(event, entry)
        case "snapshot":
            bot = _snapshot(event, entry)
        case "person":
            bot = BotRow(entry.name or check_name(entry.what), "person", entry.what, entry.what)
        case _:
            bot = receive(event, entry, sandbox_of(event, trust))
    before = next((known for known in event.ledger.bots() if known.name == bot.name), None)
    if before is not None and (before.kind, before.content) == (bot.kind, bot.content):
        return Submitted(before, before, unchanged=True)
    return Submitted(event.ledger.add_bot(bot), before)


def _policy(event: Event, entry: Entry) -> BotRow:
    descriptor = event.registry.find("policies", entry.what)
    bot = BotRow(entry.name or check_name(descriptor.name), "policy", descriptor.plugin, descriptor.full_name)
    player_of(bot, event.path, event.config, event.spec)
    return bot


def _snapshot(event: Event, entry: Entry) -> BotRow:
    run, chosen = _split(entry.what)
    ledger = open_ledger(run)
    try:
        scenario = load_scenario(run / FILE, [], event.registry)
        league = read_view(ledger, scenario.config)
    finally:
        ledger.close()
    ours = (event.config.env.name, event.config.env.params)
    if (scenario.config.env.name, scenario.config.env.params) != ours:
        raise UserError(f"the league {run} plays {league.env}, and this event {event.config.env.name}")
    members = [_member(league, chosen, run)] if chosen else best(league, run)
    theirs = Blobs(run / "blobs")
    ids = [event.blobs.put_snapshot(theirs.get_snapshot(member.snapshot)) for member in members]
    name = entry.name or check_name(f"{run.name}-{members[0].name.replace('/', '-')}" if chosen else run.name)
    bot = BotRow(name, "snapshot", league.name, ",".join(dict.fromkeys(ids) if len(set(ids)) == 1 else ids))
    player_of(bot, event.path, event.config, event.spec)
    return bot


def _split(what: str) -> tuple[Path, str]:
    """`RUN[:PLAYER]`; a run's path may have a colon in it too."""
    if Path(what).exists() or ":" not in what:
        return Path(what), ""
    run, _, player = what.rpartition(":")
    return Path(run), player


def _member(league: LeagueView, name: str, run: Path) -> Player:
    found = [player for player in league.players if player.name == name]
    if not found:
        raise UserError(f"the league {run} has no player {name!r}{suggestion(name, (p.name for p in league.players))}")
    return found[0]


def best(league: LeagueView, run: Path) -> list[Player]:
    """The player that the final mixture weighs most, for each side."""
    if not league.iterations:
        raise UserError(f"the league {run} has finished no iteration yet: name one of its players, as in {run}:PLAYER")
    mixtures = league.iterations[-1].mixtures
    return [side[int(np.argmax(weights))] for side, weights in zip(league.populations, mixtures, strict=True)]
