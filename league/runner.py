"""Runs scenarios of `kind: league`: opens the run directory, works, and shows what happens."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from rich.console import Console

from league.checked.measures import measures
from league.checked.strategy import CheckedStrategy
from league.config import LeagueConfig
from league.dashboard import Dashboard, Headline, Progress, RunInfo
from league.hookspecs import STRATEGIES
from league.items.work import LeagueWork
from league.ledger import Ledger
from league.ledger.driving import driving
from league.ledger.operations import Operation
from league.ledger.sound import check
from league.manager import Manager
from league.population.kind import plays_all_sides
from league.report import read_learning
from league.report import write as write_report
from league.services import lending_of
from marl.blobs import Blobs, point
from marl.errors import UserError
from marl.metrics import Metrics, read
from marl.page.sections import sections_of
from marl.registry import Registry
from marl.reward import logged
from marl.run.change import changed
from marl.run.journal import settle
from marl.run.life import Opened, Run, carry_out, opened
from marl.scenario import FILE as RECORD
from marl.scenario import Scenario, plain
from marl.words import uncertain


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Run a league in `out`, or go on with the one that is there if it is of the same scenario."""
    config = scenario.config
    if config.blobs:
        point(out / "blobs", config.blobs)
    proof = RECORD if config.ledger else "ledger.db"
    opening = opened(scenario, registry, out, resume, proof=proof, what="league")
    with opening as there, closing(Ledger.of(out, config.ledger)) as ledger, driven(ledger, config):
        check(ledger, plain(scenario.config.env))
        league = League(begin(there, ledger, scenario), there)
        there.settle({"iteration": league.done})
        mend(there.metrics, league.manager)
        with closing(league):
            carry_out(league)


def driven(ledger: Ledger, config: LeagueConfig) -> AbstractContextManager[None]:
    """Have the league for this process where others may reach its ledger; elsewhere the directory's lock does."""
    return driving(ledger, config.lease_seconds) if config.ledger else nullcontext()


def begin(there: Opened, ledger: Ledger, scenario: Scenario) -> Manager:
    """The manager of an opened run, by a scenario of it."""
    manager = build(scenario.config, there.registry, ledger, there.blobs, there.metrics)
    if (start := scenario.config.start_from) is not None:
        manager.start = there.pins.find(start, "start_from")
    return manager


def build(config: LeagueConfig, registry: Registry, ledger: Ledger, blobs: Blobs, metrics: Metrics) -> Manager:
    """A manager with everything that the scenario names."""
    lending = lending_of(config, blobs.root)
    work = LeagueWork(lending, config.payoffs.source, lending.services(registry))
    services, source = work.services(), work.source
    made = registry.make(STRATEGIES, config.strategy.name, config.strategy.params, registry=registry)
    taken = measures(config, registry, services, exact=source.matches == 0)
    strategy = CheckedStrategy(made, config.strategy.name, registry)
    for founders in strategy.founders(services.spec) if not ledger.iterations() else ():
        for founder in founders:
            services.restore(founder)  # what cannot be made is found out before anything is written
    one = plays_all_sides(config.population, services.spec, ledger)
    return Manager(config, ledger, work, strategy, taken, metrics, one)


def mend(metrics: Metrics, manager: Manager) -> None:
    """Make metrics.jsonl what the ledger says: a killed run may have written a line too many, or one too few."""
    last = manager.iterations[-1].number if manager.iterations else -1

    @cache
    def finished(job: str) -> bool:
        return manager.ledger.job(job) is not None

    def counts(event: dict[str, Any]) -> bool:
        if event.get("job"):
            return finished(event["job"])
        return event["event"] == "warning" or bool(event.get("iteration", event["step"]) <= last)

    metrics.keep(counts)
    there: set[int] = set()
    for event in read(metrics.path):
        if event["event"] == "iteration":
            there.add(event["step"])
        elif event["event"] == "train":
            manager.log.steps += int(event.get("env_steps", 0))
    for iteration in manager.iterations:
        if iteration.number not in there:
            manager.report(iteration)


