"""A language model as a policy: it plans, or it works. What is not clear becomes what was done before.

An unclear answer is told on standard error, the first times, and counted (`unclear`); a planner then leaves the rates
as they are, and a worker its effort.
"""

from __future__ import annotations

import sys

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.space import Discrete, MultiDiscrete
from marl.types import Array, Floats, Ints, Keys
from marl_economy.labour.labour import FIRST_RATE, OVERTIME
from marl_economy.language import prompts
from marl_economy.language.answers import UnclearError, named, number, numbers, within
from marl_economy.language.client import Client, Question
from marl_economy.language.params import LanguageParams
from marl_economy.society import PLANNER, WORKERS

TOLD = 5  # unclear answers that are told in full
WELFARE = {
    "output": "it is the mean of how well off workers are, and the less skilled count more",
    "tax": "it is equality times the mean wealth of the workers",
}


class Language:
    """See above. Raises UserError where the game is none of marl-economy's.

    As a planner it remembers the years so far, `float64[1 + history * (B + 1)]`: how many, then rates and welfare.
    """

    def __init__(self, spec: EnvSpec, params: LanguageParams | None = None, snapshot: Snapshot | None = None) -> None:
        self.params = params or LanguageParams()
        group = spec.groups[PLANNER]
        if group.name != "planner" or not isinstance(group.action, MultiDiscrete):
            raise UserError("economy/language plans and works in the economies of marl-economy, and here is none")
        self.brackets, self.levels = len(group.action.nvec), group.action.nvec[0] - 1
        workers = spec.groups[WORKERS].action
        self.efforts = np.linspace(0.0, OVERTIME, workers.n) if isinstance(workers, Discrete) else np.zeros(1)
        self.works = "output" in spec.info  # in economy/labour; the town's workers have too many things to do
        self.welfare = WELFARE["output" if self.works else "tax"]
        self.client = Client(self.params)
        self.unclear = 0

    def memory(self, rows: int) -> Array | None:
        """No years so far; the same for workers, who do not use it."""
        return np.zeros((rows, 1 + self.params.history * (self.brackets + 1)))

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Ask the model about each row."""
        assert memory is not None
        if rows.group == PLANNER:
            return self._plan(rows, memory.copy(), keys)
        if not self.works:
            raise UserError("economy/language works in economy/labour alone; in economy/town it plans, on side 0")
        return Acts(self._work(rows, keys), np.zeros(len(rows)), memory=memory)

    def persona(self, worker: int) -> str:
        """Who a worker is."""
        known = self.params.personas
        return known[worker % len(known)] if known else ""

    def said(self, sentence: str) -> None:
        """Tell an unclear answer."""
        self.unclear += 1
        if self.unclear <= TOLD:
            more = "; further ones are only counted" if self.unclear == TOLD else ""
            print(f"note: an answer of the language model is not clear: {sentence}{more}", file=sys.stderr)

    def _work(self, rows: Rows, keys: Keys) -> Ints:
        seen = np.asarray(rows.observation, dtype=float)
        rates, cutoffs, worth = np.split(seen[:, FIRST_RATE:], [self.brackets, 2 * self.brackets], axis=1)
        last = [None if first else float(effort) for first, effort in zip(rows.first, seen[:, 1], strict=True)]
        questions = [
            Question(
                prompts.worker(self.persona(int(rows.agent[row]) - 1)),
                prompts.work(
                    rates[row].tolist(),
                    cutoffs[row].tolist(),
                    last[row],
                    self.efforts.tolist(),
                    seen[row, 0],
                    worth[row],
                ),
                int(keys[row]),
            )
            for row in range(len(rows))
        ]
        action = np.zeros(len(rows), np.int64)
        for row, text in enumerate(self.client.ask(questions)):
            try:
                effort = within(number(named(text, "effort"), "effort"), 0.0, OVERTIME, "effort")
            except UnclearError as unclear:
                effort = 1.0 if last[row] is None else float(last[row] or 0.0)
                self.said(f"{unclear}; worker {int(rows.agent[row]) - 1} makes an effort of {effort:.2f} as before")
            action[row] = int(np.abs(self.efforts - effort).argmin())
        return action

    def _plan(self, rows: Rows, memory: Floats, keys: Keys) -> Acts:
        rates, incomes = (np.asarray(rows.observation[name], dtype=float) for name in ("rates", "incomes"))
        history = self.remembered(rows, memory)
        cutoffs = np.asarray(rows.observation["cutoffs"], dtype=float)
        asked = np.flatnonzero(~rows.first)
        questions = [
            Question(
                prompts.planner(self.welfare),
                prompts.plan(cutoffs[row].tolist(), rates[row].tolist(), incomes[row].tolist(), history[row]),
                int(keys[row]),
            )
            for row in asked
        ]
        wanted = np.where(rows.first[:, None], 0.5, rates)  # as there, all rates begin with 50 %
        for row, text in zip(asked.tolist(), self.client.ask(questions), strict=True):
            wanted[row] = self.changed(rates[row], text, "the rates stay")
        return Acts(self.actions(wanted), np.zeros(len(rows)), memory=memory)

    def changed(self, rates: Floats, text: str, otherwise: str) -> Floats:
        """The rates after the change that a text names; as they are where that is not clear."""
        try:
            delta = numbers(named(text, "delta"), self.brackets, "delta")
            for one in delta:
                within(one, -20, 20, "a change")
        except UnclearError as unclear:
            self.said(f"{unclear}; {otherwise}")
            return rates
        return np.clip(rates + np.rint(np.array(delta) / 10) / 10, 0.0, 1.0)

    def actions(self, rates: Floats) -> Ints:
        """Rates as the planner's actions."""
        return np.rint(np.clip(rates, 0.0, 1.0) * self.levels).astype(np.int64)

    def remembered(self, rows: Rows, memory: Floats) -> list[list[str]]:
        """The history of each row in lines, with the year that is over; `memory` is changed."""
        lines: list[list[str]] = []
        size, most = self.brackets + 1, self.params.history
        rates, welfare = (np.asarray(rows.observation[name], dtype=float) for name in ("rates", "welfare"))
        for row, known in enumerate(memory):
            table = known[1:].reshape(most, size)
            if not rows.first[row]:
                count = int(known[0])
                table[count % most] = [*rates[row], welfare[row, 0]]
                known[0] += 1
            count = int(known[0])
            lines.append(_lines(table, count, most))
        return lines


def _lines(table: Floats, count: int, most: int) -> list[str]:
    """The last years: welfare is what was added to that of the year before."""
    years = range(max(0, count - most), count)
    found = []
    for year in years:
        before = table[(year - 1) % most, -1] if year > max(0, count - most) or (year and count <= most) else 0.0
        if year == years[0] and count > most:
            continue  # what came before it is forgotten
        found.append(prompts.year_line(year + 1, table[year % most, :-1].tolist(), table[year % most, -1] - before))
    return found
