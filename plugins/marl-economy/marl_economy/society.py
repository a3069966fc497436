"""What both economies share: a planner that acts at the start of each tax year, and workers who act in between.

Rows are for those who act: the planner's at the start of a year, the workers' on its days. All are paid by what
changes: a worker by its utility, the planner by social welfare, so returns are what these are at the end, less what
they were.
"""

from __future__ import annotations

import abc
from typing import Any

import numpy as np

from marl.env import Actions, EnvSpec, Group, Lanes, Rows, Step, Turn
from marl.games.vectorised import Vectorised
from marl.space import Box, Discrete, MultiDiscrete, Space, Tree, legal
from marl.types import Array, ArrayTree, Bools, Floats, Ints, Keys

PLANNER, WORKERS = 0, 1  # groups, and sides
SEEN = ("year", "cutoffs", "rates", "incomes", "coins", "welfare")  # what every planner sees; see `planner_space`


def planner_space(workers: int, brackets: int) -> Tree:
    """What a planner sees: the share of the match that is over; where brackets begin; the rates and the incomes of the
    last year; the coin that workers have; social welfare so far. All in coins, the incomes and coins of each worker."""
    sizes = {"year": 1, "cutoffs": brackets, "rates": brackets, "incomes": workers, "coins": workers, "welfare": 1}
    return Tree({name: Box((sizes[name],)) for name in SEEN})


def society_spec(
    workers: int, levels: int, brackets: int, seen: Space, actions: int, ticks: int, info: dict[str, str]
) -> EnvSpec:
    """Agent 0 is the planner, who chooses one of `levels` rates for each bracket; the others are workers."""
    everybody = tuple(range(1, workers + 1))
    planner = Group("planner", (0,), planner_space(workers, brackets), MultiDiscrete((levels,) * brackets))
    return EnvSpec(
        agents=("planner", *(f"worker_{number}" for number in range(workers))),
        groups=(planner, Group("workers", everybody, seen, Discrete(actions))),
        sides=((0,), everybody),
        dynamics="simultaneous",
        max_length=ticks,
        info=info,
    )