class League(Run[Dashboard]):
    """A run of `kind: league`."""

    def __init__(self, manager: Manager, there: Opened) -> None:
        super().__init__(f"marl resume {there.out}")
        self.manager, self.there, self.out, self.scenario = manager, there, there.out, there.scenario

    @property
    def done(self) -> int:
        """The last iteration that is finished."""
        return self.manager.iterations[-1].number if self.manager.iterations else 0

    def close(self) -> None:
        """End the workers."""
        self.manager.close()

    def display(self, console: Console) -> Dashboard:
        """A dashboard that knows the iterations before this resume."""
        return Dashboard(describe(self.manager), self.manager.iterations, console)

    def work(self, display: Dashboard) -> None:
        """Work until the league stops."""
        while True:
            manager = self.manager
            manager.tell = partial(self._tell, display, manager)
            for _ in manager.run():
                manager.tell()
            if (setting := manager.operations.setting) is None:
                return
            self._set(setting)
            display.info = describe(self.manager)

    @staticmethod
    def _tell(display: Dashboard, manager: Manager) -> None:
        display.update(progress(manager))

    def _set(self, setting: Operation) -> None:
        """Go on with other settings, as a league does that is stopped and resumed with them; or refuse them.

        They stand in the run directory before the ledger says so: who is killed in between takes them again.
        """
        operations, manager = self.manager.operations.operations, self.manager
        try:
            scenario = changed(self.out, setting.data["overrides"], self.there.registry)
            manager = begin(self.there, self.manager.ledger, scenario)
        except UserError as error:
            operations.refuse(setting.number, self.done, str(error))
            manager = begin(self.there, self.manager.ledger, self.scenario)
        else:
            self.scenario = scenario
            settle(scenario, self.there.registry, self.out, {"iteration": self.done})
            self.there.pins.write()
            operations.take(setting.number, self.done)
        manager.log.steps, self.manager = self.manager.log.steps, manager

    def report(self) -> Path:
        """Write report.html."""
        report, view = self.out / "report.html", replace(self.manager.view(), scenario=self.scenario.text)
        write_report(view, report, read_learning(self.out), sections_of(self.out, self.there.registry))
        return report

    def summary(self, console: Console) -> list[str]:
        """What was measured, and why it stopped."""
        last = self.manager.iterations[-1]
        measured = said(self.manager) or f"values {', '.join(uncertain(*value) for value in last.worth)}"
        done = f"{last.number} iteration{'' if last.number == 1 else 's'}"
        silent = self.manager.measures.silent([one.measures for one in self.manager.iterations])
        return [f"{measured} after {done} and {last.seconds:.1f} s: {self.manager.reason}", *silent]

    def following(self) -> list[str]:
        """Look into it, go on."""
        return [f"marl league status {self.out}", further(self.manager, self.out)]


def describe(manager: Manager) -> RunInfo:
    """What the dashboard shows from the beginning."""
    config, first = manager.config, manager.measures.first
    return RunInfo(
        config.name,
        config.env.name,
        manager.population.names,
        config.stop.iterations,
        config.stop.seconds,
        Headline(first.name, first.measure.about, first.bound) if first else None,
    )


def said(manager: Manager) -> str:
    """What was measured last, in words."""
    last = manager.iterations[-1].measures
    named = ((one.measure.about.title, last[one.name]) for one in manager.measures if one.name in last)
    return ", ".join(f"{title} {uncertain(value.value, value.margin)}" for title, value in named)


def further(manager: Manager, out: Path) -> str:
    """The command that goes on beyond what ended the league, so that there is something to do; else one that looks."""
    stop, last = manager.config.stop, manager.iterations[-1]
    beyond: list[str] = []
    beyond += [more for one in manager.measures if (more := one.beyond(last.measures.get(one.name)))]
    if stop.iterations is not None and last.number >= stop.iterations:
        beyond.append(f"stop.iterations={max(2 * stop.iterations, 1)}")
    if stop.seconds is not None and manager.seconds >= stop.seconds:
        beyond.append(f"stop.seconds={2 * max(stop.seconds, manager.seconds):.0f}")
    return f"marl resume {out} {' '.join(beyond)}" if beyond else f"marl evaluate {out}"


def progress(manager: Manager) -> Progress:
    """What the dashboard shows of a manager."""
    last, first = manager.iterations[-1] if manager.iterations else None, manager.measures.first
    sizes = manager.population.sizes
    return Progress(
        iteration=last.number if last else 0,
        seconds=manager.seconds,
        measure=last.measures.get(first.name) if last and first else None,
        populations=sizes,
        supports=tuple(sum(w > 0 for w in mixture) for mixture in last.mixtures) if last else (),
        values=last.worth if last else (),
        pairings=manager.filling.table.known,
        pairings_total=manager.filling.table.pairings,
        jobs=tuple(manager.jobs.progress()),
        steps=manager.log.steps,
        doing=doing(manager),
        learning=tuple(manager.log.newest.returns),
        paid=tuple(logged(manager.log.newest.latest).items()),
    )


def doing(manager: Manager) -> str:
    """What goes on, and how fast it trains where it does."""
    speed = manager.log.newest.latest.get("env_steps_per_s")
    return manager.doing if speed is None or not manager.doing else f"{manager.doing}, {speed / 1000:,.1f}k steps/s"
