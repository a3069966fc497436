"""The tournament's part of the ledger: who takes part, who plays what just now, and what was played."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError

from league.ledger import leases, schema
from league.ledger.ledger import Ledger, decide
from league.ledger.records import BotRow, MatchRow
from marl.errors import UserError

ROSTER = "roster"  # decisions: number 0 begins the event, later ones are who came late
_TUPLES = ("players", "bots", "scores", "returns", "verdicts", "details", "attributed_to")


class TournamentLedger(Ledger):
    """A ledger with the matches of a tournament. Several hosts may use one at a time."""

    # who takes part

    def add_bots(self, bots: Sequence[BotRow], joined: int | None = None) -> list[BotRow]:
        """Add these versions of players, all or none, and return them with their ids.

        `joined`: the event has begun, and they are in its roster from this round on. Raises UserError where one is
        there already, in whatever case of its letters: several hosts may submit at once.
        """
        table = schema.bots
        with self.writes() as connection:
            if self.engine.dialect.name == "postgresql":  # else two transactions do not see each other's names
                connection.execute(text(f"lock table {table.name} in share row exclusive mode"))
            known = {(row.name.casefold(), row.version) for row in connection.execute(select(table))}
            added = []
            for bot in bots:
                if (bot.name.casefold(), bot.version) in known:
                    raise UserError(f"version {bot.version} of {bot.name} was submitted by somebody else just now")
                known.add((bot.name.casefold(), bot.version))
                bot = replace(bot, submitted=time.time())
                key = connection.execute(insert(table).values(**_without_id(bot))).inserted_primary_key or (0,)
                added.append(replace(bot, id=int(key[0])))
            if joined is not None:
                decisions = schema.decisions.c
                last = connection.execute(
                    select(func.max(decisions.iteration)).where(decisions.kind == ROSTER)
                ).scalar()
                data = {"bots": [bot.id for bot in added], "joined": joined}
                decide(connection, ROSTER, 1 + (last or 0), data, 0.0)
        return added

    def bots(self) -> list[BotRow]:
        """The newest version of every player, in the order in which their names came first."""
        newest: dict[str, BotRow] = {}
        for bot in self.every_bot():
            newest[bot.name] = bot
        return list(newest.values())

    def every_bot(self) -> list[BotRow]:
        """All versions of all players, the oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(schema.bots).order_by(schema.bots.c.id)).mappings().all()
        return [BotRow(**row) for row in rows]

    # who plays what

    def lease(self, pairing: str, owner: str, seconds: float, seize: bool = False) -> int | None:
        """Take a pairing for `seconds`, and return the token that its result must show.

        None where somebody else has it, or where it is finished. `seize` takes an unfinished one from anybody.
        """
        try:
            with self.engine.execution_options(writes=True).begin() as connection:
                return leases.take(connection, pairing, owner, seconds, seize)
        except IntegrityError:
            return None

    def heartbeat(self, owner: str, seconds: float) -> None:
        """Keep everything that `owner` has for `seconds` more."""
        with self.writes() as connection:
            leases.renew(connection, owner, seconds)

    def release(self, pairing: str, token: int) -> None:
        """Give a pairing back unplayed."""
        with self.writes() as connection:
            leases.give_back(connection, pairing, token)

    def is_played(self) -> bool:
        """Whether somebody has a lease, and is alive."""
        with self.engine.connect() as connection:
            return bool(leases.live(connection))

    # what was played

    def finish(self, match: MatchRow, token: int) -> bool:
        """Write a finished match down, in one transaction; False where the token is no longer the pairing's."""
        with self.writes() as connection:
            if not leases.finish(connection, match.pairing, token):
                return False
            connection.execute(insert(schema.matches).values(**_plain(match)))
        return True

    def add_matches(self, matches: list[MatchRow]) -> int:
        """Write down matches that were played elsewhere, all or none; those that are here already are left out."""
        known = {match.pairing for match in self.matches()}
        new = [match for match in matches if match.pairing not in known]
        with self.writes() as connection:
            for match in new:
                connection.execute(insert(schema.matches).values(**_plain(match)))
        return len(new)

    def matches(self, after: int = 0) -> list[MatchRow]:
        """The finished matches in the order in which they finished, without the first `after`."""
        query = select(schema.matches).order_by(schema.matches.c.id).offset(after)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return [_match(row) for row in rows]

    def match_count(self) -> int:
        """How many matches are finished."""
        with self.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(schema.matches)).scalar_one())


def _without_id(bot: BotRow) -> dict[str, Any]:
    return {key: value for key, value in asdict(bot).items() if key != "id"}


def _plain(match: MatchRow) -> dict[str, Any]:
    values = {key: list(value) if key in _TUPLES else value for key, value in asdict(match).items()}
    return {**values, "seed": str(match.seed)}


def _match(row: Any) -> MatchRow:
    values: dict[str, Any] = {key: value for key, value in row.items() if key != "id"}
    values |= {key: tuple(values[key]) for key in _TUPLES}
    return MatchRow(**{**values, "seed": int(values["seed"])})
