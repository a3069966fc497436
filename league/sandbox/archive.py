"""Bots that arrive as archives, or that must be built: done inside a sandbox, checked outside.

Inside, a small program (`league.sandbox.inside`) turns the archive, or what a build left, into a stream of plain
files. Outside, every name, size and count of that stream is checked again before a byte is written.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from league.sandbox import inside
from league.sandbox.base import Finished, Sandbox
from league.sandbox.limits import Limits
from marl.errors import RunError, UserError
from marl.printable import printable


@dataclass(frozen=True)
class Size:
    """How large a bot may be."""

    megabytes: int = 64
    """All of its files together, unpacked, in MiB."""
    files: int = 2000
    """How many files."""
    depth: int = 12
    """How many folders deep."""


@dataclass(frozen=True)
class _File:
    path: PurePosixPath
    content: bytes
    executable: bool


def unpack(archive: Path, into: Path, sandbox: Sandbox, size: Size | None = None) -> list[Path]:
    """Unpack a zip or tar (.gz, .bz2, .xz) archive into a new folder, all of it or nothing. Returns its files, sorted.

    Links, devices, setuid files, names that lead outside, odd or double names, and bombs are refused as UserError.
    Raises RunError when the host cannot do it.
    """
    size = size or Size()
    limits = Limits(memory_mb=512, processes=4, cpu_seconds=60, files_mb=1)
    with tempfile.TemporaryDirectory(prefix="marl-unpack-") as scratch, _opened(archive) as source:
        empty = Path(scratch, "empty")
        empty.mkdir()
        done, said = _inside(sandbox, ["unpack"], [], empty, limits, 60, size, source, Path(scratch, "log"))
    if done.code == 3:
        raise UserError(f"{archive.name}: {said}")
    if done.code != 0:
        raise UserError(f"{archive.name} could not be unpacked: {done.reason}{': ' if said else ''}{said}")
    return _land(_checked(done.output, size, archive.name), into)


def build(
    folder: Path, command: Sequence[str], into: Path, sandbox: Sandbox, limits: Limits, seconds: float, log: Path
) -> list[Path]:
    """Run a bot's build command on a copy of its folder, inside; put the folder as it is then into a new one.

    The copy lies in the sandbox's /tmp, so `limits.files_mb` bounds it. The command's output goes to `log`. Raises
    UserError when the command fails or leaves what a bot may not hold.
    """
    size = Size(megabytes=limits.files_mb)
    done, said = _inside(sandbox, ["build"], command, folder, limits, seconds, size, None, log)
    if done.code != 0:
        raise UserError(f"building with {' '.join(command)!r} failed: {done.reason}{': ' if said else ''}{said}")
    return _land(_checked(done.output, size, "the build"), into)


def _inside(
    sandbox: Sandbox,
    task: list[str],
    command: Sequence[str],
    folder: Path,
    limits: Limits,
    seconds: float,
    size: Size,
    stdin: IO[bytes] | None,
    log: Path,
) -> tuple[Finished, str]:
    """Run our program inside. Returns how it ended, and the last line that it said."""
    text = Path(inside.__file__).read_text(encoding="utf-8")
    most = size.megabytes << 20
    line = [sys.executable, "-I", "-c", text, *task, str(most), str(size.files), *command]
    done = sandbox.run(line, folder, limits, seconds, stdin=stdin, log=log, most=most + size.files * 2048)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return done, printable(said[-1])[:300] if said else ""


def _opened(archive: Path) -> IO[bytes]:
    try:
        return archive.open("rb")
    except OSError as error:
        raise UserError(f"{archive} cannot be read: {error.strerror}") from None


def _checked(stream: bytes, size: Size, name: str) -> list[_File]:
    """The files of a stream, each believed only after a look. Raises UserError."""
    files = list(_parse(stream, name))
    if len(files) > size.files:
        raise UserError(f"{name} holds more than {size.files} files")
    if sum(len(file.content) for file in files) > size.megabytes << 20:
        raise UserError(f"unpacked {name} is larger than {size.megabytes} MiB")
    seen: dict[str, str] = {}
    folders = {str(parent).casefold() for file in files for parent in file.path.parents}
    for file in files:
        key = str(file.path).casefold()
        if len(file.path.parts) > size.depth:
            raise UserError(f"{name}: {str(file.path)!r} is more than {size.depth} folders deep")
        if key in seen:
            raise UserError(f"{name} holds {str(file.path)!r} twice (also as {seen[key]!r})")
        if key in folders:
            raise UserError(f"{name}: {str(file.path)!r} is both a file and a folder")
        seen[key] = str(file.path)
    return files


def _parse(stream: bytes, name: str) -> Iterator[_File]:
    at = 0
    while at < len(stream):
        end = stream.find(b"\n", at)
        try:
            head = json.loads(stream[at:end])
            path, length, executable = head["path"], head["size"], head["executable"]
            whole = end >= 0 and type(length) is int and 0 <= length <= len(stream) - end - 1
        except (ValueError, KeyError, TypeError, RecursionError):
            whole = False
        if not whole or not isinstance(path, str):
            raise UserError(f"{name} could not be read: what came out of the sandbox makes no sense")
        yield _File(_path(path, name), stream[end + 1 : end + 1 + length], executable is True)
        at = end + 1 + length


def _path(text: str, name: str) -> PurePosixPath:
    """A path that is safe to write below a folder. Raises UserError."""
    shown = f"{name}: '{printable(text)[:300]}'"
    parts = text.removeprefix("./").split("/")
    if text.startswith("/") or ".." in parts:
        raise UserError(f"{shown} leads outside of the archive")
    if unicodedata.normalize("NFC", text) != text or not text.isprintable() or set(text) & set('\\:*?"<>|'):
        raise UserError(f"{shown} has characters in its name that do not work everywhere")
    if any(part in ("", ".") or part != part.strip() or len(part.encode()) > 120 for part in parts):
        raise UserError(
            f"{shown} is not a proper path: a part of it is empty, too long, or begins or ends with a space"
        )
    return PurePosixPath(*parts)


def _land(files: Sequence[_File], into: Path) -> list[Path]:
    """Write files beside a folder's name, and rename: it is there whole or not at all."""
    if not files:
        raise UserError("there is no file in it")
    if into.exists():
        raise UserError(f"{into} exists already")
    made = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    try:
        for file in files:
            place = made / file.path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.content)
            place.chmod(0o755 if file.executable else 0o644)
        made.chmod(0o755)
        made.rename(into)
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise RunError(f"could not write {into}: {error.strerror or error}") from error
    return sorted(into / file.path for file in files)
