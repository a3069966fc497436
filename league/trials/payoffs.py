"""A payoff source, asked about two small games in which the answers are known."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from league.checked.payoff_source import CheckedSource
from league.hookspecs import PAYOFF_SOURCES
from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.source import Asked
from league.services import LeagueServices
from marl.blobs import Blobs
from marl.errors import RunError, UserError
from marl.registry import ENVIRONMENTS, Component, Registry
from marl.services import scripted

_KUHN, _SYMMETRIC = "classic/kuhn_poker", "classic/rock_paper_scissors"
_GAMES = (_KUHN, _SYMMETRIC)
_UNIFORM = 1 / 8  # what the first of two players earns in Kuhn poker who play at random
_PLAYERS = ("marl/random", "marl/first")
_MATCHES = 500
_FAR = 6.0  # standard errors that are no chance
_CLOSE = 1e-9


def payoff_source(registry: Registry, name: str, params: Mapping[str, Any]) -> str:
    """What it says of a pairing follows from the pairing alone, and is what a match is worth.

    Raises RunError where the same question has two answers, where an answer follows from what else is asked or in which
    order, where a zero-sum game pays or takes in sum, a symmetric one is worth another thing from the other side, or a
    known value is far away; and where more matches are those that were played already.
    """
    known = {one.full_name for one in registry.all(ENVIRONMENTS)}
    refused = "no game is here to try it in: marl-classic brings some"
    tried = 0
    for game in (game for game in _GAMES if game in known):
        with tempfile.TemporaryDirectory() as folder:
            try:
                _Trial(registry, name, params, game, Path(folder)).run()
            except UserError as error:
                refused = f"not for {game}: {error}"
            else:
                tried += 1
    return "" if tried else refused


class _Trial:
    """One game."""

    def __init__(self, registry: Registry, name: str, params: Mapping[str, Any], game: str, folder: Path) -> None:
        self.registry, self.game = registry, game
        self.component, self.subject = Component(name, dict(params)), registry.describe(PAYOFF_SOURCES, name)
        self.blobs = Blobs(folder)
        self.snapshots = [self.blobs.put_snapshot(scripted(Component(one))) for one in _PLAYERS]

    def run(self) -> None:
        """All of it. Raises UserError where the source does not take the game."""
        source = self._made()
        count = min(source.matches, _MATCHES)
        asked = [self._asked(one, other, count) for one in range(2) for other in range(2)]
        rows = _filled(source, asked)
        self._same(rows, _filled(self._made(), asked), "when it is asked again")
        self._same(rows, _filled(self._made(), asked[::-1])[::-1], "when it is asked in another order")
        alone = [row for one in asked for row in _filled(self._made(), [one])]
        self._same(rows, alone, "when it is asked for nothing else")
        for row in rows:
            self._adds_up(row)
        if self.game == _SYMMETRIC:
            self._mirrored(rows)
        else:
            self._right(rows[0])
        if count and rows[0].count != EXACT:
            self._goes_on(rows[0], source, count)

    def _made(self) -> CheckedSource:
        services = LeagueServices(self.registry, Component(self.game), self.blobs, seed=7)
        return CheckedSource(self.component, self.registry, services)

    def _asked(self, one: int, other: int, count: int, before: int = 0) -> Asked:
        """Players 0 and 1 on any side where sides are alike; else 0 and 1 on the first, 2 and 3 on the second."""
        second = other if self.game == _SYMMETRIC else other + 2
        return Asked((one, second), (self.snapshots[one], self.snapshots[other]), before, count)

    def _same(self, rows: Sequence[PayoffRow], others: Sequence[PayoffRow], when: str) -> None:
        for one, other in zip(rows, others, strict=True):
            if one != other:
                raise RunError(
                    f"{self.subject} says {one.mean} of the pairing {one.pairing} of {self.game}, and {other.mean} "
                    f"{when}: a row follows from what is asked for it and from services.seed alone"
                )

    def _adds_up(self, row: PayoffRow) -> None:
        if abs(sum(row.mean)) > _CLOSE:
            raise RunError(
                f"{self.subject} pays {row.mean} in {self.game}, a zero-sum game: what all sides earn sums to 0"
            )

    def _mirrored(self, rows: Sequence[PayoffRow]) -> None:
        """From the other side of a symmetric game, a pairing is worth the same to each player."""
        one, other = rows[1], rows[2]  # the pairings (0, 1) and (1, 0)
        error = math.hypot(_error(one), _error(other))
        if abs(one.mean[0] - other.mean[1]) > _FAR * error + _CLOSE:
            raise RunError(
                f"{self.subject} pays player 0 against player 1 of {self.game} {one.mean[0]:g} on the first side and "
                f"{other.mean[1]:g} on the second, though both sides are alike"
            )

    def _right(self, row: PayoffRow) -> None:
        if abs(row.mean[0] - _UNIFORM) > _FAR * _error(row) + _CLOSE:
            claimed = "exactly " if row.count == EXACT else ""
            raise RunError(
                f"{self.subject} pays whoever begins in Kuhn poker {claimed}{row.mean[0]:g} where both play at random: "
                f"it is {_UNIFORM:g}"
            )

    def _goes_on(self, row: PayoffRow, source: CheckedSource, count: int) -> None:
        (more,) = _filled(source, [self._asked(0, 0, count, before=count)])
        if more.count == row.count and (more.mean, more.m2) == (row.mean, row.m2) and any(row.m2):
            raise RunError(
                f"{self.subject} gives the {count} matches that follow on {count} others the same results: they are to "
                "be other matches, by `before`"
            )


def _filled(source: CheckedSource, asked: Sequence[Asked]) -> list[PayoffRow]:
    return [row for batch in source.fill(asked) for row in batch]


def _error(row: PayoffRow) -> float:
    """The standard error of the first side's mean; 0 where it is exact."""
    return 0.0 if row.count == EXACT else math.sqrt(row.m2[0] / max(row.count - 1, 1) / row.count)
