"""The run directory: one process at a time may work in it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marl.errors import RunError, UserError
from marl.run.journal import written
from marl.run.rules import rules
from marl.scenario import FILE, Scenario
from marl.scenario.compare import differences

LOCK = "lock"  # the file that is held


@contextmanager
def locked(directory: Path) -> Iterator[Path]:
    """Hold a run directory, creating it if need be. The lock goes with the process, however it ends.

    Raises UserError when another process holds it, RunError when the directory cannot be created.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / LOCK).open("a+")
    except OSError as error:
        raise RunError(f"cannot use {directory} as a run directory: {error.strerror}; choose another --out") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise UserError(
                f"the run directory {directory} is in use by process {holder}: "
                "wait for it, stop it, or choose another --out"
            ) from None
        except OSError as error:
            raise RunError(f"cannot lock {directory}: {error.strerror}; choose an --out on a local disk") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield directory


def goes_on(directory: Path, proof: str, what: str, scenario: Scenario, resume: bool) -> bool:
    """Whether the directory holds a run to go on with. A run goes on only as what it was.

    `proof`: the file that only a run of this kind (`what`) has. `scenario`: that of the run to be.
    Raises UserError where there is nothing to `resume`, or the run there is of another scenario.
    """
    if not (directory / proof).exists() or not (directory / FILE).exists():
        if resume:
            raise UserError(f"{directory} holds no {what} to resume: there is no {FILE} with a {proof} in it")
        return False
    if not resume and (there := written(directory)) != scenario.text:
        fixed = rules(scenario.config).against("")
        change = "" if fixed else f"change that one by `marl resume {directory} KEY=VALUE`, "
        raise UserError(
            f"{directory} holds a run of another scenario ({differences(there, scenario.text)}): {change}go on with it "
            f"by `marl resume {directory}`, or choose another --out"
        )
    return True
