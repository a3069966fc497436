"""Runs inside the sandbox, as the text of a `python -c`: reads an archive or builds a bot, and writes out plain files.

What it writes is a stream of files: a line of JSON (path, size, whether it can be executed), then that many bytes.
The host trusts none of it and checks every line again, so that breaking this program breaks nothing else.
Nothing but the standard library is imported, and nothing of ours.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, NoReturn

_CHUNK = 1 << 16


class Refused(Exception):
    """The archive holds something that no bot needs."""


def put(out: BinaryIO, path: str, size: int, executable: bool, content: IO[bytes]) -> None:
    """Write one file to the stream."""
    out.write(json.dumps({"path": path, "size": size, "executable": executable}).encode() + b"\n")
    left = size
    while left:
        chunk = content.read(min(left, _CHUNK))
        if not chunk:
            raise Refused(f"{path!r} is cut short")
        out.write(chunk)
        left -= len(chunk)


def unpack(source: BinaryIO, out: BinaryIO, most: int, files: int) -> None:
    """Read a zip or tar archive; `most` bytes and `files` entries are allowed."""
    if zipfile.is_zipfile(source):
        _unzip(source, out, most, files)
        return
    source.seek(0)
    try:
        with tarfile.open(fileobj=source, mode="r:*") as archive:
            _untar(archive, out, most, files)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        said = str(error).strip().splitlines()
        raise Refused(
            f"it is neither a zip nor a tar archive that can be read: {said[-1] if said else 'it ends early'}"
        ) from error


def _unzip(source: BinaryIO, out: BinaryIO, most: int, files: int) -> None:
    total = 0
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in _few(iter(archive.infolist()), files):
                mode = entry.external_attr >> 16
                if entry.flag_bits & 1:
                    raise Refused(f"{entry.filename!r} is encrypted")
                if "\0" in entry.orig_filename:
                    raise Refused(f"{entry.orig_filename!r} has a NUL in its name")
                _check_mode(entry.filename, mode)
                if entry.is_dir():
                    continue
                total = _add(total, entry.file_size, most)
                with archive.open(entry) as content:
                    put(out, entry.filename, entry.file_size, bool(mode & 0o111), content)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise Refused(f"it cannot be read: {error}") from error


def _untar(archive: tarfile.TarFile, out: BinaryIO, most: int, files: int) -> None:
    total = 0
    for entry in _few(iter(archive), files):
        kind = {tarfile.SYMTYPE: stat.S_IFLNK, tarfile.LNKTYPE: stat.S_IFLNK}.get(entry.type, 0)
        _check_mode(entry.name, kind | entry.mode)
        if entry.isdir():
            continue
        if not entry.isreg() or entry.issparse():
            raise Refused(f"{entry.name!r} is a device, a pipe or another thing that is not a plain file")
        total = _add(total, entry.size, most)
        content = archive.extractfile(entry)
        if content is None:
            raise Refused(f"{entry.name!r} has no content")
        put(out, entry.name, entry.size, bool(entry.mode & 0o111), content)


def _few(entries: Iterator, files: int) -> Iterator:  # type: ignore[type-arg]
    for count, entry in enumerate(entries):
        if count >= files:
            raise Refused(f"it holds more than {files} files")
        yield entry


def _add(total: int, size: int, most: int) -> int:
    if size < 0 or total + size > most:
        raise Refused(f"unpacked it is larger than {most >> 20} MiB")
    return total + size


def _check_mode(name: str, mode: int) -> None:
    kind = stat.S_IFMT(mode)
    if kind == stat.S_IFLNK:
        raise Refused(f"{name!r} is a link; put the file itself there")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused(f"{name!r} is a device, a pipe or another thing that is not a plain file")
    if mode & (stat.S_ISUID | stat.S_ISGID) and kind != stat.S_IFDIR:
        raise Refused(f"{name!r} is setuid or setgid")


def build(command: list[str], out: BinaryIO, most: int, files: int) -> None:
    """Copy the current directory to where it can be written, run a command there, and put out what is there then."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch, "bot")
        shutil.copytree(".", work, symlinks=True)
        for path in (work, *work.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o600)
        done = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, stdout=sys.stderr.fileno(), check=False)
        if done.returncode != 0:
            sys.exit(done.returncode if 0 < done.returncode < 100 else 1)
        total = 0
        for path in _few(iter(sorted(work.rglob("*"))), files):
            shown = str(path.relative_to(work))
            found = path.lstat()
            _check_mode(shown, found.st_mode)
            if stat.S_ISREG(found.st_mode):
                total = _add(total, found.st_size, most)
                with path.open("rb") as content:
                    put(out, shown, found.st_size, bool(found.st_mode & 0o100), content)


def main(arguments: list[str]) -> NoReturn:
    """`unpack MOST FILES < archive` or `build MOST FILES command...`; a refusal is the last line, and exit code 3."""
    what, most, files, *command = arguments
    out = os.fdopen(os.dup(1), "wb")
    try:
        if what == "unpack":
            unpack(sys.stdin.buffer, out, int(most), int(files))
        else:
            build(command, out, int(most), int(files))
        out.flush()
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(3)
    except (FileNotFoundError, PermissionError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
