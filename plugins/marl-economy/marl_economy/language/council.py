"""Democracy: every few years workers stand for election by what they would do to the rates, and vote.

It plays the planner's side, and does what the winner would. All that stand, vote and win are in the client's log;
between elections rates stay. Of candidates with as many votes, the one in office wins, then the one with the lowest
number. Who votes for nobody, or for somebody who does not stand, does not vote.

Source: Karten et al., "LLM Economist", arXiv:2507.15815, 2025 (elections by platforms).
"""

from __future__ import annotations

import numpy as np

from marl.env import EnvSpec, Rows
from marl.errors import UserError
from marl.policy import Acts
from marl.snapshot import Snapshot
from marl.types import Array, Floats, Keys
from marl_economy.language import prompts
from marl_economy.language.answers import UnclearError, named, number
from marl_economy.language.client import Question
from marl_economy.language.params import CouncilParams
from marl_economy.language.policy import Language
from marl_economy.society import PLANNER

NOBODY = -1.0


class Council(Language):
    """See above. It remembers how many years are over, and who is in office: `float64[2]`."""

    params: CouncilParams

    def __init__(self, spec: EnvSpec, params: CouncilParams | None = None, snapshot: Snapshot | None = None) -> None:
        super().__init__(spec, params or CouncilParams(), snapshot)
        self.workers = len(spec.agents) - 1

    def memory(self, rows: int) -> Array | None:
        """No years, and nobody in office."""
        return np.tile([0.0, NOBODY], (rows, 1))

    def act(self, rows: Rows, memory: Array | None, keys: Keys) -> Acts:
        """Hold elections where they are due."""
        if rows.group != PLANNER:
            raise UserError("economy/council elects planners: it plays side 0 of an economy, and workers play side 1")
        assert memory is not None
        memory = memory.copy()
        wanted = np.asarray(rows.observation["rates"], dtype=float).copy()
        wanted[rows.first] = 0.5
        for row in range(len(rows)):
            if not rows.first[row] and int(memory[row, 0]) % self.params.term == 0:
                rates, winner = self.election(rows, row, int(memory[row, 1]), int(keys[row]))
                wanted[row], memory[row, 1] = rates, winner
            memory[row, 0] += not rows.first[row]
        return Acts(self.actions(wanted), np.zeros(len(rows)), memory=memory)

    def election(self, rows: Rows, row: int, office: int, key: int) -> tuple[Floats, int]:
        """The rates from now on, and who won, or is still in office where nobody stands."""
        rates, cutoffs, incomes = (
            np.asarray(rows.observation[name], dtype=float)[row] for name in ("rates", "cutoffs", "incomes")
        )
        state = cutoffs.tolist(), rates.tolist()
        asked = [
            Question(
                prompts.citizen(self.persona(one)), prompts.stand(*state, float(incomes[one]), incomes.tolist()), key
            )
            for one in range(self.workers)
        ]
        platforms: dict[int, Floats] = {}
        for one, text in enumerate(self.client.ask(asked)):
            try:
                stands = named(text, "delta") is not None
            except UnclearError as unclear:
                self.said(f"{unclear}; worker {one} does not stand for election")
                continue
            if stands:
                changed = self.changed(rates, text, f"worker {one} would leave the rates as they are")
                platforms[one] = changed
        if not platforms:
            return rates, office
        told = [f"candidate {one}: rates {prompts.percent(rates.tolist())}" for one, rates in platforms.items()]
        asked = [
            Question(
                prompts.citizen(self.persona(one)),
                prompts.vote(*state, float(incomes[one]), incomes.tolist(), told),
                key,
            )
            for one in range(self.workers)
        ]
        votes = dict.fromkeys(platforms, 0)
        for one, text in enumerate(self.client.ask(asked)):
            try:
                chosen = int(number(named(text, "candidate"), "candidate"))
                if chosen not in votes:
                    raise UnclearError(f"candidate {chosen} does not stand")
            except UnclearError as unclear:
                self.said(f"{unclear}; worker {one} does not vote")
                continue
            votes[chosen] += 1
        winner = max(votes, key=lambda one: (votes[one], one == office, -one))
        return platforms[winner], winner
