"""Runs scenarios of `kind: economy`: opens the run directory, plays the years, and shows what happens."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from marl.metrics import read
from marl.registry import Registry
from marl.run.life import Run, carry_out, opened
from marl.scenario import Scenario
from marl_economy.running import progress
from marl_economy.running.config import EconomyConfig
from marl_economy.running.display import Dashboard
from marl_economy.running.page import rewrite
from marl_economy.running.progress import Progress
from marl_economy.running.years import Years


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Play in `out`, or go on with the run that is there if it is of the same scenario."""
    config: EconomyConfig = scenario.config
    with opened(scenario, registry, out, resume, proof=progress.FILE, what="economy run") as there:
        past = Progress.read(out) if there.resumed else Progress()
        there.metrics.keep(lambda event: event["step"] <= past.years)
        years = Years(config, registry, out, there.pins, there.metrics, past)
        there.settle({"year": past.years})
        if not there.resumed:
            Progress(0, years.society.years).write(out)
        carry_out(Economy(years))


class Economy(Run[Dashboard]):
    """A run of `kind: economy`."""

    stays = "what was said is kept: go on with"

    def __init__(self, years: Years) -> None:
        super().__init__(f"marl resume {years.out}")
        self.years, self.before = years, years.past

    def display(self, console: Console) -> Dashboard:
        """A dashboard that knows the years before this resume."""
        config = self.years.config
        what = f"{config.planner.name} and {config.workers.name} in {config.env.name}"
        board = Dashboard(config.name, what, self.years.society.years, console)
        for event in read(self.years.metrics.path):
            board.recall(event)
        return board

    def work(self, display: Dashboard) -> None:
        """Play to the end."""
        self.years.run(display.year)

    def report(self) -> Path:
        """Write report.html."""
        return rewrite(self.years.out)

    def summary(self, console: Console) -> list[str]:
        """The last tenth of the years, and what it cost."""
        events = list(read(self.years.metrics.path))
        last = events[-max(len(events) // 10, 1) :]
        idle = self.before.years == self.years.past.years
        lines = ["this run was finished already: there was nothing left to do"] if idle else []
        mean = sum(event["welfare"] for event in last) / len(last)
        of = f"the last {len(last)} years" if len(last) > 1 else "the last year"
        lines.append(f"{len(events)} years; welfare {mean:.4g} in {of}")
        if events[-1]["requests"]:
            unclear = events[-1]["unclear"]
            lines.append(
                f"the language model was asked {events[-1]['requests']:,} times ({events[-1]['tokens']:,} tokens), and "
                f"{unclear} answers were not clear; all of it is in {self.years.out / 'said.jsonl'}"
            )
        return lines

    def following(self) -> list[str]:
        """Read what was said."""
        return [f"marl report {self.years.out}"]
