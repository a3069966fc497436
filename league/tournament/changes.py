"""Who came to an event after it began, and who left it before its end: decisions in its ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from league.ledger import BotRow, TournamentLedger
from league.ledger.tournament import ROSTER

LEFT = "left"  # decisions, by a bot's id
ALWAYS = 1 << 30  # rounds

Manner = Literal["withdrawn", "disqualified"]


@dataclass(frozen=True)
class Departure:
    """How somebody left, why (or ""), and the last round that had been drawn then."""

    manner: Manner
    reason: str
    after: int

    def __str__(self) -> str:
        return f"{self.manner}: {self.reason}" if self.reason else self.manner


def departures(ledger: TournamentLedger) -> dict[int, Departure]:
    """Who left, by the number of the bot's row."""
    return {
        id: Departure(data["manner"], data["reason"], data["after"]) for id, (data, _) in ledger.decisions(LEFT).items()
    }


def members(ledger: TournamentLedger) -> list[BotRow]:
    """Who takes part: the versions that the event began with, in seed order, and who came later, and who left since.

    Before the event begins, the newest version of everybody who has not left.
    """
    decided = ledger.decisions(ROSTER)
    if not decided:
        left = departures(ledger)
        return [bot for bot in ledger.bots() if bot.id not in left]
    bots = {bot.id: bot for bot in ledger.every_bot()}
    return [bots[id] for data, _ in decided.values() for id in data["bots"]]


def presence(ledger: TournamentLedger) -> dict[str, tuple[int, int]]:
    """The first and the last round of everybody who came late or left, by name; for schedules."""
    left = departures(ledger)
    joined = {id: data.get("joined", 1) for data, _ in ledger.decisions(ROSTER).values() for id in data["bots"]}
    found = {}
    for bot in members(ledger):
        first, last = joined.get(bot.id, 1), left[bot.id].after if bot.id in left else ALWAYS
        if (first, last) != (1, ALWAYS):
            found[bot.name] = (first, last)
    return found
