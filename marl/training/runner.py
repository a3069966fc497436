"""Runs scenarios of `kind: train`: opens the run directory, trains, and shows what happens."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console

from marl.blobs import Blobs
from marl.metrics import Metrics, read
from marl.registry import Registry
from marl.run.directory import goes_on, locked
from marl.run.lineage import Entry, settle
from marl.run.players import typed
from marl.scenario import Scenario
from marl.training import history
from marl.training.config import TrainConfig
from marl.training.dashboard import Dashboard, RunInfo
from marl.training.history import History
from marl.training.report.rewrite import rewrite
from marl.training.sinks import Sinks, tensorboard
from marl.training.trainer import Trainer
from marl.words import duration, number


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Train in `out`, or go on with the run that is there if it is of the same scenario."""
    config: TrainConfig = scenario.config
    with locked(out):
        resumed = goes_on(out, history.FILE, "training run", scenario.text, resume)
        past = History.read(out) if resumed else History()
        Blobs(out / "blobs").sweep()
        metrics = Metrics(out / "metrics.jsonl")
        metrics.keep(lambda event: event["step"] <= past.env_steps)
        sinks = Sinks(metrics, tensorboard(out / "tensorboard", past.env_steps) if config.tensorboard else ())
        try:
            trainer = Trainer(config, registry, out, past, sinks)
            added = settle(scenario, registry, out, {"env_steps": past.env_steps, "slice": len(past.slices)})
            if not resumed:
                past.write(out)
            trainer.pins.write()
            for entry in added:
                remark(trainer, entry)
            show(trainer, metrics.path)
        finally:
            sinks.close()


def remark(trainer: Trainer, entry: Entry) -> None:
    """Schedules whose horizon is open run over the whole run: say so where that has become another length."""
    scheduled, params = (
        getattr(getattr(trainer.algorithm, "hyper", None), "scheduled", ()),
        trainer.config.algorithm.params,
    )
    if scheduled and params.get("horizon", 0) is None and "env_steps" in entry.changes:
        before, now = entry.changes["env_steps"]
        print(
            f"note: schedules ({', '.join(scheduled)}) run over {now:,} env steps from now on; "
            f"algorithm.horizon={before} leaves them as they were"
        )


def show(trainer: Trainer, metrics: Path) -> None:
    """Train to the end with a dashboard, then write the report and say how it went and what to do next."""
    console = Console(highlight=False)
    finished = trainer.history.env_steps >= trainer.config.env_steps
    dashboard = dashboard_of(trainer, metrics, console)
    trainer.watcher = dashboard
    try:
        with dashboard:
            for _ in trainer.run():
                pass
    except KeyboardInterrupt:
        console.print(
            f"stopped; go on from the last slice with `marl resume {trainer.out}`", markup=False, soft_wrap=True
        )
        raise
    lines = ["this run was finished already: there was nothing left to do"] if finished else []
    lines += [*summary(trainer), f"report  {rewrite(trainer.out)}", *following(trainer)]
    console.print("\n".join(lines), markup=False, soft_wrap=True)


def dashboard_of(trainer: Trainer, metrics: Path, console: Console) -> Dashboard:
    """A dashboard that knows what was done before this resume."""
    config, past = trainer.config, trainer.history
    evaluation = config.evaluation
    measured = trainer.sides > 1 and not config.opponents and evaluation.every > 0 and evaluation.against
    rival = trainer.rivals[0][0] if measured else ""
    info = RunInfo(config.name, config.env.name, config.algorithm.name, config.env_steps, rival)
    dashboard = Dashboard(info, past.seconds, console)
    updates = ((event["step"], event) for event in read(metrics) if event["event"] == "train")
    dashboard.relive(updates, past.slices)
    return dashboard


def summary(trainer: Trainer) -> list[str]:
    """How the run went."""
    last = trainer.history.slices[-1]
    lines = [f"trained for {last.env_steps:,} env steps in {duration(last.seconds)}"]
    for name, score in last.scores.items():
        line = f"{'' if name == 'alone' else f'against {name}: '}return {number(score['return'])}"
        line += f" ± {number(score['return_margin'], 2)}" if "return_margin" in score else ""
        if "points" in score:
            line += f", {score['points']:.1%} of the points ({score['points_low']:.1%} to {score['points_high']:.1%})"
        lines.append(f"{line}, in {score['matches']:,.0f} matches")
    return lines


def following(trainer: Trainer) -> list[str]:
    """What to do next."""
    out, opponents = trainer.out, trainer.config.opponents
    rivals = f" --against {shlex.quote(typed(opponents[0], trainer.registry))}" if opponents else ""
    longer = f"marl resume {out} env_steps={2 * trainer.config.env_steps}"
    return [f"next    marl watch {out}{rivals}", f"        marl evaluate {out}{rivals}", f"        {longer}"]
