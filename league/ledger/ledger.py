"""Reading and writing the ledger. It is the only writer of truth: everything else is a view of it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import quote

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import DatabaseError

from league.iteration import Iteration
from league.ledger import database, schema
from league.ledger import iterations as written
from league.ledger.damage import damaged, reading
from league.ledger.database import Transaction
from league.payoffs.row import PayoffRow
from league.player import Player
from league.value import About
from marl.errors import UserError
from marl.snapshot import canonical

FILE = "ledger.db"


class Ledger:
    """A ledger at a database URL. Each method that writes is one committed transaction.

    `fence`, where there is one, is asked at the beginning of each, and raises where this process may write no more.

    Raises UserError when the file is not a ledger or has another version, RunError when the disk fails.
    """

    def __init__(self, url: str) -> None:
        self.engine = database.engine(url)
        self.fence: Callable[[Connection], None] | None = None
        self._copy: TemporaryDirectory[str] | None = None
        self.where = database.where(self.engine.url)
        try:
            with self.engine.connect() as connection:
                current = schema.is_current(connection)
            if not current:
                with self.engine.execution_options(writes=True).begin() as connection:
                    schema.prepare(connection, self.where)
        except DatabaseError as error:
            raise UserError(f"{self.where} cannot be opened as a ledger: {database.said(self.engine, error)}") from None

    @classmethod
    def at(cls, directory: Path) -> Self:
        """The ledger of a run directory, `ledger.db`."""
        return cls(f"sqlite:///{directory / FILE}")

    @classmethod
    def of(cls, directory: Path, url: str | None) -> Self:
        """The ledger of a run: the one that several machines share at `url`, else that of its directory."""
        return cls(url) if url else cls.at(directory)

    @classmethod
    def reading(cls, directory: Path) -> Self:
        """The ledger of a run directory that perhaps cannot be written, such as a read-only mount; not to be written.

        SQLite needs a file of shared memory beside a ledger to read it. Where there is none and none can be made, a
        copy is read, which goes with `close`.
        """
        if os.access(directory, os.W_OK) and os.access(directory / FILE, os.W_OK):
            return cls.at(directory)
        if (directory / f"{FILE}-shm").exists():  # somebody is writing, or was killed while he was
            with suppress(UserError):  # an older ledger is migrated, in a copy
                return cls(f"sqlite:///file:{quote(str(directory / FILE))}?mode=ro&uri=true")
        copy = TemporaryDirectory(prefix="marl-ledger-")
        try:
            for name in (FILE, f"{FILE}-wal"):
                if (directory / name).exists():
                    shutil.copyfile(directory / name, Path(copy.name) / name)
        except OSError as error:
            raise UserError(f"{error.filename} cannot be read: {error.strerror}") from None
        ledger = cls.at(Path(copy.name))
        ledger._copy = copy
        return ledger

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
        if self._copy is not None:
            self._copy.cleanup()

    # players and jobs

    def add_player(self, player: Player, job: str | None = None) -> int:
        """Add a member and return its id. `parent` and `opponents` must already be members, by name."""
        with self.writes() as connection:
            return insert_player(connection, player, job)

    def job(self, id: str) -> dict[str, Any] | None:
        """The finished job with that id, or None."""
        query = select(schema.jobs).where(schema.jobs.c.id == id, schema.jobs.c.snapshot != "")
        with self.reads() as connection:
            row = connection.execute(query).mappings().first()
            return dict(row) if row is not None else None

    def job_env(self) -> str | None:
        """The environment of the newest job, as canonical JSON; None where there is no job."""
        with self.reads() as connection:
            spec = connection.execute(select(schema.jobs.c.spec).order_by(schema.jobs.c.iteration.desc())).scalar()
        return (spec.get("env") or None) if isinstance(spec, dict) else None

    def players(self) -> list[tuple[int, Player]]:
        """All members with their ids, in order of birth."""
        table, jobs = schema.players, schema.jobs
        query = select(table, jobs.c.checkpoint).outerjoin(jobs, table.c.job == jobs.c.id).order_by(table.c.id)
        with self.reads() as connection:
            rows = connection.execute(query).all()
        return [
            (
                r.id,
                _player(r, self._sides(r)),
            )
            for r in rows
        ]

    def settings(self) -> dict[str, dict[str, Any]]:
        """What the algorithm was told that trained each player, by the players' names; founders have nothing."""
        table, jobs = schema.players, schema.jobs
        query = select(table.c.name, jobs.c.spec).join(jobs, table.c.job == jobs.c.id).order_by(table.c.id)
        with self.reads() as connection:
            return {row.name: dict(row.spec.get("params") or {}) for row in connection.execute(query)}

    def _sides(self, row: Any) -> tuple[int, ...]:
        sides = row.sides
        if not isinstance(sides, list) or not sides or not all(isinstance(side, int) for side in sides):
            raise damaged(self.where, f"the sides of player {row.id} ({row.name}) are {sides!r}")
        return tuple(sides)

    # payoffs

    def add_payoffs(self, rows: Iterable[PayoffRow]) -> None:
        """Add sums of finished matches, all or none. A pairing's seed range is never added twice (RunError)."""
        values = [
            {
                "pairing": ",".join(map(str, row.pairing)),
                "first_seed": row.first_seed,
                "count": row.count,
                "mean": list(row.mean),
                "m2": list(row.m2),
            }
            for row in rows
        ]
        if values:
            with self.writes() as connection:
                connection.execute(insert(schema.payoffs), _numbered(connection, schema.payoffs, values))

    def payoffs(self) -> list[PayoffRow]:
        """All payoff sums, in the order in which they were added."""
        table = schema.payoffs
        with self.reads() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).mappings().all()
        return [self._payoff(row) for row in rows]

    def _payoff(self, row: Any) -> PayoffRow:
        try:
            mean, m2 = (tuple(map(float, row[key])) for key in ("mean", "m2"))
            return PayoffRow(_ids(row["pairing"]), row["first_seed"], row["count"], mean, m2)
        except (TypeError, ValueError):
            raise damaged(
                self.where, f"row {row['id']} of the table payoffs is not whole: {dict(row)!r:.120}"
            ) from None

    # decisions

    def decide(self, kind: str, iteration: int, data: Any, seconds: float) -> None:
        """Write down a decision together with what the ledger held when it was made."""
        with self.writes() as connection:
            decide(connection, kind, iteration, data, seconds)

    def decisions(self, kind: str) -> dict[int, tuple[Any, float]]:
        """`{iteration: (data, seconds)}` of all decisions of a kind, in order."""
        table = schema.decisions
        with self.reads() as connection:
            rows = connection.execute(select(table).where(table.c.kind == kind).order_by(table.c.iteration)).all()
        return {row.iteration: (row.data, row.seconds) for row in rows}

    def iterations(self) -> list[Iteration]:
        """Every finished iteration, from the `mixtures` decisions."""
        return [written.iteration(number, *one, self.where) for number, one in self.decisions("mixtures").items()]

    def measured(self) -> dict[str, About]:
        """What people read of every measure that was taken, by name; those of the newest iteration first."""
        return written.measured([data for data, _ in self.decisions("mixtures").values()], self.where)

    def conclude(
        self, iteration: Iteration, abouts: Mapping[str, About], known: Mapping[str, About]
    ) -> dict[str, About]:
        """Write a finished iteration down, with what is to be read of its measures where that is not `known` yet.

        Gives what was not.
        """
        new = {name: abouts[name] for name in iteration.measures if known.get(name) != abouts[name]}
        self.decide("mixtures", iteration.number, written.plain(iteration, abouts, new), iteration.seconds)
        return new

    def digest(self) -> str:
        """A SHA-256 over everything but times: equal for equal histories, however often they were interrupted."""
        result = hashlib.sha256()
        with self.engine.connect() as connection:
            for table in schema.metadata.sorted_tables:
                if table.name in _PASSING:
                    continue
                columns = [column for column in table.c if column.name not in _CHANCE.get(table.name, _TIMES)]
                order = [table.c.pairing] if table is schema.matches else list(table.primary_key.columns) or columns
                for row in connection.execute(select(*columns).order_by(*order)):
                    result.update(canonical([table.name, *row]).encode())
        return result.hexdigest()

    def writes(self, durable: bool = True) -> AbstractContextManager[Connection]:
        """A transaction that will write: all of it or nothing. Raises RunError where the database refuses.

        `durable`: whether the disk is waited for. Not for what is decided again in no time, and in the same way.
        """
        return Transaction(self.engine, self.where, durable, self.fence)

    def reads(self) -> AbstractContextManager[Connection]:
        """A connection to read by. Raises RunError that names what cannot be read."""
        return reading(self.engine, self.where)


