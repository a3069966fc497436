"""Runs scenarios of `kind: train`: opens the run directory, trains, and shows what happens."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from marl.metrics import read
from marl.registry import Registry
from marl.run.journal import Entry
from marl.run.life import Run, carry_out, opened
from marl.run.players import typed
from marl.scenario import Scenario
from marl.training import history
from marl.training.config import TrainConfig
from marl.training.dashboard import Dashboard, RunInfo
from marl.training.history import History
from marl.training.report.rewrite import rewrite
from marl.training.trainer import Trainer
from marl.words import duration, number


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Train in `out`, or go on with the run that is there if it is of the same scenario."""
    config: TrainConfig = scenario.config
    with opened(scenario, registry, out, resume, proof=history.FILE, what="training run") as there:
        past = History.read(out) if there.resumed else History()
        there.metrics.keep(lambda event: event["step"] <= past.env_steps)
        with ExitStack() as on_exit:
            trainer = Trainer(config, registry, out, past, there.metrics, there.blobs, there.pins)
            on_exit.callback(trainer.close)
            added = there.settle({"env_steps": past.env_steps, "slice": len(past.slices)})
            if not there.resumed:
                past.write(out)
            for entry in added:
                remark(trainer, entry)
            carry_out(Training(trainer, there.metrics.path))


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


class Training(Run[Dashboard]):
    """A run of `kind: train`. `metrics`: its metrics.jsonl."""

    stays = "go on from the last slice with"

    def __init__(self, trainer: Trainer, metrics: Path) -> None:
        super().__init__(f"marl resume {trainer.out}")
        self.trainer, self.metrics = trainer, metrics
        self._finished = trainer.history.env_steps >= trainer.config.env_steps

    def display(self, console: Console) -> Dashboard:
        """A dashboard that knows what was done before this resume."""
        return dashboard_of(self.trainer, self.metrics, console)

    def work(self, display: Dashboard) -> None:
        """Train, slice after slice."""
        self.trainer.watcher = display
        for _ in self.trainer.run():
            pass

    def report(self) -> Path:
        """Write report.html."""
        return rewrite(self.trainer.out)

    def summary(self, console: Console) -> list[str]:
        """Time and scores."""
        lines = ["this run was finished already: there was nothing left to do"] if self._finished else []
        return [*lines, *summary(self.trainer)]

    def following(self) -> list[str]:
        """Watch it, measure it, train on."""
        return following(self.trainer)


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
        lines.append(f"{line}, in {score['matches']:,.0f} {'match' if score['matches'] == 1 else 'matches'}")
    return lines


def following(trainer: Trainer) -> list[str]:
    """What to do next."""
    out, opponents = trainer.out, trainer.config.opponents
    rivals = f" --against {shlex.quote(typed(opponents[0], trainer.registry))}" if opponents else ""
    longer = f"marl resume {out} env_steps={2 * trainer.config.env_steps}"
    return [f"marl watch {out}{rivals}", f"marl evaluate {out}{rivals}", longer]
