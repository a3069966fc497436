"""The event directory: everything that a tournament is.

scenario.yaml  the resolved scenario            ledger.db    who takes part, and what was played
bots/          a folder for each version        blobs/       league snapshots that take part
replays/       a file for each match            logs/        what bots wrote on their standard error
secret         what seeds follow from (0600)    commitment   its SHA-256, to be published beforehand
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from league.hookspecs import SCHEDULES
from league.ledger import BotRow, TournamentLedger
from league.ledger.tournament import ROSTER
from league.referee.fairness import match_seed, reveal
from league.schedules import Result
from league.schedules.guard import Guarded
from league.tournament import secret
from league.tournament.changes import members, presence
from league.tournament.config import TournamentConfig
from marl import rng
from marl.blobs import Blobs, write_atomically
from marl.drawer import Drawer
from marl.drawers.drawn import Drawn
from marl.env import Environment, EnvSpec
from marl.errors import RunError, UserError, suggestion
from marl.registry import ENVIRONMENTS, Registry
from marl.run.directory import locked
from marl.scenario import FILE, Scenario, load_scenario, lock, write

FOLDERS = ("bots", "replays", "logs", "blobs")
ENDED = "ended"  # a decision in the ledger


@dataclass
class Event:
    """An opened event directory. `close` it, or use `opened`."""

    path: Path
    scenario: Scenario
    registry: Registry
    ledger: TournamentLedger

    @property
    def config(self) -> TournamentConfig:
        """The scenario's configuration."""
        return cast(TournamentConfig, self.scenario.config)

    @property
    def is_shared(self) -> bool:
        """Whether several hosts may work on it at once."""
        return self.config.ledger is not None

    @cached_property
    def environment(self) -> Environment:
        """The game, with one lane."""
        made = self.registry.make(ENVIRONMENTS, self.config.env.name, self.config.env.params, lanes=1)
        return made

    def drawer(self) -> Drawer:
        """Who draws its matches: as its scenario says, or the game itself."""
        named = self.config.drawer
        return Drawn(named, self.environment, self.registry) if named else self.environment

    @property
    def spec(self) -> EnvSpec:
        """The environment's."""
        return self.environment.spec

    @cached_property
    def blobs(self) -> Blobs:
        """The snapshots that take part."""
        return Blobs(self.path / "blobs")

    @cached_property
    def secret(self) -> bytes:
        """What the seeds of all matches follow from; told when the event is over."""
        return secret.read(self.path)

    @property
    def commitment(self) -> str:
        """What was published of the secret."""
        return (self.path / "commitment").read_text().strip()

    def seed(self, seed_index: int, pairing: str, secret: bytes | None = None) -> int:
        """The seed of a match; by another secret than the event's own, for checks."""
        name = str(seed_index) if self.config.deals == "shared" else f"match {pairing}"
        return match_seed(secret or self.secret, name)

    def opening(self, seed_index: int) -> int:
        """The seed of the openings of the matches with this number, which everybody sees."""
        return match_seed(self.secret, f"opening {seed_index}")

    # who takes part

    def roster(self) -> list[BotRow]:
        """Who takes part: the versions that the event began with, in seed order, and who came later."""
        return members(self.ledger)

    @property
    def has_begun(self) -> bool:
        """Whether the roster is closed."""
        return bool(self.ledger.decisions(ROSTER))

    @property
    def has_ended(self) -> bool:
        """Whether every match was played; the secret is public then."""
        return bool(self.ledger.decisions(ENDED))

    def begin(self) -> None:
        """Close the roster. Raises UserError where too few take part."""
        if self.has_begun:
            return
        bots = seeded(self.roster(), self.config)
        schedule = self.schedule([bot.name for bot in bots])
        schedule.next([])  # one that cannot even begin is found out while the roster is open
        schedule.standing([])
        self._decide_once(ROSTER, {"bots": [bot.id for bot in bots], "commitment": self.commitment})

    def end(self) -> None:
        """Every match was played: reveal the secret."""
        if not self.has_ended:
            self._decide_once(ENDED, {"secret": reveal(self.secret)})

    def _decide_once(self, kind: str, data: dict[str, Any]) -> None:
        try:
            self.ledger.decide(kind, 0, data, 0.0)
        except RunError:
            if not self.ledger.decisions(kind):  # else another host was quicker, and decided the same
                raise

    def revealed(self) -> str:
        """The secret in hexadecimal, once the event has ended; "" before."""
        ended = self.ledger.decisions(ENDED)
        return str(ended[0][0]["secret"]) if ended else ""

    # what is to be played

    @property
    def takes_changes(self) -> bool:
        """Whether the schedule can go on with players who come late, and without those who leave."""
        descriptor = self.registry.find(SCHEDULES, self.config.schedule.name)
        return bool(getattr(self.registry.load(descriptor), "takes_changes", False))

    def schedule(self, players: list[str] | None = None, late: Mapping[str, tuple[int, int]] | None = None) -> Guarded:
        """The event's schedule, held to its promises, as it would be with other `players`, of whom some are `late`.

        Raises UserError where it cannot be made of these players.
        """
        names = [bot.name for bot in self.roster()] if players is None else players
        chosen = self.config.schedule
        extra: dict[str, Any] = {"sides": len(self.spec.sides), "seed": self.config.seed}
        if self.takes_changes and (there := {**presence(self.ledger), **(late or {})}):
            extra["presence"] = there
        made = self.registry.make(SCHEDULES, chosen.name, chosen.params, players=names, **extra)
        if self.config.scoring.by == "return" and getattr(made, "wins_only", False):
            raise UserError(
                f"{chosen.name} counts wins and draws, and scoring.by is return: rank or win would be right"
            )
        return Guarded(made, self.registry.describe(SCHEDULES, chosen.name), names, len(self.spec.sides))

    def results(self) -> list[Result]:
        """What the schedule is told of the finished matches, in the order in which they finished."""
        matches = self.ledger.matches()
        return [Result(match.pairing, match.players, match.scores, match.void, match.round) for match in matches]

    def close(self) -> None:
        """Let go of the database."""
        self.ledger.close()


