"""What a red team found: attempts, what the best of them gains in fresh matches, and where the lost games are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from marl.blobs import write_atomically
from marl.errors import RunError
from marl.evaluation import wilson

FILE = "redteam.json"


@dataclass(frozen=True)
class Tally:
    """Matches of an exploiter against the player: how they ended for the exploiter, and its mean return."""

    wins: int
    draws: int
    losses: int
    mean: float
    margin: float

    @property
    def matches(self) -> int:
        """How many."""
        return self.wins + self.draws + self.losses

    @property
    def points(self) -> tuple[float, float, float]:
        """Wins and half the draws as a share, and its 95 % interval (Wilson)."""
        won = self.wins + 0.5 * self.draws
        return won / self.matches, *wilson(won, self.matches)


@dataclass(frozen=True)
class Attempt:
    """One exploiter of a side: `number` tells those of a side apart, `tally` is how it did when it was trained."""

    side: int
    number: int
    snapshot: str
    seconds: float
    tally: Tally


@dataclass(frozen=True)
class Finding:
    """What the best exploiter of a side does to the player, in matches that neither trained nor chose it.

    `usual`: what the player itself earns on that side against itself, and half its interval; None where it cannot sit
    there. `games`: replays of matches that the player lost, below the folder of the report.
    """

    side: int
    number: int
    tally: Tally
    usual: tuple[float, float] | None
    games: tuple[str, ...] = ()

    @property
    def gain(self) -> tuple[float, float]:
        """What the exploiter earns beyond what is usual there, and half its 95 % interval."""
        mean, margin = self.usual or (0.0, 0.0)
        return self.tally.mean - mean, (self.tally.margin**2 + margin**2) ** 0.5

    @property
    def verdict(self) -> str:
        """In a word: "exploited", "held", or "unclear" where the interval says neither."""
        gain, margin = self.gain
        if gain - margin > 0:
            return "exploited"
        return "held" if gain + margin < 0 else "unclear"


@dataclass(frozen=True)
class Report:
    """All of it. `exploiter` and `matches` say with what budget; `sides` are the names of the sides of the game."""

    player: str
    env: str
    exploiter: str
    exploiters: int
    matches: int
    seed: int
    sides: tuple[str, ...]
    symmetric: bool = False
    attempts: tuple[Attempt, ...] = ()
    findings: tuple[Finding, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def side(self, number: int) -> str:
        """What a side is called: all are alike in a symmetric game."""
        return "any side" if self.symmetric else self.sides[number]

    @property
    def asked(self) -> tuple[object, ...]:
        """What it was asked: a report of something else is none of this."""
        return (self.player, self.env, self.exploiter, self.exploiters, self.matches, self.seed, self.more)

    def write(self, folder: Path) -> None:
        """Write it as JSON, all of it or nothing."""
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / FILE, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @staticmethod
    def read(folder: Path) -> Report | None:
        """The report in a folder, None where there is none. Raises RunError where it is damaged."""
        try:
            data = json.loads((folder / FILE).read_text())
            attempts = tuple(Attempt(**{**one, "tally": Tally(**one["tally"])}) for one in data["attempts"])
            findings = tuple(
                Finding(one["side"], one["number"], Tally(**one["tally"]), _pair(one["usual"]), tuple(one["games"]))
                for one in data["findings"]
            )
            return Report(**{**data, "sides": tuple(data["sides"]), "attempts": attempts, "findings": findings})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{folder / FILE} is damaged ({error}): remove it, and start the red team again") from None


def _pair(values: Any) -> tuple[float, float] | None:
    return None if values is None else (float(values[0]), float(values[1]))