_TIMES = {"seconds", "submitted"}
_CHANCE = {
    "matches": {"id", "started", "finished"},  # they are played side by side: nobody decides their order
    "decisions": {"id", *_TIMES},  # PostgreSQL leaves numbers out, which nothing follows from
    "operations": {"number", *_TIMES},
}
_PASSING = {"leases"}  # what an interruption may leave behind
_NEWEST = select(*(select(func.max(table.c.id)).scalar_subquery() for table in (schema.players, schema.payoffs)))


def decide(connection: Connection, kind: str, iteration: int, data: Any, seconds: float) -> None:
    """`Ledger.decide` as a part of a larger transaction."""
    player, payoff = connection.execute(_NEWEST).one()
    row = {"kind": kind, "iteration": iteration, "saw_player": player or 0, "saw_payoff": payoff or 0}
    connection.execute(insert(schema.decisions), {**row, "data": data, "seconds": seconds})


def insert_player(connection: Connection, player: Player, job: str | None) -> int:
    """`Ledger.add_player` as a part of a larger transaction."""
    (row,) = _numbered(connection, schema.players, [{**_player_row(player), "job": job}])
    done = connection.execute(insert(schema.players), row)
    key: Sequence[Any] = done.inserted_primary_key or (0,)
    return int(key[0])


def _numbered(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the next ids, without gaps, since seeds follow from them.

    SQLite counts so by itself; PostgreSQL loses the numbers of what was broken off.
    """
    if connection.dialect.name == "sqlite":
        return rows
    last = connection.execute(select(func.max(table.c.id))).scalar() or 0
    return [{**row, "id": id} for id, row in enumerate(rows, last + 1)]


def _ids(pairing: str) -> tuple[int, ...]:
    return tuple(int(part) for part in pairing.split(","))


def _player_row(player: Player) -> dict[str, Any]:
    return {
        "name": player.name,
        "sides": list(player.sides),
        "snapshot": player.snapshot,
        "born": player.born,
        "role": player.role,
        "opponents": list(player.opponents),
        "lineage": player.lineage,
        "parent": player.parent,
        "retired": player.retired,
    }


def _player(row: Any, sides: tuple[int, ...]) -> Player:
    return Player(
        row.name, sides, row.snapshot, row.born, row.role, tuple(row.opponents), row.checkpoint, row.lineage,
        row.parent, row.retired,
    )  # fmt: skip
