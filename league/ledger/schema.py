"""The ledger's tables, and the migrations that bring an older one up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    inspect,
    select,
    update,
)

from marl.errors import UserError

VERSION = 7

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

players = Table(
    "players",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("sides", JSON, nullable=False),  # those that it can play
    Column("snapshot", String, nullable=False),
    Column("born", Integer, nullable=False),
    Column("role", String, nullable=False),
    Column("opponents", JSON, nullable=False),  # against whose mixture it was trained, by name
    Column("job", String),
    Column("lineage", String, nullable=False),
    Column("parent", String, nullable=False),  # whose training its own went on from, by name, or ""
    Column("retired", Integer),  # the iteration in which it left, if it did
)

# What is to be learned, and what came of it. Those that no order names are of ledgers before there were orders.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String, primary_key=True),
    Column("iteration", Integer, nullable=False),  # for which it was asked
    Column("spec", JSON, nullable=False),
    Column("snapshot", String, nullable=False),  # "" until it is done
    Column("checkpoint", String),
    Column("metrics", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
)

# What the strategy asked for, in its order. `worker`, `begun`, `due`: by the logical clock, once it is begun there.
orders = Table(
    "orders",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("job", String, nullable=False),
    Column("lineage", String, nullable=False),
    Column("role", String, nullable=False),
    Column("keep", String, nullable=False),  # always, new, never
    Column("asked", Integer, nullable=False),  # after which iteration
    Column("worker", Integer),
    Column("begun", Float),
    Column("due", Float),
    Column("taken", Integer),  # in which iteration
    Column("place", Integer, unique=True),  # among all that were taken
)

# Sums of the matches of one pairing with consecutive seeds; `count` is -1 where the mean is exact.
payoffs = Table(
    "payoffs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pairing", String, nullable=False),  # player ids, one per side: "3,17"
    Column("first_seed", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("mean", JSON, nullable=False),  # one number per side
    Column("m2", JSON, nullable=False),  # sums of squared deviations from the mean, one per side
    UniqueConstraint("pairing", "first_seed"),
)

# What was decided, and what the ledger held when it was: the highest player and payoff ids it saw.
decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("iteration", Integer, nullable=False),
    Column("saw_player", Integer, nullable=False),
    Column("saw_payoff", Integer, nullable=False),
    Column("data", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
    UniqueConstraint("kind", "iteration"),
)

# What somebody asked of a league, which may be running, and what became of it; see `league.ledger.operations`.
operations = Table(
    "operations",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # add, retire, set
    Column("data", JSON, nullable=False),
    Column("iteration", Integer),  # in which it took effect, or was refused; NULL while it waits
    Column("refused", String, nullable=False),  # why it took no effect, or ""
    Column("submitted", Float, nullable=False),  # seconds since 1970
)

# Who takes part in a tournament; a newer version of a bot is a row of its own.
bots = Table(
    "bots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False),  # bot, snapshot, policy, person
    Column("author", String, nullable=False),
    Column("content", String, nullable=False),  # hash of its files, id of its snapshot, name of its policy
    Column("folder", String, nullable=False),  # below the event's bots/, or ""
    Column("submitted", Float, nullable=False),
    UniqueConstraint("name", "version"),
)

# The finished matches of a tournament. A pairing is counted once, whoever played it.
matches = Table(
    "matches",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pairing", String, nullable=False, unique=True),
    Column("round", Integer, nullable=False),
    Column("players", JSON, nullable=False),  # names in seat order
    Column("bots", JSON, nullable=False),  # their rows in the table bots
    Column("seed_index", Integer, nullable=False),
    Column("seed", String, nullable=False),  # 64 bits without a sign do not fit a BIGINT
    Column("scores", JSON, nullable=False),  # one number per seat; none where the match is void
    Column("returns", JSON, nullable=False),  # one number per seat, as the game counts
    Column("verdicts", JSON, nullable=False),  # one word per seat
    Column("details", JSON, nullable=False),  # one sentence per seat, or ""
    Column("plies", Integer, nullable=False),
    Column("replay", String, nullable=False),  # below the event's replays/
    Column("replay_hash", String, nullable=False),
    Column("host_error", String, nullable=False),  # what the host failed at, or ""
    Column("attributed_to", JSON, nullable=False),  # the players who were to act when it did
    Column("started", Float, nullable=False),
    Column("finished", Float, nullable=False),
)

# Who works on an item just now: a pairing of a tournament, an order of a league. The token grows with every taker,
# so that a late result of an earlier one is refused.
leases = Table(
    "leases",
    metadata,
    Column("item", String, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("owner", String, nullable=False),
    Column("expires", Float, nullable=False),  # by the database's clock; infinitely late once it is finished
)


def _add_tournaments(connection: Connection) -> None:
    metadata.create_all(connection, [bots, matches, leases])


def _name_measures(connection: Connection) -> None:
    """NashConv was the only measure, and a number of its own in the decision of every iteration."""
    about: dict[str, Any] = {"title": "NashConv", "better": "less", "log": True, "least": 0.0}
    about["note"] = "It sums what each side could still gain by a best response to the others; 0 is a Nash equilibrium."
    about["per_side"] = "Exploitability"
    chosen = select(decisions.c.id, decisions.c.data).where(decisions.c.kind == "mixtures").order_by(decisions.c.id)
    for id, data in connection.execute(chosen).all():
        if not isinstance(data, dict) or "measures" in data:
            continue
        was = data.pop("nash_conv", None)
        data["measures"] = {} if was is None else {"nash_conv": {"value": was, "low": was, "high": was}}
        if was is not None and about:
            data["about"], about = {"nash_conv": about}, {}
        connection.execute(update(decisions).where(decisions.c.id == id).values(data=data))


def _give_players_sides(connection: Connection) -> None:
    """Every player was of one side."""
    if "side" not in _columns(connection, "players"):
        return
    connection.exec_driver_sql("ALTER TABLE players ADD COLUMN sides JSON")
    for id, side in connection.exec_driver_sql("SELECT id, side FROM players").all():
        connection.execute(update(players).where(players.c.id == id).values(sides=[side]))
    connection.exec_driver_sql("ALTER TABLE players DROP COLUMN side")


def _add_orders(connection: Connection) -> None:
    """Jobs came in rounds, and were not written down before they were done.

    Whoever joined in a round that was broken off joins again by its order; what was learned and played stays.
    """
    if "pairing" in _columns(connection, "leases"):
        connection.exec_driver_sql("ALTER TABLE leases RENAME COLUMN pairing TO item")
    if "lineage" not in _columns(connection, "players"):
        connection.exec_driver_sql("ALTER TABLE players ADD COLUMN lineage VARCHAR NOT NULL DEFAULT ''")
    metadata.create_all(connection, [orders])
    last = select(func.max(decisions.c.iteration)).where(decisions.c.kind == "mixtures")
    over = connection.execute(last).scalar() or 0  # founders are never asked for again
    undecided = select(players.c.id).where(players.c.born > over)
    lost = {str(id) for id in connection.execute(undecided).scalars()}
    for id, pairing in connection.execute(select(payoffs.c.id, payoffs.c.pairing)).all() if lost else ():
        if not lost.isdisjoint(pairing.split(",")):
            connection.execute(delete(payoffs).where(payoffs.c.id == id))
    connection.execute(delete(players).where(players.c.id.in_(map(int, lost))))


def _tell_parents_from_opponents(connection: Connection) -> None:
    """`parents` were the opponents, and before them the player that training went on from, where there was one."""
    if "parents" not in _columns(connection, "players"):
        return
    connection.exec_driver_sql("ALTER TABLE players RENAME COLUMN parents TO opponents")
    connection.exec_driver_sql("ALTER TABLE players ADD COLUMN parent VARCHAR NOT NULL DEFAULT ''")
    with_jobs = select(players.c.id, players.c.name, players.c.opponents, jobs.c.spec, jobs.c.checkpoint)
    rows = connection.execute(with_jobs.join(jobs, players.c.job == jobs.c.id)).all()
    left_behind = {row.name: row.checkpoint for row in rows}
    for row in rows:
        before = row.spec.get("parent") if isinstance(row.spec, dict) else None
        if before and row.opponents and left_behind.get(row.opponents[0]) == before:
            first, *others = row.opponents
            connection.execute(update(players).where(players.c.id == row.id).values(parent=first, opponents=others))


def _add_operations(connection: Connection) -> None:
    if "retired" not in _columns(connection, "players"):
        connection.exec_driver_sql("ALTER TABLE players ADD COLUMN retired INTEGER")
    metadata.create_all(connection, [operations])


def _columns(connection: Connection, table: str) -> set[str]:
    return {column["name"] for column in inspect(connection).get_columns(table)}


# version -> what brings a ledger of that version to the next
MIGRATIONS: dict[int, Callable[[Connection], None]] = {
    1: _add_tournaments,
    2: _name_measures,
    3: _give_players_sides,
    4: _add_orders,
    5: _tell_parents_from_opponents,
    6: _add_operations,
}


def is_current(connection: Connection) -> bool:
    """Whether a database is a ledger of this version, so that nothing need be written to use it."""
    if not inspect(connection).has_table("schema_version"):
        return False
    return connection.execute(select(func.max(schema_version.c.version))).scalar_one_or_none() == VERSION


def prepare(connection: Connection, where: str) -> None:
    """Create the tables in an empty database, or migrate an older ledger.

    Raises UserError for a ledger of a newer version, and for a database that is something else.
    """
    tables = set(inspect(connection).get_table_names())
    if not tables:
        metadata.create_all(connection)
        connection.execute(insert(schema_version).values(version=VERSION))
        return
    if "schema_version" not in tables:
        raise UserError(
            f"{where} is a database, but not a ledger of marl: it has the tables {', '.join(sorted(tables))}"
        )
    found = connection.execute(select(func.max(schema_version.c.version))).scalar_one_or_none()
    if found is None or found > VERSION:
        raise UserError(
            f"{where} is a ledger of version {found}, and this marl reads up to version {VERSION}: "
            "install the marl that wrote it, or a newer one"
        )
    while found < VERSION:
        if found not in MIGRATIONS:
            raise UserError(f"{where} is a ledger of version {found}, from which there is no way to version {VERSION}")
        MIGRATIONS[found](connection)
        found += 1
        connection.execute(update(schema_version).values(version=found))
