"""Checking a bot before it is submitted: everything that would go wrong, in sentences, with a transcript."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from league.referee import memory
from league.referee.bot import FILE, Bot, command_problem, player, read_bot
from league.referee.clocks import Clocks
from league.referee.live import Match
from league.referee.pipe import Pipe
from league.referee.policy import scripted
from league.referee.process import BotPlayer
from league.referee.record import MatchRecord
from league.referee.referee import Referee
from league.referee.seat import Player, Seat, Table
from league.referee.verdict import Verdict
from league.sandbox import Limits, Sandbox
from league.sandbox.archive import build, unpack
from marl.errors import RunError, UserError
from marl.printable import printable
from marl.registry import ENVIRONMENTS, Registry

Level = Literal["ok", "note", "problem"]
_ANY = ("classic/connect_four", "classic/kuhn_poker", "classic/rock_paper_scissors")  # what a bot for "*" is tried on
_BUILD_SECONDS = 300.0
_EOF_SECONDS = 1.0
_FIXES = {
    Verdict.NO_START: 'answer "hello" with {"type":"ready"} on a line of its own, flush standard output, and put off '
    "slow imports and large files until you need them",
    Verdict.TIMEOUT: 'flush standard output after every line, and think for as long as "clock" allows',
    Verdict.ILLEGAL_MOVE: 'choose only from "legal" (a list for each choice where there are several)',
    Verdict.PROTOCOL_ERROR: 'write nothing but answers on standard output, copy the "id" of the request, and print '
    "what you want to know to standard error",
    Verdict.FLOOD: "write one short line for each request, and nothing else, on standard output",
    Verdict.CRASH: "read its standard error above; run it by hand with the lines of the transcript",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: a sentence, and how to repair it."""

    level: Level
    text: str
    fix: str = ""

    def __str__(self) -> str:
        sign = {"ok": "ok      ", "note": "note    ", "problem": "PROBLEM "}[self.level]
        return printable(f"{sign}{self.text}" + (f"\n        fix: {self.fix}" if self.fix else ""), lines=True)


