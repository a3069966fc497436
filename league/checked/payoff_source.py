"""A payoff source whose answers are checked: what is wrong is said with the plugin, and what would be right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from league.hookspecs import PAYOFF_SOURCES
from league.payoffs.row import EXACT, PayoffRow
from league.payoffs.source import Asked, PayoffSource
from league.services import LeagueServices
from marl.registry import Component, Registry, blamed, wrong

_CALL = "fill(asked)"


class CheckedSource:
    """The source of a component. Raises RunError where it fails, or gives what no ledger can hold."""

    def __init__(self, component: Component, registry: Registry, services: LeagueServices) -> None:
        self.subject = registry.describe(PAYOFF_SOURCES, component.name)
        self.source: PayoffSource = registry.make(PAYOFF_SOURCES, component.name, component.params, services=services)
        self.sides = len(services.spec.sides)
        self.matches = self._matches()

    def fill(self, asked: Sequence[Asked]) -> Iterator[list[PayoffRow]]:
        """See `PayoffSource.fill`."""
        right = "batches of league.payoffs.row.PayoffRow, one for each pairing that is asked for, in that order"
        with blamed(self.subject, _CALL, right):
            batches = iter(self.source.fill(asked))
        done = 0
        while True:
            with blamed(self.subject, _CALL, right):
                given: Any = next(batches, None)
                rows = None if given is None else list(given)
            if rows is None:
                break
            if done + len(rows) > len(asked):
                extra = rows[len(asked) - done]
                raise wrong(self.subject, f"{_CALL}, after all that was asked for,", extra, right)
            with blamed(self.subject, _CALL, right):
                for row, one in zip(rows, asked[done:], strict=False):
                    if fault := self._fault(row, one):
                        raise wrong(self.subject, f"{_CALL}, where {fault}", row, right)
                plain = [_plain(row) for row in rows]
            done += len(rows)
            yield plain
        if done < len(asked):
            lacks = f"{_CALL}, where the pairing {asked[done].pairing} is missing"
            raise wrong(self.subject, lacks, f"{done} rows", right)

    def _fault(self, row: Any, asked: Asked) -> str:
        """What is wrong with a row, or ""."""
        if not isinstance(row, PayoffRow):
            return f"an item is a {type(row).__name__}"
        if tuple(row.pairing) != asked.pairing or row.first_seed != asked.before:
            return f"pairing {asked.pairing} with first_seed {asked.before} is next"
        if row.count != int(row.count) or (row.count != EXACT and row.count < 1):
            return f"count is {row.count}"
        for name, numbers in (("mean", row.mean), ("m2", row.m2)):
            if len(numbers) != self.sides or not all(math.isfinite(number) for number in numbers):
                return f"{name} is not {self.sides} finite numbers"
        return "m2 is negative" if min(row.m2) < 0 else ""

    def _matches(self) -> int:
        right = "a whole number, 0 where values are exact"
        with blamed(self.subject, "matches", right):
            given: Any = self.source.matches
        if isinstance(given, bool) or not isinstance(given, int) or given < 0:
            raise wrong(self.subject, "matches", given, right)
        return given


def _plain(row: PayoffRow) -> PayoffRow:
    """The same in plain numbers, as a ledger and other processes take them."""
    pairing, numbers = tuple(map(int, row.pairing)), [tuple(map(float, one)) for one in (row.mean, row.m2)]
    return PayoffRow(pairing, int(row.first_seed), int(row.count), *numbers)
