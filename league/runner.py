"""Runs scenarios of `kind: league`: opens the run directory, works, and shows what happens."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from league.config import LeagueConfig
from league.dashboard import Dashboard, Progress
from league.ledger import Ledger
from league.manager import Manager
from league.payoffs import PayoffSource
from league.payoffs.exact import ExactPayoffs
from league.payoffs.sampled import SampledPayoffs
from league.reader import read_view
from league.report import write as write_report
from league.services import LeagueServices
from league.strategy import Strategy
from marl.blobs import Blobs
from marl.env import Exact
from marl.errors import UserError
from marl.metrics import Metrics
from marl.registry import Registry
from marl.rundir import locked
from marl.scenario import FILE, Scenario, write


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Run a league in `out`, or go on with the one that is there if it is of the same scenario."""
    with locked(out):
        resumed = _check_same(scenario, out, resume)
        ledger = Ledger.at(out)
        metrics = Metrics(out / "metrics.jsonl")
        try:
            if not resumed:
                write(scenario, registry, out)
            manager = build(scenario.config, registry, ledger, Blobs(out / "blobs"), metrics)
            last = manager.iterations[-1].number if manager.iterations else -1
            metrics.keep(lambda event: event["step"] <= last)
            show(manager, scenario, out)
        finally:
            metrics.close()
            ledger.close()


def build(config: LeagueConfig, registry: Registry, ledger: Ledger, blobs: Blobs, metrics: Metrics) -> Manager:
    """A manager with everything that the scenario names."""
    services = LeagueServices(registry, config.env, blobs, metrics)
    made = registry.make("strategies", config.strategy.name, config.strategy.params, registry=registry)
    exact = isinstance(services.environment(1), Exact) and config.payoffs.mode != "sampled"
    if config.payoffs.mode == "exact" and not exact:
        raise UserError(f"payoffs.mode: {config.env.name} cannot say exact payoffs of itself; use 'sampled' or 'auto'")
    payoffs: PayoffSource
    if exact:
        payoffs = ExactPayoffs(services.exact(), services.spec.zero_sum)
    else:
        payoffs = SampledPayoffs(services, config.payoffs.matches, config.payoffs.lanes, config.seed)
    return Manager(config, registry, ledger, services, cast(Strategy, made), payoffs, exact)


def _check_same(scenario: Scenario, out: Path, resume: bool) -> bool:
    """Whether there is a run to go on with. A run goes on only as what it was."""
    before = out / FILE
    if not (out / "ledger.db").exists() or not before.exists():
        if resume:
            raise UserError(f"{out} holds no league to resume: there is no {FILE} with a ledger.db in it")
        return False
    written = "".join(line for line in before.read_text().splitlines(keepends=True) if not line.startswith("# "))
    if not resume and written != scenario.text:
        raise UserError(
            f"{out} holds a run of another scenario: resume that with `marl resume {out}`, or choose another --out"
        )
    return True


def show(manager: Manager, scenario: Scenario, out: Path) -> None:
    """Work until the league stops, with a dashboard, then write the report and say where it is."""
