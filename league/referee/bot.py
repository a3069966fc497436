"""bot.yaml: what a bot is called, how it is started and what it plays."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml  # type: ignore[import-untyped]

from league.referee.process import BotPlayer
from league.referee.uci import Option, UciPlayer, check_options
from league.sandbox import Child, Limits, Sandbox
from marl.errors import UserError
from marl.printable import printable
from marl.registry import ENVIRONMENTS, Registry
from marl.registry.params import ParameterError, fill

FILE = "bot.yaml"
LARGEST = 1 << 16  # bytes of a bot.yaml
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+-]{0,63}")


@dataclass(frozen=True)
class Bot:
    """The keys of a bot.yaml. Raises ValueError for what no key of it may be."""

    name: str
    """What it is called: letters, digits, spaces and . _ + -, at most 64."""
    command: list[str]
    """The program and its arguments, run in the bot's folder."""
    games: list[str]
    """The environments it plays ("classic/connect_four", or "connect_four" while only one plugin has it), or "*"."""
    author: str = ""
    """Who wrote it."""
    version: str = ""
    """Its own version, for people."""
    build: list[str] = field(default_factory=list)
    """A command that makes the bot ready after it was unpacked, run once in the sandbox: `[make]`."""
    protocol: Literal["json", "uci"] = "json"
    """What it speaks: protocol 1 of docs/bots.md, or UCI (chess)."""
    options: dict[str, Option] = field(default_factory=dict)
    """What a UCI engine is told by `setoption` before a game: `{Hash: 64, Skill Level: 5}`; null presses a button."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"the name {self.name!r:.80} must be 1 to 64 letters, digits, spaces or . _ + -")
        if not self.command or not all(self.command):
            raise ValueError("the command must name a program, as in [python3, bot.py]")
        if not self.games:
            raise ValueError('games must name at least one environment, or "*" for all')
        if self.options and self.protocol != "uci":
            raise ValueError("options are set in UCI engines; add protocol: uci, or leave them out")
        check_options(self.options)

    def plays(self, registry: Registry) -> tuple[str, ...]:
        """The full names of the environments it plays; ("*",) for all. Raises UserError with the closest match."""
        if "*" in self.games:
            return ("*",)
        return tuple(registry.find(ENVIRONMENTS, game).full_name for game in self.games)


def read_bot(folder: Path, registry: Registry) -> Bot:
    """The bot in a folder. Raises UserError that says what is wrong with its bot.yaml, and what would be right."""
    path = folder / FILE
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; a bot is a folder with a {FILE} in it")
    if not os.path.lexists(path):
        close = [each.name for each in folder.iterdir() if each.name.lower() in ("bot.yml", "bot.yaml", "bot.json")]
        raise UserError(f"{folder} has no {FILE}" + (f"; rename {close[0]} to {FILE}" if close else f"; {_EXAMPLE}"))
    content = _mapping(path)
    try:
        bot: Bot = fill(Bot, content, "", FILE, registry)
    except ParameterError as error:
        raise UserError(f"{path}: {error}") from None
    return bot


def player(
    folder: Path, registry: Registry, sandbox: Sandbox, limits: Limits | None = None, kept: bool = False
) -> BotPlayer:
    """The bot in a folder as a player in `sandbox`. Raises UserError for a wrong bot.yaml."""
    bot = read_bot(folder, registry)
    bounds = limits or Limits()

    def start(log: Path) -> Child:
        return sandbox.start(bot.command, folder, bounds, log)

    if bot.protocol == "uci":
        return UciPlayer(bot.name, start, kept, bot.options)
    return BotPlayer(bot.name, start, kept)


def command_problem(bot: Bot, folder: Path) -> str:
    """Why the command cannot work in `folder`, with a fix; "" where nothing speaks against it."""
    program = bot.command[0]
    if "/" not in program:
        if shutil.which(program) is None and (folder / program).is_file():
            return f"the program {program!r} is a file of the bot, but not on the PATH: write ./{printable(program)}"
        if shutil.which(program) is None:
            return f"there is no program {program!r} on this machine"
        return _missing_script(bot.command, folder)
    path = folder / program
    if not path.exists():
        return f"there is no file {printable(program)} in the bot's folder" + (
            " yet: is it what `build` makes?" if bot.build else ""
        )
    if path.is_file() and not path.stat().st_mode & 0o111:
        return f"{printable(program)} may not be executed: run `chmod +x {printable(program)}`"
    return ""


def _missing_script(command: Sequence[str], folder: Path) -> str:
    for part in command[1:]:
        if part.endswith((".py", ".js", ".sh", ".rb", ".jar")) and not (folder / part).is_file():
            return f"the command names {printable(part)}, and there is no such file in the bot's folder"
    return ""


def _content(path: Path) -> bytes:
    """What is in a bot.yaml. A stranger's link could lead to a file of the host's, and a pipe or device never end."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        what = "is a link" if path.is_symlink() else f"cannot be read: {error.strerror}"
        raise UserError(f"{path} {what}; it must be a file of its own in the bot's folder") from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise UserError(f"{path} is not a file, but a folder, pipe or device; it must be a file of its own")
        content = os.read(file, LARGEST + 1)
    finally:
        os.close(file)
    if len(content) > LARGEST:
        raise UserError(f"{path} is larger than {LARGEST >> 10} KiB; it should be a few lines")
    return content


def _mapping(path: Path) -> dict[Any, Any]:
    try:
        content = yaml.safe_load(_content(path).decode())
    except UnicodeDecodeError as error:
        raise UserError(f"{path} cannot be read as text: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: this is not YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path} must be a mapping of keys to values; {_EXAMPLE}")
    return content


_EXAMPLE = "it should say at least: name: my bot / command: [python3, bot.py] / games: [connect_four]"