def seeded(bots: Sequence[BotRow], config: TournamentConfig) -> list[BotRow]:
    """Who takes part in the order of their seeding, best first. Raises UserError for seeds who do not take part."""
    names = [bot.name for bot in bots]
    for name in config.seeds:
        if name not in names:
            raise UserError(f"seeds: {name!r} does not take part{suggestion(name, names)}")
    luck = rng.uniform(rng.mix(config.seed, range(len(bots)))) if config.seeding == "random" else range(len(bots))
    place = {bot.name: (len(config.seeds), float(chance)) for bot, chance in zip(bots, luck, strict=True)}
    place |= {name: (number, 0.0) for number, name in enumerate(config.seeds)}
    return sorted(bots, key=lambda bot: place[bot.name])


def create(path: Path, scenario: Scenario, registry: Registry) -> Event:
    """Make a new event directory. Raises UserError where there is one already, or the scenario cannot be played.

    One that was killed half-way is completed.
    """
    if (path / FILE).exists():
        raise UserError(f"{path} already holds an event; choose another directory")
    if path.exists() and (others := sorted(child.name for child in path.iterdir() if not _ours(child.name))):
        raise UserError(f"{path} is not empty: it holds {', '.join(others[:3])}; choose another directory")
    config = cast(TournamentConfig, scenario.config)
    environment = registry.make(ENVIRONMENTS, config.env.name, config.env.params, lanes=1)
    spec = environment.spec
    if (sides := len(spec.sides)) < 2:
        raise UserError(f"{config.env.name} has {sides} side, and a tournament needs a game of two sides or more")
    config.scoring.check(spec, config.env.name)
    if config.drawer and (problem := Drawn(config.drawer, environment, registry).problem):
        raise UserError(f"drawer: the matches of {config.env.name} are {problem}")
    new = not path.exists()
    try:
        return _make(path, scenario, registry)
    except BaseException:
        discard(path, folder=new)
        raise


def _make(path: Path, scenario: Scenario, registry: Registry) -> Event:
    for folder in FOLDERS:
        (path / folder).mkdir(parents=True, exist_ok=True)
    ledger = _ledger(path, scenario.config)
    if scenario.config.ledger and ledger.every_bot():
        ledger.close()
        raise UserError(f"the ledger {ledger.where!r} holds an event already; each has a database of its own")
    write_atomically(path / "commitment", (secret.draw(path) + "\n").encode())
    write(scenario, registry, path)
    return Event(path, scenario, registry, ledger)


def discard(path: Path, folder: bool) -> None:
    """Remove what was made of an event that came to nothing; with `folder`, the directory itself too."""
    for child in path.iterdir() if path.exists() else ():
        if child.name in FOLDERS:
            shutil.rmtree(child)
        elif child.name == FILE or (_ours(child.name) and child.name != "lock"):
            child.unlink()
    if folder and path.exists():
        (path / "lock").unlink(missing_ok=True)
        path.rmdir()


def _ours(name: str) -> bool:
    return name in (*FOLDERS, "lock", lock.FILE, "commitment", secret.FILE) or name.startswith("ledger.db")


def open_event(path: Path, registry: Registry, *, writes: bool = True) -> Event:
    """Open an event directory; without `writes` only to be read. Raises UserError where there is none."""
    if not (path / FILE).is_file():
        raise UserError(f"{path} is not an event: it has no {FILE}; make one with `marl tournament create {path} ...`")
    scenario = load_scenario(path / FILE, [], registry)
    if scenario.kind != "tournament":
        raise UserError(f"{path} is not an event, but a run of kind {scenario.kind!r}")
    return Event(path, scenario, registry, _ledger(path, scenario.config, writes))


@contextmanager
def opened(path: Path, registry: Registry, *, writes: bool = False) -> Iterator[Event]:
    """An event, closed afterwards. With `writes`, nobody else may write to it meanwhile, unless its ledger is shared.

    Raises UserError where there is none, or somebody else is writing.
    """
    event = open_event(path, registry, writes=writes)
    try:
        with locked(path) if writes and not event.is_shared else nullcontext():
            yield event
    finally:
        event.close()


def _ledger(path: Path, config: TournamentConfig, writes: bool = True) -> TournamentLedger:
    if config.ledger:
        return TournamentLedger(config.ledger)
    return TournamentLedger.at(path) if writes else TournamentLedger.reading(path)
