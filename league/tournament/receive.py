"""Bots that come as files: copied, unpacked and built inside the sandbox, then kept read-only in the event."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from league.ledger import BotRow
from league.referee.bot import FILE, Bot, command_problem, read_bot
from league.sandbox import Limits, Sandbox
from league.sandbox.archive import build, unpack
from league.tournament.entry import Entry, check_name
from league.tournament.event import Event
from league.tournament.trial import validate
from marl.errors import UserError

NOBODY = "unknown"  # the author of a bot whose bot.yaml names none
SECONDS = 300.0  # for a build
AS_IT_IS = ["true"]  # the build of a bot that needs none: what is left is a checked copy


def receive(event: Event, entry: Entry, sandbox: Sandbox, valid: bool) -> BotRow:
    """Take a folder or an archive in, `valid`: after a validation match.

    Raises UserError that says what is wrong with it, for its author.
    """
    source = Path(entry.what)
    if not source.exists():
        raise UserError(f"there is no {source}; a bot is a folder or an archive with a {FILE} in it")
    with tempfile.TemporaryDirectory(prefix=".incoming-", dir=event.path / "bots") as place:
        folder, bot = _opened(event, source, Path(place), sandbox)
        _check_game(event, bot)
        ready = Path(place, "ready")
        limits = Limits(memory_mb=2048, processes=256, cpu_seconds=int(SECONDS), files_mb=256)
        build(folder, bot.build or AS_IT_IS, ready, sandbox, limits, SECONDS, event.path / "logs" / "build.log")
        if problem := command_problem(bot, ready):
            raise UserError(f"{source}: {problem}")
        name = entry.name or check_name(bot.name.replace(" ", "-"))
        content = tree_hash(ready)
        home = event.path / "bots" / f"{name}-{content[:12]}"
        if not home.exists():
            if valid:
                validate(event, ready, name, sandbox)
            ready.rename(home)
    return BotRow(name, "bot", bot.author or NOBODY, content, home.name)


def _opened(event: Event, source: Path, place: Path, sandbox: Sandbox) -> tuple[Path, Bot]:
    """The folder of a bot, and its bot.yaml."""
    folder = source
    if source.is_file():
        folder = place / "unpacked"
        unpack(source, folder, sandbox)
        inside = list(folder.iterdir())
        if not (folder / FILE).exists() and len(inside) == 1 and inside[0].is_dir():
            folder = inside[0]  # an archive of the folder, not of what is in it
    try:
        return folder, read_bot(folder, event.registry)
    except UserError as error:
        if folder == source:
            raise
        raise UserError(str(error).replace(str(folder), str(source))) from None


def _check_game(event: Event, bot: Bot) -> None:
    games, ours = bot.plays(event.registry), event.config.env.name
    if games != ("*",) and ours not in games:
        raise UserError(f"{bot.name} plays {', '.join(games)}, and this event {ours}: its {FILE} says so under 'games'")


def tree_hash(folder: Path) -> str:
    """The SHA-256 of all files below a folder: names, whether they can be executed, and contents."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        runs = bool(path.stat().st_mode & 0o100)
        digest.update(f"{path.relative_to(folder).as_posix()}\0{runs}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def sweep(event: Event) -> None:
    """Remove what killed submissions and hosts left half-written. Only while nobody else works on the event."""
    for left in (event.path / "bots").glob(".incoming-*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in (event.path / "replays").glob(".*.replay.*"):
        left.unlink(missing_ok=True)
