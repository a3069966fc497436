"""The secret of an event, from which its seeds follow: a file that only its owner can read, until it is revealed."""

from __future__ import annotations

import os
from pathlib import Path

from league.referee.fairness import commit, new_secret, reveal
from marl.errors import UserError

FILE = "secret"


def draw(directory: Path) -> str:
    """Draw the secret of an event, unless it has one, keep it in its directory, and return what to publish of it."""
    if (directory / FILE).exists() and (kept := read(directory)):
        return commit(kept)
    (directory / FILE).unlink(missing_ok=True)  # half-written: nothing was published of it
    secret = new_secret()
    handle = os.open(directory / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(reveal(secret) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return commit(secret)


def read(directory: Path) -> bytes:
    """The secret of an event. Raises UserError where it is missing or damaged, or others can read it."""
    path = directory / FILE
    try:
        if path.stat().st_mode & 0o077:
            raise UserError(f"{path} can be read by others, who could foresee every match: chmod 600 {path}")
        return bytes.fromhex(path.read_text())
    except FileNotFoundError:
        raise UserError(f"{path} is missing: without it nobody can tell the seeds of this event's matches") from None
    except ValueError:
        raise UserError(f"{path} is damaged: it should hold hexadecimal digits") from None