class Society(Vectorised):
    """An `Environment`, and `Forkable`. Subclasses are the rules; `rate_step`: how far rates are apart."""

    over: Bools
    """Whether no match is going on, `bool[lanes]`."""
    day: Ints
    """The day of the year, `int64[lanes]`; 0: the planner's turn."""
    rates: Floats
    """The marginal rates of this year, `float64[lanes, B]`."""
    last_income: Floats
    """What was earned last year, `float64[lanes, K]`."""
    cutoffs: Floats
    """Where brackets begin, `float64[B]`."""
    days: int
    years: int
    rate_step: float

    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        self.workers = len(spec.groups[WORKERS].agents)
        super().__init__(spec, lanes)
        self.over[:] = True

    def common(self) -> dict[str, Any]:
        """See `Vectorised`."""
        planner = self.spec.groups[PLANNER].action
        assert isinstance(planner, MultiDiscrete)
        shared = {"rates": np.zeros(len(planner.nvec)), "last_income": np.zeros(self.workers)}
        return super().common() | {"over": np.False_, "day": np.int64(0)} | shared

    @abc.abstractmethod
    def begin(self, lanes: Lanes) -> None:
        """Draw what chance decides at the start of a match."""

    @abc.abstractmethod
    def work(self, lanes: Lanes, actions: Array) -> None:
        """A day of legal `actions[L, K]`. `tick` and `day` count it already."""

    @abc.abstractmethod
    def year_ends(self, lanes: Lanes) -> None:
        """Collect taxes and share them out; set `last_income`."""

    @abc.abstractmethod
    def standing(self, lanes: Lanes) -> Floats:
        """How well everybody is off: `[L, 1 + K]`, social welfare, then the utility of each worker."""

    @abc.abstractmethod
    def held(self, lanes: Lanes) -> Floats:
        """The coin that workers have, `[L, K]`."""

    @abc.abstractmethod
    def observe_workers(self, lanes: Lanes) -> Array:
        """What workers see, `float32[L, K, D]`."""

    @abc.abstractmethod
    def observe_planner(self, lanes: Lanes) -> ArrayTree:
        """What the planner sees, leaves `float32[L, D]`; see `planner_space`."""

    def masks(self, lanes: Lanes) -> Bools | None:
        """What workers may do, `bool[L, K, A]`; None where anything goes."""
        return None

    def reset(self, lanes: Lanes, seeds: Keys, tasks: Ints | None = None) -> Turn:
        """See `Environment.reset`."""
        self.restart(lanes, seeds, tasks)
        self.begin(lanes)
        return self.turn(lanes)

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        """The planner acts in the lanes where a year begins, and workers in the others. See `Environment.step`."""
        self.playing(lanes, self.over[lanes])
        planning = self.day[lanes] == 0
        plans, jobs = self._batches([int(planning.sum()), int((~planning).sum()) * self.workers], actions)
        fault = self._faults(lanes, planning, plans, jobs)
        fair = fault < 0
        before = self.standing(lanes)
        self.tick[lanes] += 1
        self.day[lanes] += 1
        set_now = planning & fair
        self.rates[lanes[set_now]] = plans[fair[planning]] * self.rate_step
        at_work = lanes[~planning & fair]
        if len(at_work):
            shaped = jobs.reshape(-1, self.workers)[fair[~planning]]
            self.work(at_work, shaped.astype(np.int64, copy=False))
            ending = at_work[self.day[at_work] > self.days]
            if len(ending):
                self.year_ends(ending)
                self.day[ending] = 0
        rewards = np.where(fair[:, None], self.standing(lanes) - before, 0.0)
        done = ~fair | (self.tick[lanes] >= self.spec.max_length)
        self.over[lanes] = done
        ended = np.repeat(done[:, None], 1 + self.workers, axis=1)
        final = self._rows(lanes[done], np.ones((2, int(done.sum())), np.bool_), masks=False)
        info = self.columns(lanes, fair)
        return Step(lanes, rewards, ended, np.zeros_like(ended), done, fault, final, self.turn(lanes), info)

    def turn(self, lanes: Lanes) -> Turn:
        """The planner's row where a year begins, the workers' elsewhere."""
        lanes = lanes[~self.over[lanes]]
        planning = self.day[lanes] == 0
        return self._rows(lanes, np.stack([planning, ~planning]), masks=True)

    def _rows(self, lanes: Lanes, who: Bools, masks: bool) -> Turn:
        """Rows of the planner in `lanes[who[0]]`, and of the workers in `lanes[who[1]]`."""
        turn: list[Rows | None] = [None, None]
        planned, worked = lanes[who[PLANNER]], lanes[who[WORKERS]]
        if len(planned):
            first = self.tick[planned] == 0
            none = np.zeros(len(planned), np.int64)
            turn[PLANNER] = Rows(planned, none, self.observe_planner(planned), None, first, PLANNER)
        if len(worked):
            count = self.workers
            lane, agent = np.repeat(worked, count), np.tile(np.arange(1, 1 + count), len(worked))
            seen, mask = self.observe_workers(worked), self.masks(worked) if masks else None
            first = np.repeat(self.tick[worked] <= 1, count)
            flat = None if mask is None else mask.reshape(len(lane), -1)
            turn[WORKERS] = Rows(lane, agent, seen.reshape(len(lane), -1), flat, first, WORKERS)
        return tuple(turn)

    def _faults(self, lanes: Lanes, planning: Bools, plans: Array, jobs: Array) -> Ints:
        """The first agent of each lane whose action is not legal, `int64[L]`, or -1."""
        fault = np.full(len(lanes), -1, dtype=np.int64)
        planner, workers = (group.action for group in self.spec.groups)
        fault[planning] = np.where(legal(planner, plans, None), -1, 0)
        if len(jobs):
            mask = self.masks(lanes[~planning])
            fair = legal(workers, jobs, None if mask is None else mask.reshape(len(jobs), -1))
            fair = fair.reshape(-1, self.workers)
            fault[~planning] = np.where(fair.all(axis=1), -1, 1 + np.argmin(fair, axis=1))
        return fault
