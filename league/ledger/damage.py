"""A ledger that cannot be read, perhaps since somebody edited it: which value of which row, in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import JSON, Connection, Engine, String, select, type_coerce
from sqlalchemy.exc import DatabaseError

from league.ledger import schema
from marl.errors import RunError


def damaged(where: str, fault: str) -> RunError:
    """What to raise about a ledger in which something is missing or wrong."""
    return RunError(f"the ledger {where} is damaged: {fault}; restore a backup of it, or start the run again elsewhere")


@contextmanager
def reading(engine: Engine, where: str) -> Iterator[Connection]:
    """A connection to read by. Raises RunError that names what cannot be read."""
    with engine.connect() as connection:
        try:
            yield connection
        except (ValueError, TypeError) as error:  # a column of JSON that holds none
            raise damaged(where, _broken(engine) or str(error)) from None
        except DatabaseError as error:
            raise damaged(where, str(error.orig)) from None


def _broken(engine: Engine) -> str:
    """The first value that should be JSON and is not."""
    columns = [column for table in schema.metadata.sorted_tables for column in table.c if isinstance(column.type, JSON)]
    with engine.connect() as connection:
        for column in columns:
            (key,) = column.table.primary_key.columns
            for id, text in connection.execute(select(key, type_coerce(column, String))):
                try:
                    json.loads(text)
                except (ValueError, TypeError):
                    return (
                        f"{column.name} of {key.name} {id} in the table {column.table.name} is not JSON: {text!s:.60}"
                    )
    return ""
