"""Leaving an event, coming late to it, and matches that nobody plays since somebody has left.

What was played counts for ever. What was still to be played with the one who left is a forfeit: a result, and no match.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from league.ledger import BotRow, MatchRow
from league.referee.verdict import Verdict
from league.schedules import Pairing, shares
from league.tournament.changes import ALWAYS, LEFT, Departure, Manner, departures
from league.tournament.event import Event
from marl.errors import UserError, suggestion
from marl.printable import printable


def leave(event: Event, player: str, manner: Manner, reason: str = "") -> BotRow:
    """Write down that a player has withdrawn or was disqualified. Raises UserError where that cannot be."""
    bots = {bot.name.casefold(): bot for bot in event.roster()}
    bot = bots.get(player.casefold())
    if bot is None:
        names = (bot.name for bot in bots.values())
        raise UserError(f"nobody in {event.path} is called {printable(player)!r}{suggestion(player, names)}")
    if before := departures(event.ledger).get(bot.id):
        raise UserError(f"{bot.name} has left already ({printable(before)})")
    if manner == "withdrawn" and event.has_ended:
        raise UserError(f"{event.path} is over, so that nobody can withdraw from it")
    _alone(event)
    event.ledger.decide(LEFT, bot.id, {"manner": manner, "reason": reason, "after": last_round(event)}, 0.0)
    return bot


def check_late(event: Event) -> None:
    """Raise UserError where nobody can come any more."""
    if event.has_ended:
        raise UserError(f"{event.path} is over; make a new event for new players")
    if not event.takes_changes:
        raise UserError(
            f"{event.path} has begun, and {event.config.schedule.name} takes nobody who comes late (league/swiss and "
            "league/ladder do); make a new event for new players"
        )
    rounds = getattr(event.schedule().schedule, "rounds", None)
    if rounds is not None and last_round(event) >= rounds:
        raise UserError(f"the last round of {event.path} has been drawn; make a new event for new players")
    _alone(event)


def join_late(event: Event, bots: list[BotRow]) -> int:
    """Let players in from the next round that is drawn on; its number. Raises UserError where the schedule refuses."""
    names = [bot.name for bot in event.roster()] + [bot.name for bot in bots]
    joined = last_round(event) + 1
    event.schedule(names, {bot.name: (joined, ALWAYS) for bot in bots})
    event.ledger.add_bots(bots, joined)
    return joined


def last_round(event: Event) -> int:
    """The last round that has been drawn; 0 before the event begins."""
    if not event.has_begun:
        return 0
    results = event.results()
    due = event.schedule().next(results) or []
    return max([result.round for result in results] + [pairing.round for pairing in due], default=0)


def forfeit(event: Event, pairing: Pairing, gone: Mapping[str, Departure], bots: Mapping[str, BotRow]) -> MatchRow:
    """The match that is not played since some of its players are `gone`: these have nothing, the others beat them."""
    there = [player not in gone for player in pairing.players]
    scores = tuple(score if here else 0.0 for score, here in zip(shares(list(map(float, there))), there, strict=True))
    won = Verdict.WIN if sum(there) == 1 else Verdict.DRAW
    seats, now = len(there), time.time()
    return MatchRow(
        pairing=pairing.id,
        round=pairing.round,
        players=pairing.players,
        bots=tuple(bots[player].id for player in pairing.players),
        seed_index=pairing.seed_index,
        seed=event.seed(pairing.seed_index, pairing.id),
        scores=scores,
        returns=(0.0,) * seats,
        verdicts=tuple((won if here else Verdict.FORFEIT).value for here in there),
        details=tuple(str(gone[player]) if player in gone else "" for player in pairing.players),
        plies=0,
        replay="",
        replay_hash="",
        started=now,
        finished=now,
    )


def _alone(event: Event) -> None:
    """Raise UserError while hosts play the event: each must plan with the same players."""
    if event.is_shared and event.ledger.is_played():
        raise UserError(f"hosts are playing {event.path} just now: stop them first; they go on afterwards")
