"""Branching: a copy of a run that goes its own way. The run that it came from stays as it is."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marl.errors import RunError, UserError
from marl.registry import Registry
from marl.run import journal
from marl.run.rules import rules
from marl.scenario import FILE, load_run, lock


def branch(run: Path, new: Path, registry: Registry) -> None:
    """Make `new` a copy of a run as it stands, with a journal that says so. Nothing in `run` is written.

    Raises UserError where `new` is there already, somebody works in `run`, or runs of its kind cannot be branched.
    """
    scenario = load_run(run, registry)
    files = rules(scenario.config).files
    if not files:
        raise UserError(f"{run} is of kind {scenario.kind!r}, and such a run cannot be branched")
    if new.exists() and (not new.is_dir() or any(new.iterdir())):
        raise UserError(f"--out {new} is there already: choose a directory that is not, for the branch")
    draft = new.with_name(f".{new.name}.branch")
    with resting(run):
        try:
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            for name in (FILE, lock.FILE, journal.FILE, journal.OLD, *files):
                copy(run / name, draft / name)
            journal.branched(run, draft)
            draft.replace(new)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise RunError(f"{run} cannot be copied to {new}: {error.strerror or error}") from error


@contextmanager
def resting(run: Path) -> Iterator[None]:
    """Nobody works in a run directory meanwhile. It need not be writable. Raises UserError where somebody does."""
    if not (run / "lock").exists():
        yield
        return
    with (run / "lock").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"the run directory {run} is in use by process {file.read().strip()}: stop it before you branch it"
            ) from None
        yield


def copy(source: Path, target: Path) -> None:
    """A file or a directory of blobs. A blob never changes, so that on the same disk it need not be there twice."""
    if source.is_dir():
        target.mkdir()
        for file in source.iterdir():
            if not file.name.startswith("."):
                _link(file, target / file.name)
    elif source.exists():
        shutil.copyfile(source, target)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(source, target)