@dataclass
class CheckReport:
    """What `check` found. `transcript` has every line of every match that was tried, for people."""

    findings: list[Finding] = field(default_factory=list)
    transcript: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing would go wrong."""
        return all(finding.level != "problem" for finding in self.findings)

    def text(self) -> str:
        """All findings, a paragraph each."""
        return "\n".join(map(str, self.findings))

    def add(self, level: Level, text: str, fix: str = "") -> None:
        """One more finding."""
        self.findings.append(Finding(level, text, fix))


def check(
    what: Path,
    registry: Registry,
    sandbox: Sandbox,
    game: str | None = None,
    clocks: Clocks = Clocks(),  # noqa: B008
    limits: Limits = Limits(),  # noqa: B008
) -> CheckReport:
    """Try the bot in a folder (or archive) as a host would, on every game it declares or on `game`, on every side.

    The opponents play at random. Its files are copied and built in the sandbox first; nothing in `what` is changed.
    """
    report = CheckReport()
    with tempfile.TemporaryDirectory(prefix="marl-check-") as place:
        try:
            folder, bot = _prepare(what, Path(place), registry, sandbox, report)
            games = _games(bot, game, registry, report)
        except (UserError, RunError) as error:
            report.add("problem", str(error))
            return report
        trial = _Trial(folder, bot, registry, sandbox, clocks, limits, Path(place, "logs"), report)
        for name in games:
            trial.game(name)
            if not report.ok:
                break
        else:
            trial.headroom()
            trial.end_of_input(games[0])
    return report


def _prepare(what: Path, place: Path, registry: Registry, sandbox: Sandbox, report: CheckReport) -> tuple[Path, Bot]:
    """The built bot in a folder of its own. Raises UserError."""
    folder = what
    if what.is_file():
        folder = place / "unpacked"
        unpack(what, folder, sandbox)
        inside = list(folder.iterdir())
        if not (folder / FILE).exists() and len(inside) == 1 and inside[0].is_dir():
            folder = inside[0]
    bot = read_bot(folder, registry)
    report.add("ok", f"{FILE}: {bot.name}, started by `{printable(' '.join(bot.command))}`")
    (place / "logs").mkdir()
    ready, log = place / "ready", place / "logs" / "build.log"
    command = bot.build or ["true"]
    try:
        build(
            folder, command, ready, sandbox, Limits(2048, 256, int(_BUILD_SECONDS), files_mb=256), _BUILD_SECONDS, log
        )
    except UserError as error:
        raise UserError(f"`{printable(' '.join(command))}` does not build it: {error}{tail(log)}") from None
    if bot.build:
        report.add("ok", f"`{printable(' '.join(bot.build))}` builds it")
    if problem := command_problem(bot, ready):
        raise UserError(problem)
    return ready, bot


def _games(bot: Bot, game: str | None, registry: Registry, report: CheckReport) -> tuple[str, ...]:
    """The environments to try. Raises UserError where a name is unknown, or none is left."""
    if game is not None:
        wanted = registry.find(ENVIRONMENTS, game).full_name
        declared = bot.plays(registry)
        if declared != ("*",) and wanted not in declared:
            raise UserError(f"{bot.name} does not play {wanted}; add it to 'games' in {FILE}: {', '.join(declared)}")
        return (wanted,)
    names = bot.plays(registry)
    if names == ("*",):
        here = {found.full_name for found in registry.all(ENVIRONMENTS)}
        names = tuple(name for name in _ANY if name in here)
        if not names:
            raise UserError('it plays "*", every game: say on which one to check it')
        report.add("note", f'it plays "*", every game: tried on {", ".join(names)}')
    return names


class _Trial:
    """A bot being tried."""

    def __init__(
        self, folder: Path, bot: Bot, registry: Registry, sandbox: Sandbox, clocks: Clocks, limits: Limits, logs: Path,
        report: CheckReport,
    ) -> None:  # fmt: skip
        self.bot, self.registry, self.clocks, self.limits, self.report = bot, registry, clocks, limits, report
        self.logs = logs
        self.player = _Measured(player(folder, registry, sandbox, limits))
        self.records: list[tuple[MatchRecord, int]] = []

    def game(self, name: str) -> None:
        """One whole match on every side."""
        try:
            environment = self.registry.make(ENVIRONMENTS, name, lanes=1)
        except (UserError, RunError) as error:
            self.report.add("problem", f"{name}: {error}")
            return
        referee = Referee(environment, name, clocks=self.clocks)
        try:
            for side in range(len(environment.spec.sides)):
                self._match(referee, name, side)
                if not self.report.ok:
                    return
        finally:
            referee.close()

    def _match(self, referee: Referee, name: str, side: int) -> None:
        other = scripted(self.registry, referee.spec, "marl/random")
        players: list[Player] = [other] * len(referee.spec.sides)
        players[side] = self.player
        id = f"{name}-{side}"
        (record,) = referee.play([Match(id, players, seed=side + 1, log=self.logs)])
        self.records.append((record, side))
        self.report.transcript += f"== {name}, side {side}\n{record.transcript.text()}"
        log = self.logs / f"{id.replace('/', '-')}-{side}.log"
        where = f"{name}, side {side}"
        verdict, spent = record.verdicts[side], record.spent[side]
        if record.host_error is not None:
            self.report.add("problem", f"{where}: the host failed, not the bot: {printable(record.host_error.text)}")
        elif verdict.is_fault:
            self.report.add(
                "problem", f"{where}: {verdict}: {printable(record.reasons[side])}{tail(log)}", advice(record, side)
            )
        else:
            self.report.add("ok", f"{where}: {verdict} after {spent.moves} moves, the slowest {spent.worst:.3f} s")
            if self.player.left:
                text = f"{where}: it wrote {self.player.left} more bytes than it was asked for"
                self.report.add(
                    "note", text, "answer each request once; anything else is a protocol error sooner or later"
                )

    def headroom(self) -> None:
        """How close it came to the limits."""
        spent = [record.spent[side] for record, side in self.records]
        start, worst = max(each.start for each in spent), max(each.worst for each in spent)
        allowed = self.clocks.move + self.clocks.bank
        self._room("to get ready", start, self.clocks.start, "s", "an event's machine may be half as fast, or busy")
        self._room("for its slowest move", worst, allowed, "s", 'think for a fraction of "clock", not for all of it')
        if self.player.peak:
            hint = "an event may allow less memory"
            self._room("of memory", self.player.peak / (1 << 20), float(self.limits.memory_mb), "MiB", hint)

    def _room(self, what: str, used: float, allowed: float, unit: str, hint: str) -> None:
        digits = 3 if unit == "s" else 0
        text = f"{used:.{digits}f} {unit} {what}, of {allowed:g} {unit}"
        self.report.add(*(("note", text, hint) if used > allowed / 2 else ("ok", text)))

    def end_of_input(self, name: str) -> None:
        """Whether it ends when the host closes its input."""
        if self.bot.protocol != "json":
            return
        pipe = Pipe(self.player.inner.start(self.logs / "end.log"))
        try:
            ended = _ends(pipe)
        finally:
            pipe.child.kill()
        if ended:
            self.report.add("ok", "it ends when its input ends")
        else:
            text = f"it is still running {_EOF_SECONDS:g} s after its input ended; hosts kill it then"
            self.report.add("note", text, "leave the loop when reading standard input gives nothing more")


class _Measured:
    """A player that notes how much memory its process took, and what it left unread."""

    def __init__(self, inner: BotPlayer) -> None:
        self.inner, self.name = inner, inner.name
        self.peak = self.left = 0
        inner.leaving = self._leaving

    def sit(self, table: Table) -> Seat:
        return self.inner.sit(table)

    def close(self) -> None:
        self.inner.close()

    def _leaving(self, pipe: Pipe) -> None:
        self.peak = max(self.peak, memory.peak(pipe.child.pid))
        self.left = pipe.unread


def _ends(pipe: Pipe) -> bool:
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, pipe.child.stdin)  # closes the pipe, and leaves a descriptor for `kill` to close
    finally:
        os.close(nothing)
    until = time.monotonic() + _EOF_SECONDS
    while pipe.child.exit is None and time.monotonic() < until:
        time.sleep(0.01)
    return pipe.child.exit is not None


def advice(record: MatchRecord, side: int) -> str:
    """What would repair the fault of a side."""
    if "exit code 127" in record.reasons[side]:
        return "its command does not exist inside the sandbox: use a program of the system, or bring it in the folder"
    if "out of memory" in record.reasons[side]:
        return "use less memory"
    return _FIXES[record.verdicts[side]]


def tail(log: Path, lines: int = 12) -> str:
    """The end of what a bot wrote to its standard error, indented."""
    try:
        text = log.read_bytes()[-4096:].decode("utf-8", "replace").strip()
    except OSError:
        return ""
    return "".join(f"\n        | {printable(line)}" for line in text.split("\n")[-lines:])
