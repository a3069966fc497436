"""What remains of a match: its record, with the replay and the transcript."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

from league.referee.clocks import Spent
from league.referee.verdict import HostError, Verdict
from marl.arena import Replay
from marl.blobs import write_atomically
from marl.errors import UserError
from marl.printable import printable
from marl.snapshot import JSON

Line: TypeAlias = tuple[float, int, str, str]  # seconds since the start, side, direction, text
LONGEST = 4096  # bytes kept of one line
LARGEST = 1 << 22  # bytes kept of all lines


class Transcript:
    """Every line to and from the bots of a match, with its time: as much as fits into 4 MiB, lines cut at 4 KiB."""

    def __init__(self) -> None:
        self._lines: list[tuple[float, int, str, bytes]] = []
        self._began = perf_counter()
        self._size = 0
        self.dropped = 0

    def add(self, side: int, direction: str, line: bytes) -> None:
        """A line to (`>`) or from (`<`) the bot of `side`, or the referee's remark about it (`#`)."""
        size = len(line)
        if size > LONGEST:
            line, size = line[:LONGEST], LONGEST
        self._size += size + 64
        if self._size > LARGEST and direction != "#":
            self.dropped += 1
            return
        self._lines.append((perf_counter(), side, direction, line))

    def __len__(self) -> int:
        return len(self._lines)

    def lines(self) -> Iterator[Line]:
        """`(seconds since the start, side, direction, text)`."""
        for moment, side, direction, line in self._lines:
            yield moment - self._began, side, direction, line.rstrip(b"\n").decode("utf-8", "backslashreplace")
        if self.dropped:
            yield 0.0, -1, "#", f"{self.dropped} more lines were not kept"

    def text(self) -> str:
        """For people: `   0.001 0> {...}`."""
        return "".join(
            f"{when:9.4f} {side if side >= 0 else ' '}{way} {printable(line)}\n"
            for when, side, way, line in self.lines()
        )

    def write(self, path: Path) -> None:
        """A gzipped file of JSON lines `[seconds, side, direction, text]`, there whole or not at all."""
        lines = (json.dumps([round(when, 6), side, way, line]) for when, side, way, line in self.lines())
        write_atomically(path, gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0))


def read_transcript(path: Path) -> list[Line]:
    """The lines of a transcript that was written. Raises UserError where the file is none, or damaged."""
    try:
        text = gzip.decompress(path.read_bytes()).decode()
        return [
            (float(when), int(side), str(way), str(line))
            for when, side, way, line in map(json.loads, text.splitlines())
        ]
    except (OSError, EOFError, ValueError, TypeError, zlib.error) as error:
        raise UserError(f"{path} is no transcript of a match: {error}") from None


@dataclass
class MatchRecord:
    """A finished match. Everything with `[S]` has one entry per side.

    `verdicts` `[S]` and `reasons` `[S]` (a sentence for each fault, else ""); `returns` `[S]`, what each side earned by
    the rules so far; `scores` `[S]` as in `scoring.Scoring`, None if void. `ticks`: how many the environment played.
    `truncated`: the game was cut short at its maximum length. `seconds`: from the first process to the last line.
    """

    id: str
    players: tuple[str, ...]
    seed: int
    verdicts: tuple[Verdict, ...]
    reasons: tuple[str, ...]
    returns: tuple[float, ...]
    scores: tuple[float, ...] | None
    ticks: int
    truncated: bool
    spent: tuple[Spent, ...]
    seconds: float
    replay: Replay
    transcript: Transcript = field(repr=False)
    host_error: HostError | None = None

    @property
    def void(self) -> bool:
        """Whether it does not count and is to be played again."""
        return self.host_error is not None

    def told(self, side: int) -> dict[str, JSON]:
        """What the bot of `side` is told."""
        return {
            "verdict": self.verdicts[side].value,
            "verdicts": [verdict.value for verdict in self.verdicts],
            "scores": None if self.scores is None else list(self.scores),
            "returns": list(self.returns),
        }

    def summary(self) -> dict[str, JSON]:
        """The record as JSON, without replay and transcript."""
        return {
            "id": self.id,
            "players": list(self.players),
            "seed": self.seed,
            "verdicts": [verdict.value for verdict in self.verdicts],
            "reasons": list(self.reasons),
            "returns": list(self.returns),
            "scores": None if self.scores is None else list(self.scores),
            "ticks": self.ticks,
            "truncated": self.truncated,
            "seconds": round(self.seconds, 6),
            "host_error": None if self.host_error is None else self.host_error.text,
        }
