"""Planners that do not learn: a schedule that stays, that of the United States, and Saez's formula."""

from __future__ import annotations

import abc
from dataclasses import dataclass, field

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.registry.ranges import above, at_least
from marl.snapshot import Snapshot
from marl.space import MultiDiscrete
from marl.types import Array, Floats, Keys
from marl_economy import saez
from marl_economy.society import PLANNER
from marl_economy.taxes import US_CUTOFFS, US_RATES


class Planner(abc.ABC):
    """A policy that sets rates as `rates_for` says, rounded to those that can be chosen. Raises UserError elsewhere."""

    def __init__(self, spec: EnvSpec) -> None:
        group = spec.groups[PLANNER]
        if group.name != "planner" or not isinstance(group.action, MultiDiscrete):
            raise UserError("this planner sets the taxes of an economy of marl-economy, and here is none")
        self.levels, self.brackets = group.action.nvec[0] - 1, len(group.action.nvec)

    def memory(self, rows: int) -> Array | None:
        """Nothing, unless a planner says so."""
        return None

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """See `marl.policy.Policy`. Raises UserError where workers ask what to do."""
        if rows.group != PLANNER:
            raise UserError("a planner was asked to work: it plays side 0 of an economy, and workers play side 1")
        wanted, memory = self.rates_for(rows, memory)
        action = np.rint(np.clip(wanted, 0.0, 1.0) * self.levels).astype(np.int64)
        return Acts(action, np.zeros(len(rows)), memory=memory)

    @abc.abstractmethod
    def rates_for(self, rows: Rows, memory: Array | None) -> tuple[Floats, Array | None]:
        """The rates `[K, B]`, and what to remember."""


@dataclass
class ScheduleParams:
    """Parameters of a schedule that stays."""

    rates: list[float] = field(default_factory=list)
    """The marginal rate of each bracket, from 0 to 1; one rate is for all of them, none: no taxes, a free market."""

    def __post_init__(self) -> None:
        if any(not 0 <= rate <= 1 for rate in self.rates):
            raise ValueError(f"rates must be from 0 to 1, not {self.rates}")


class Schedule(Planner):
    """See `ScheduleParams`."""

    def __init__(self, spec: EnvSpec, params: ScheduleParams | None = None, snapshot: Snapshot | None = None) -> None:
        super().__init__(spec)
        rates = (params or ScheduleParams()).rates or [0.0]
        if len(rates) not in (1, self.brackets):
            raise UserError(f"rates: there are {self.brackets} brackets, and {len(rates)} rates")
        self.schedule = np.broadcast_to(np.array(rates, dtype=float), self.brackets)

    def rates_for(self, rows: Rows, memory: Array | None) -> tuple[Floats, Array | None]:
        """The same in all years."""
        return np.repeat(self.schedule[None], len(rows), axis=0), memory


@dataclass
class USFederalParams:
    """Parameters of the schedule of the United States."""

    coin: float = 1.0
    """How many thousand dollars a coin stands for."""

    def __post_init__(self) -> None:
        above(self, 0, "coin")


class USFederal(Planner):
    """Single filers, 2018: each bracket has the rate of the dollars with which it begins."""

    def __init__(self, spec: EnvSpec, params: USFederalParams | None = None, snapshot: Snapshot | None = None) -> None:
        super().__init__(spec)
        self.coin = (params or USFederalParams()).coin

    def rates_for(self, rows: Rows, memory: Array | None) -> tuple[Floats, Array | None]:
        """The same in all years."""
        dollars = np.asarray(rows.observation["cutoffs"], dtype=float) * self.coin + 1e-3
        return np.array(US_RATES)[np.searchsorted(US_CUTOFFS, dollars, side="right") - 1], memory


@dataclass
class SaezParams:
    """Parameters of Saez's formula."""

    elasticity: float = 0.5
    """Of income, by how many percent it grows where what is left of the last coin grows by one: see
    `marl economy elasticity`."""
    incomes: list[float] = field(default_factory=list)
    """Incomes of a year that are known before the first; without any it is free of taxes."""
    years: int = 20
    """How many years of incomes are remembered."""

    def __post_init__(self) -> None:
        at_least(self, 0, "elasticity")
        at_least(self, 1, "years")


class Saez(Planner):
    """Rates by the formula from all incomes of the match so far, and those known before.

    It remembers how many years it has seen, and their incomes: `float64[1 + years * workers]`.
    """

    def __init__(self, spec: EnvSpec, params: SaezParams | None = None, snapshot: Snapshot | None = None) -> None:
        super().__init__(spec)
        self.params = params or SaezParams()
        self.workers = len(spec.agents) - 1

    def memory(self, rows: int) -> Array | None:
        """No incomes."""
        return np.zeros((rows, 1 + self.params.years * self.workers))

    def rates_for(self, rows: Rows, memory: Array | None) -> tuple[Floats, Array | None]:
        """Row by row: schedules differ."""
        assert memory is not None
        memory = memory.copy()
        incomes, cutoffs = (np.asarray(rows.observation[name], dtype=float) for name in ("incomes", "cutoffs"))
        found = np.zeros((len(rows), self.brackets))
        for row, known in enumerate(memory):
            if not rows.first[row]:
                at = 1 + int(known[0]) % self.params.years * self.workers
                known[at : at + self.workers] = incomes[row]
                known[0] += 1
            seen = known[1 : 1 + min(int(known[0]), self.params.years) * self.workers]
            all_known = np.concatenate([np.array(self.params.incomes, dtype=float), seen])
            if len(all_known):
                found[row] = saez.rates(all_known, cutoffs[row], self.params.elasticity)
        return found, memory
