"""Play an economy and keep what came of each year: all matches side by side, since all are equally long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from marl import rng
from marl.env import Rows
from marl.policy import Acts, Policy
from marl.types import Array, Floats, Ints
from marl_economy.society import PLANNER, WORKERS, Society


@dataclass(frozen=True)
class Year:
    """What came of a year in L matches with K workers and B brackets: `rates[L, B]`, `incomes[L, K]` before taxes,
    `coin[L, K]` after them, `utility[L, K]` and social `welfare[L]`, both of the match so far; `actions` `[L, K, days]`
    of the workers."""

    number: int
    rates: Floats
    incomes: Floats
    coin: Floats
    utility: Floats
    welfare: Floats
    actions: Ints


class Table:
    """Two policies at the lanes of an economy; each remembers its own."""

    def __init__(self, society: Society, planner: Policy, workers: Policy, seed: int) -> None:
        self.society, self.policies, self.seed = society, (planner, workers), seed
        self.lanes = np.arange(society.lanes)
        counts = (society.lanes, society.lanes * society.workers)
        self.memory = [policy.memory(count) for policy, count in zip(self.policies, counts, strict=True)]
        self.turn = society.reset(self.lanes, rng.mix(seed, self.lanes))

    def answers(self, rows: Rows, tick: int) -> Acts:
        """What the policy of these rows does."""
        keys = rng.mix(self.seed, rows.lane, rows.agent, tick)
        acts = self.policies[rows.group].act(rows, self.memory[rows.group], keys)
        if acts.memory is not None:
            self.memory[rows.group] = acts.memory
        return acts

    def year(self, number: int) -> Year:
        """Play a year."""
        society, lanes, days = self.society, self.lanes, []
        for day in range(1 + society.days):
            group = WORKERS if day else PLANNER
            rows = self.turn[group]
            assert rows is not None
            acts = self.answers(rows, int(society.tick[0]))
            actions: list[Array | None] = [None, None]
            actions[group] = acts.action
            if day:
                days.append(np.asarray(acts.action).reshape(len(lanes), -1))
            else:
                rates = np.asarray(acts.action) * society.rate_step
            self.turn = society.step(lanes, actions).turn
        standing = society.standing(lanes)
        return Year(
            number, rates, society.last_income[lanes], society.held(lanes), standing[:, 1:], standing[:, 0],
            np.stack(days, axis=2),
        )  # fmt: skip


def played(make: Callable[[int], Society], planner: Policy, workers: Policy, matches: int, seed: int) -> Iterator[Year]:
    """The years of so many matches, one after the other."""
    society = make(matches)
    table = Table(society, planner, workers, seed)
    for number in range(1, society.years + 1):
        yield table.year(number)
