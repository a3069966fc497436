"""Plays the years of a run, and keeps what came of each.

A run that goes on plays its years again, since all follows from the seed; a language model is not asked again, since
what it said is in said.jsonl.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from marl.env import EnvSpec
from marl.errors import UserError
from marl.metrics import Metrics
from marl.policy import Policy
from marl.registry import ENVIRONMENTS, Component, Registry
from marl.run.pins import Pins
from marl_economy import taxes
from marl_economy.language.log import Log
from marl_economy.language.policy import Language
from marl_economy.playing import Table, Year
from marl_economy.running.config import EconomyConfig
from marl_economy.running.progress import Progress
from marl_economy.society import PLANNER, WORKERS, Society

SAID = "said.jsonl"


class Years:
    """A run's economy and players, made anew. Raises UserError where they do not fit."""

    def __init__(
        self, config: EconomyConfig, registry: Registry, out: Path, pins: Pins, metrics: Metrics, past: Progress
    ) -> None:
        self.config, self.out, self.metrics, self.past = config, out, metrics, past
        society = registry.make(ENVIRONMENTS, config.env.name, config.env.params, lanes=config.matches)
        if not isinstance(society, Society):
            raise UserError(f"env: {config.env.name} is no economy; economy/labour and economy/town are")
        self.society: Society = society
        spec = society.spec
        self.planner = playing(config.planner, "planner", PLANNER, registry, spec, pins)
        self.workers = playing(config.workers, "workers", WORKERS, registry, spec, pins)
        log = Log(out / SAID)
        self.speakers = [one for one in (self.planner, self.workers) if isinstance(one, Language)]
        for one in self.speakers:
            if one.client.log.path is None:
                one.client.log = log

    def run(self, told: Callable[[dict[str, Any]], None]) -> None:
        """Play to the last year."""
        begun, before = time.monotonic(), self.past.seconds
        table = Table(self.society, self.planner, self.workers, self.config.seed)
        welfare = 0.0
        for number in range(1, self.society.years + 1):
            year = table.year(number)
            event, welfare = self.event(year, welfare), float(year.welfare.mean())
            if number <= self.past.years:
                continue
            self.metrics.log("year", number, **event)
            self.past = Progress(number, self.society.years, before + time.monotonic() - begun)
            self.past.write(self.out)
            told({"step": number, **event})

    def event(self, year: Year, before: float) -> dict[str, Any]:
        """What is kept of a year: means over matches; `welfare` is what the year added."""
        logs = {id(one.client.log): one.client.log for one in self.speakers}.values()
        return {
            "rates": year.rates.mean(axis=0).round(4).tolist(),
            "incomes": np.sort(year.incomes, axis=1).mean(axis=0).round(4).tolist(),
            "welfare": round(float(year.welfare.mean()) - before, 6),
            "output": round(float(year.incomes.mean()), 6),
            "equality": round(float(taxes.equality(np.maximum(year.coin, 0.0)).mean()), 6),
            "requests": sum(log.requests for log in logs),
            "tokens": sum(log.tokens for log in logs),
            "unclear": sum(one.unclear for one in self.speakers),
        }


def playing(who: Component, where: str, side: int, registry: Registry, spec: EnvSpec, pins: Pins) -> Policy:
    """The policy of a player on its side. Raises UserError where it is none, or a mixture."""
    found = pins.find(who, where)
    try:
        player = found.player(registry, spec)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    (chosen,) = np.flatnonzero(player.weights[side] > 0)[:1]
    if player.weights[side, chosen] < 1.0:
        raise UserError(f"{where}: {who.name} is a mixture; name one player of it, as {who.name}@NAME")
    return player.policies[int(chosen)]
