"""Workers choose how much they work, and a planner taxes what they earn: once (the textbook) or year after year.

A worker of skill s who makes the effort x earns `s x`, which costs it `s x^(1 + 1/e) / (1 + 1/e)`; taxes are shared out
evenly, and what it has left it consumes. So by a flat rate t everybody makes the effort `(1 - t')^e` (t' is t less the
part of its own tax that a worker gets back), income falls by e percent where what is left of a coin falls by one, and
the best rate is known: see `stackelberg.py`. It is the economy of `meanfield/economy` with workers who can be counted.

Sources: Saez, Review of Economic Studies 68, 2001; Zheng et al., "The AI Economist", Science Advances 8, 2022 (a
one-step economy as the test of a planner that learns); Karten et al., "LLM Economist", arXiv:2507.15815, 2025, whose
workers choose hours year after year, and whose planner is the leader of a Stackelberg game.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from marl.env import Frame, Lanes
from marl.games.drawing import BLUE, INK, YELLOW, rect, svg, text
from marl.registry.ranges import above, at_least
from marl.space import Box
from marl.types import Array, ArrayTree, Floats
from marl_economy import taxes
from marl_economy.society import Society, society_spec

OVERTIME = 1.25  # the most effort; 1 is what everybody makes where there are no taxes
FIRST_RATE = 4  # of what a worker sees: after skill, last effort, day and time; then cutoffs, then payoffs
INFO = {
    "welfare": "social welfare of the year",
    "output": "mean income of the year",
    "equality": "1 less the Gini index of what is consumed in the year",
}


@dataclass
class LabourParams:
    """Parameters of the economy of effort."""

    workers: int = 8
    """How many work."""
    years: int = 1
    """Tax years in a match; 1 is the one-step economy."""
    days: int = 1
    """How often workers choose in a year, by the same taxes; incomes are means over the days."""
    spread: float = 16.0
    """The skill of the most skilled, which is what they earn without a tax; the least skilled have 1."""
    elasticity: float = 0.5
    """e: by how many percent income falls where what is left of the last coin falls by one."""
    levels: int = 26
    """Efforts to choose from, evenly from 0 to 1.25."""
    cutoffs: list[float] = field(default_factory=lambda: [0.0])
    """Where brackets of income begin; one is a flat tax."""
    rate_step: float = 0.05
    """How far the rates are apart that a planner chooses from, from 0 to 1."""
    aversion: float = 1.0
    """Social welfare is the mean utility, by weights in proportion to `skill^-aversion`; 0: all count alike."""

    def __post_init__(self) -> None:
        at_least(self, 2, "workers", "levels")
        at_least(self, 1, "years", "days", "spread")
        at_least(self, 0, "aversion")
        above(self, 0, "elasticity")
        taxes.checked_cutoffs(self.cutoffs)
        taxes.checked_step(self.rate_step)


class Labour(Society):
    """Fields `[lanes, K]`: `coin`, consumed so far; `cost` of effort so far; `effort`, of the year so far; `consumed`,
    in the last year; `chosen`, the last effort. `skill[K]` and `effort_of[levels]` are fixed."""

    coin: Floats
    cost: Floats
    effort: Floats
    consumed: Floats
    chosen: Floats

    def __init__(self, lanes: int, params: LabourParams | None = None) -> None:
        self.params = params = params or LabourParams()
        self.years, self.days, self.rate_step = params.years, params.days, params.rate_step
        self.cutoffs = np.array(params.cutoffs)
        self.skill = np.geomspace(1.0, params.spread, params.workers)
        self.weights = self.skill**-params.aversion
        self.weights /= self.weights.mean()
        self.effort_of = np.linspace(0.0, OVERTIME, params.levels)
        power = 1.0 + 1.0 / params.elasticity
        self.cost_of = self.skill[:, None] * self.effort_of**power / power  # [K, levels]
        brackets = len(params.cutoffs)
        seen, ticks = Box((FIRST_RATE + 2 * brackets + params.levels,)), params.years * (1 + params.days)
        levels = taxes.rate_levels(params.rate_step)
        super().__init__(society_spec(params.workers, levels, brackets, seen, params.levels, ticks, INFO), lanes)

    def fields(self) -> dict[str, Any]:
        """See the class."""
        none = np.zeros(self.params.workers)
        return {"coin": none, "cost": none, "effort": none, "consumed": none, "chosen": none}

    def begin(self, lanes: Lanes) -> None:
        """Nothing is left to chance."""

    def work(self, lanes: Lanes, actions: Array) -> None:
        """Effort adds up, and costs."""
        self.chosen[lanes] = self.effort_of[actions]
        self.effort[lanes] += self.chosen[lanes] / self.days
        self.cost[lanes] += np.take_along_axis(self.cost_of[None], actions[:, :, None], axis=2)[:, :, 0] / self.days

    def year_ends(self, lanes: Lanes) -> None:
        """Everybody is paid, taxed, and gets an even share of all taxes."""
        income = self.skill * self.effort[lanes]
        paid = taxes.due(income, self.rates[lanes], self.cutoffs)
        left = income - paid + paid.mean(axis=1, keepdims=True)
        self.coin[lanes] += left
        self.last_income[lanes], self.consumed[lanes], self.effort[lanes] = income, left, 0.0

    def utility(self, lanes: Lanes) -> Floats:
        """Consumption less the cost of effort, of all years so far, `[L, K]`."""
        return np.asarray(self.coin[lanes] - self.cost[lanes])

    def standing(self, lanes: Lanes) -> Floats:
        """See `Society`."""
        utility = self.utility(lanes)
        return np.concatenate([(self.weights * utility).mean(axis=1, keepdims=True), utility], axis=1)

    def held(self, lanes: Lanes) -> Floats:
        """What is consumed in a year: nothing is saved."""
        return self.consumed[lanes]

    def observe_workers(self, lanes: Lanes) -> Array:
        """Skill, last effort, day, time; rates, cutoffs; the payoffs of all efforts over skill."""
        shape = len(lanes), self.workers
        shared = np.stack([self.day[lanes] / self.days, self.tick[lanes] / self.spec.max_length], axis=1)
        fixed = np.broadcast_to(self.cutoffs, (len(lanes), len(self.cutoffs)))
        shared = np.concatenate([shared, self.rates[lanes], fixed], axis=1)
        own = np.stack([np.broadcast_to(self.skill, shape), self.chosen[lanes]], 2)
        payoffs = self.payoffs(self.rates[lanes]) / self.skill[:, None]
        everybody = np.broadcast_to(shared[:, None], (*shape, shared.shape[1]))
        return np.concatenate([own, everybody, payoffs], axis=2).astype(np.float32)

    def payoffs(self, rates: Floats) -> Floats:
        """What each effort leaves a worker with, besides what others pay it: `[L, K, levels]` by `rates[L, B]`."""
        incomes = self.skill[:, None] * self.effort_of
        due = taxes.due(incomes.ravel(), rates, self.cutoffs).reshape(len(rates), *incomes.shape)
        own = 1.0 - 1.0 / self.workers  # the part of its tax that a worker does not get back
        return np.asarray(incomes - own * due - self.cost_of)

    def observe_planner(self, lanes: Lanes) -> ArrayTree:
        """See `planner_space`."""
        seen = {
            "year": self.tick[lanes][:, None] / self.spec.max_length,
            "cutoffs": np.repeat(self.cutoffs[None], len(lanes), axis=0),
            "rates": self.rates[lanes],
            "incomes": self.last_income[lanes],
            "coins": self.consumed[lanes],
            "welfare": self.standing(lanes)[:, :1],
        }
        return {name: leaf.astype(np.float32) for name, leaf in seen.items()}

    def info(self, lanes: Lanes) -> Mapping[str, Array]:
        """See `INFO`; of the last year that is over."""
        consumed = self.consumed[lanes]
        passed = np.maximum((self.tick[lanes]) // (1 + self.days), 1)
        return {
            "welfare": self.standing(lanes)[:, 0] / passed,
            "output": self.last_income[lanes].mean(axis=1),
            "equality": taxes.equality(consumed),
        }

    def render(self, lane: int) -> Frame:
        """Who earned and consumed how much last year, and the rates."""
        rates = "  ".join(
            f"{rate:.0%} from {low:g}"
            for rate, low in zip(self.rates[lane].tolist(), self.cutoffs.tolist(), strict=True)
        )
        head = f"year {min(int(self.tick[lane]) // (1 + self.days) + 1, self.years)} of {self.years}   rates {rates}"
        earned, consumed = self.last_income[lane].tolist(), self.consumed[lane].tolist()
        lines = [head, "worker  skill   earned  consumed"]
        rows = zip(self.skill.tolist(), earned, consumed, strict=True)
        lines += [f"{number:>6} {skill:6.2f} {e:8.3f} {c:9.3f}" for number, (skill, e, c) in enumerate(rows)]
        most, wide = max([1e-9, *earned, *consumed]), 420 / self.workers
        parts = [text(10, 20, head, 12, INK, "start"), text(10, 40, "earned", 12, BLUE, "start")]
        parts.append(text(60, 40, "consumed", 12, "#8a6a00", "start"))
        for number, pair in enumerate(zip(earned, consumed, strict=True)):
            for side, (value, colour) in enumerate(zip(pair, (BLUE, YELLOW), strict=True)):
                tall = 180 * max(value, 0.0) / most
                parts.append(rect(10 + wide * (number + 0.4 * side), 240 - tall, wide * 0.38, tall, colour))
        parts.append(text(10, 258, "workers, from the least to the most skilled", 11, INK, "start"))
        return Frame("\n".join(lines), svg(440, 270, parts))
