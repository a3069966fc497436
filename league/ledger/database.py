"""A ledger's database: how it is opened, where it is, and transactions whose errors are sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError

from marl.errors import RunError, UserError
from marl.mask import MASK, mask


def engine(url: str) -> Engine:
    """An engine for an address, with SQLite tuned. Raises UserError where it cannot be used."""
    try:
        made = create_engine(url)
    except (ArgumentError, ValueError, ModuleNotFoundError) as error:
        raise UserError(f"the ledger's address cannot be used: {_why(error)}") from None
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _tune_sqlite)
        event.listen(made, "begin", _begin_sqlite)
    return made


def _why(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"it needs the Python package {error.name!r}: pip install 'marl-league[postgres]'"
    what = "it is not a URL" if isinstance(error, ArgumentError) else "its port is not a number"
    return f"{what}; a URL is like sqlite:///ledger.db or postgresql+psycopg://user@host/database"


def where(url: URL) -> str:
    """The place of a ledger, as it may be shown. Raises UserError for an address that was surely read wrongly."""
    if url.drivername.startswith("sqlite"):
        return url.database or "the ledger in memory"
    if "@" in f"{url.host}{url.database}":
        raise UserError(
            "the ledger's address has an @, : or / in its password: write them as %40, %3A and %2F, since they "
            "separate the parts of an address"
        )
    return mask(url.render_as_string(hide_password=True))


def said(engine: Engine, error: DatabaseError) -> str:
    """What the database has against it, without the password, which some drivers repeat."""
    password = engine.url.password
    return str(error.orig).replace(str(password), MASK) if password else str(error.orig)


class Transaction:
    """`engine.begin()` whose database errors are sentences.

    `durable`: whether it is on the disk once it is committed, or at the latest with the next one that is. SQLite's log
    is in order: where the power fails, the ledger is as it was before the first commit that is lost. `fence` raises
    where this process may not write; nothing is written then.
    """

    def __init__(
        self,
        engine: Engine,
        where: str,
        durable: bool = True,
        fence: Callable[[Connection], None] | None = None,
    ) -> None:
        self.engine, self.where, self.fence = engine, where, fence
        self.context = engine.execution_options(writes=True, synchronous="FULL" if durable else "NORMAL").begin()

    def __enter__(self) -> Connection:
        connection = self.context.__enter__()
        try:
            if self.fence is not None:
                self.fence(connection)
        except BaseException as error:
            self.context.__exit__(type(error), error, error.__traceback__)
            raise
        return connection

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self.context.__exit__(kind, error, trace)
        except DatabaseError as failure:
            error = failure
        if isinstance(error, DatabaseError):
            raise RunError(f"the ledger {self.where} could not be written: {said(self.engine, error)}") from error


def _tune_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver would commit before every CREATE TABLE; we begin by ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Whoever will write says so at once: two who first read and then write would refuse each other."""
    options = connection.get_execution_options()
    if options.get("writes"):  # outside of a transaction, where alone it can be said
        connection.exec_driver_sql(f"PRAGMA synchronous={options.get('synchronous', 'FULL')}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
