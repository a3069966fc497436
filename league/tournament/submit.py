"""Taking part: whatever is submitted is copied into the event, so that nobody can change it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from league.ledger import BotRow
from league.tournament.entry import Entry, check_name, parse
from league.tournament.event import Event
from league.tournament.players import player_of
from league.tournament.receive import receive
from league.tournament.strangers import sandbox_of
from marl.contestants import of_run, parameters, typed
from marl.errors import UserError
from marl.scenario import Component, load_run
from marl.snapshot import JSON


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
    who, params = parameters(entry.what)
    descriptor = event.registry.find("policies", who)
    checked = event.registry.validate("policies", descriptor.full_name, params)
    played = typed(Component(descriptor.full_name, checked), event.registry)
    bot = BotRow(entry.name or check_name(descriptor.name), "policy", descriptor.plugin, played)
    player_of(bot, event.path, event.config, event.spec)
    return bot


def _snapshot(event: Event, entry: Entry) -> BotRow:
    run, chosen, params = _split(entry.what)
    author = load_run(run, event.registry).config.name
    found = of_run(entry.what, run, chosen, params, event.registry)
    here = event.config.env
    if found.env != here:
        raise UserError(f"{run} plays {found.env or 'nothing'}, and this event {here}")
    if found.sides is not None and len(found.sides) < len(event.spec.sides):
        raise UserError(f"{run} learned to play side {found.sides[0]} only, and an event seats everybody on every side")
    best = [max(side, key=lambda each: each[1])[0] for side in found.mixtures]  # of equals the first
    ids = [event.blobs.put_snapshot(snapshot) for snapshot in best]
    name = entry.name or check_name(f"{run.name}-{chosen.replace('/', '-')}" if chosen else run.name)
    bot = BotRow(name, "snapshot", author, ",".join(dict.fromkeys(ids) if len(set(ids)) == 1 else ids))
    player_of(bot, event.path, event.config, event.spec)
    return bot


def _split(what: str) -> tuple[Path, str, dict[str, JSON]]:
    """`RUN[:PLAYER] [KEY=VALUE ...]`; a run's path may have a colon or a space in it too."""
    who, params = parameters(what)
    if Path(who).exists() or ":" not in who:
        return Path(who), "", params
    run, _, player = who.rpartition(":")
    return Path(run), player, params
