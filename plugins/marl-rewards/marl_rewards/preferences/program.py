"""A program that annotates observations, at its own pace: nobody waits for it, and the newest are asked about first.

It is started once, reads a line of JSON for each observation, `{"observation": [numbers]}`, and writes a line with a
number for each, in the same order: above 0 where the observation is of interest, more where it is of more.
"""

from __future__ import annotations

import json
import subprocess
import threading
import weakref
from collections.abc import Sequence

import numpy as np

from marl.errors import RunError, UserError
from marl.types import Array


class Program:
    """A process, and a thread that talks to it: all calls return at once. Raises UserError where it does not start."""

    def __init__(self, command: Sequence[str]) -> None:
        try:
            process = subprocess.Popen(
                list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        except OSError as error:
            raise UserError(f"the annotator {command[0]!r} does not start: {error.strerror}") from error
        self.command, self._process = command, process
        self._wanted: list[tuple[int, Array]] = []
        self._done: list[tuple[int, float]] = []
        self._failed = ""
        self._changed = threading.Condition()
        threading.Thread(target=self._talk, daemon=True).start()
        weakref.finalize(self, _end, process)

    def ask(self, numbers: Sequence[int], observations: Array) -> None:
        """Have these observations `[M, D]` annotated, before all that were asked about earlier."""
        with self._changed:
            self._wanted.extend(zip(numbers, observations, strict=True))
            self._changed.notify()

    def answers(self) -> list[tuple[int, float]]:
        """What was annotated since the last call, by the numbers that were given. Raises RunError where it failed."""
        with self._changed:
            if self._failed:
                raise RunError(f"the annotator {' '.join(self.command)!r} {self._failed}")
            done, self._done = self._done, []
            return done

    def _talk(self) -> None:
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        try:
            while True:
                with self._changed:
                    while not self._wanted:
                        self._changed.wait()
                    number, observation = self._wanted.pop()
                process.stdin.write(json.dumps({"observation": np.asarray(observation).tolist()}) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
                if not line:
                    raise EOFError(f"ended with code {process.wait()}")
                value = float(line)
                if not np.isfinite(value):
                    raise ValueError(line)
                with self._changed:
                    self._done.append((number, value))
        except (OSError, EOFError) as error:
            self._fail(str(error))
        except ValueError:
            self._fail(f"answered {line.strip()!r}, which is no number")

    def _fail(self, why: str) -> None:
        with self._changed:
            self._failed = why


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
