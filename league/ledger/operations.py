"""Operations on a league in its ledger: what somebody asked of it, and in which iteration it took effect.

Whoever asks may be any process on any machine that reaches the ledger; whoever drives the league takes what waits,
between two iterations. An operation, its effect and its place in the league's order are one transaction. So a league
that is killed has either not taken it, and finds it waiting, or has it for good, and goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from sqlalchemy import insert, select, update

from league.ledger import schema
from league.ledger.ledger import Ledger, insert_player
from league.player import Player

Kind: TypeAlias = Literal["add", "retire", "set"]
_table = schema.operations


@dataclass(frozen=True)
class Operation:
    """What was asked, in the order of `number`, and what became of it.

    `iteration`: in which it took effect, or was refused; None while it waits. `refused`: why it took none, or "".
    """

    number: int
    kind: Kind
    data: Mapping[str, Any]
    iteration: int | None = None
    refused: str = ""


class Operations:
    """The table `operations` of a ledger. Each method that writes is one committed transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def ask(self, kind: Kind, data: Mapping[str, Any]) -> int:
        """Ask for an operation; its number. It waits until whoever drives the league takes it."""
        row = {"kind": kind, "data": dict(data), "refused": "", "submitted": time.time()}
        with self.ledger.writes() as connection:
            key = connection.execute(insert(_table), row).inserted_primary_key or (0,)
        return int(key[0])

    def all(self) -> list[Operation]:
        """Every operation that was ever asked for, the oldest first."""
        return self._read()

    def waiting(self) -> list[Operation]:
        """Those that nobody has taken yet, the oldest first."""
        return self._read(_table.c.iteration.is_(None))

    def taken(self, iteration: int) -> list[Operation]:
        """Those that changed who is in the league, in an iteration."""
        return self._read(_table.c.iteration == iteration, _table.c.refused == "", _table.c.kind != "set")

    def iterations(self) -> list[int]:
        """The iterations in which somebody joined or left by an operation, in order, each once."""
        query = select(_table.c.iteration).where(
            _table.c.iteration.is_not(None), _table.c.refused == "", _table.c.kind != "set"
        )
        with self.ledger.reads() as connection:
            return sorted(set(connection.execute(query).scalars()))

    def _read(self, *where: Any) -> list[Operation]:
        query = select(_table).where(*where).order_by(_table.c.number)
        with self.ledger.reads() as connection:
            rows = connection.execute(query).all()
        return [Operation(row.number, row.kind, row.data, row.iteration, row.refused) for row in rows]

    def take(
        self, number: int, iteration: int, joining: Collection[Player] = (), leaving: Collection[str] = ()
    ) -> list[int]:
        """An operation takes effect: these players join, and those of these names leave. The ids of who joins."""
        players = schema.players
        with self.ledger.writes() as connection:
            self._place(connection, number, iteration)
            for name in leaving:
                connection.execute(update(players).where(players.c.name == name).values(retired=iteration))
            return [insert_player(connection, player, None) for player in joining]

    def refuse(self, number: int, iteration: int, why: str) -> None:
        """An operation cannot take effect as things are now."""
        with self.ledger.writes() as connection:
            self._place(connection, number, iteration, why)

    @staticmethod
    def _place(connection: Any, number: int, iteration: int, refused: str = "") -> None:
        mine = (_table.c.number == number, _table.c.iteration.is_(None))
        connection.execute(update(_table).where(*mine).values(iteration=iteration, refused=refused))
