"""Taking part: whatever is submitted is copied into the event, so that nobody can change it afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace

from league.ledger import BotRow
from league.tournament.changes import departures
from league.tournament.entry import Entry, check_name, parse
from league.tournament.event import Event
from league.tournament.leave import check_late, join_late
from league.tournament.players import player_of
from league.tournament.receive import NOBODY, receive
from league.tournament.strangers import sandbox_of
from marl.errors import UserError
from marl.printable import printable
from marl.registry import POLICIES
from marl.run.players import contestant, find_policy, label, parameters, typed
from marl.scenario import Component, load_run


@dataclass(frozen=True)
class Submitted:
    """What became of a submission. `before`: the version that it takes the place of, or None. `joined`: the round from
    which it plays where the event had begun."""

    bot: BotRow
    before: BotRow | None
    unchanged: bool = False
    joined: int = 0


@dataclass(frozen=True)
class Terms:
    """On which terms the host takes submissions.

    `trust`: a bot's files may be handled in any sandbox. `valid`: bots play a validation match first. `replace`: a name
    that is taken gets a new version, if by the author who had it first; with `anybody`, by another one too.
    """

    trust: bool = False
    valid: bool = True
    replace: bool = False
    anybody: bool = False


def submit(event: Event, text: str, terms: Terms = Terms()) -> Submitted:
    """Let somebody take part. Raises UserError where that cannot be."""
    return submit_all(event, [text], terms)[0]


def submit_all(event: Event, texts: Sequence[str], terms: Terms = Terms()) -> list[Submitted]:
    """Let several take part, all or none. Raises UserError where one of them cannot, or two have one name."""
    if event.has_begun:
        check_late(event)
    there = set((event.path / "bots").iterdir())
    try:
        done = [_named(event, _prepared(event, parse(text), terms), terms) for text in texts]
        once: dict[str, str] = {}
        for entered, text in zip(done, texts, strict=True):
            other = once.setdefault(entered.bot.name.casefold(), text)
            if other is not text:
                raise UserError(
                    f"{printable(other)} and {printable(text)} would both be called {entered.bot.name}: give one of "
                    f"them another name, as in {entered.bot.name}-2={printable(text)}"
                )
    except BaseException:
        for left in set((event.path / "bots").iterdir()) - there:
            shutil.rmtree(left, ignore_errors=True)
        raise
    new = [each.bot for each in done if not each.unchanged]
    if not new:
        return done
    if not event.has_begun:
        added = {bot.name: bot for bot in event.ledger.add_bots(new)}
        return [each if each.unchanged else replace(each, bot=added[each.bot.name]) for each in done]
    joined = join_late(event, new)
    return [each if each.unchanged else replace(each, joined=joined) for each in done]


def _prepared(event: Event, entry: Entry, terms: Terms) -> BotRow:
    """The row of a player that can play; a bot's files are in the event then."""
    match entry.scheme:
        case "policy":
            return _policy(event, entry)
        case "snapshot":
            return _snapshot(event, entry)
        case "person":
            return BotRow(entry.name or check_name(entry.what), "person", entry.what, entry.what)
        case _:
            return receive(event, entry, sandbox_of(event, terms.trust), terms.valid)


def _named(event: Event, bot: BotRow, terms: Terms) -> Submitted:
    """What a submission is, beside those that are there. Raises UserError where its name is another's.

    Names that differ in small and capital letters only are one name: people and file systems take them for it.
    """
    versions = [known for known in event.ledger.every_bot() if known.name.casefold() == bot.name.casefold()]
    if not versions:
        return Submitted(bot, None)
    first, last = versions[0], versions[-1]
    left = departures(event.ledger).get(last.id)
    if event.has_begun and (left or (last.kind, last.content) != (bot.kind, bot.content)):
        raise UserError(f"{first.name} takes part already, or has left; after the beginning nobody is replaced")
    if left is None and (last.kind, last.content) == (bot.kind, bot.content):
        return Submitted(last, last, unchanged=True)
    taken = printable(f"the name {first.name} is taken (version {last.version}, {first.kind} by {first.author})")
    if left is None and not terms.replace:
        raise UserError(
            f"{taken}: give this one another, as in {bot.name}-2=..., or say --replace if it is a new version of that"
        )
    if left is not None and left.manner == "disqualified" and not terms.anybody:
        raise UserError(f"{first.name} was disqualified; if it may come back, say --anybody")
    if not terms.anybody and (bot.author != first.author or bot.author == NOBODY):
        raise UserError(
            printable(f"{taken}, and this one is by {bot.author}: only who had a name first may replace it; ")
            + "if you are sure, say --anybody"
        )
    return Submitted(replace(bot, name=first.name, version=last.version + 1), last)


def _policy(event: Event, entry: Entry) -> BotRow:
    who, params = parameters(entry.what)
    descriptor = find_policy(who, event.registry)
    checked = event.registry.validate(POLICIES, descriptor.full_name, params)
    played = typed(Component(descriptor.full_name, checked), event.registry)
    bot = BotRow(entry.name or check_name(descriptor.name), "policy", descriptor.plugin, played)
    player_of(bot, event.path, event.config, event.spec)
    return bot


def _snapshot(event: Event, entry: Entry) -> BotRow:
    found, here = contestant(entry.what, event.registry), event.config.env
    author = load_run(found.run, event.registry).config.name if found.run else "unknown"
    if found.env is not None and found.env != here:
        raise UserError(f"{found.name} plays {found.env}, and this event {here}")
    if found.sides is not None and len(found.sides) < len(event.spec.sides):
        raise UserError(
            f"{found.name} learned to play side {found.sides[0]} only, and an event seats everybody on every side"
        )
    best = [max(side, key=lambda each: each[1])[0] for side in found.mixtures]  # of equals the first
    ids = [event.blobs.put_snapshot(snapshot) for snapshot in best]
    short = label(parameters(entry.what)[0])
    name = entry.name or check_name(short.replace("@", "-").replace("/", "-"))
    bot = BotRow(name, "snapshot", author, ",".join(dict.fromkeys(ids) if len(set(ids)) == 1 else ids))
    player_of(bot, event.path, event.config, event.spec)
    return bot
