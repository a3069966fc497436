"""Runs scenarios of `kind: meanfield`: opens the run directory, solves, and shows what happens."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from marl.errors import UserError
from marl.metrics import read
from marl.registry import Registry
from marl.run.life import Run, carry_out, opened
from marl.scenario import Scenario
from marl.words import duration, number
from marl_meanfield import progress
from marl_meanfield.checks import check
from marl_meanfield.config import MeanFieldConfig
from marl_meanfield.display import Dashboard
from marl_meanfield.hookspecs import GAMES, SOLVERS
from marl_meanfield.progress import Progress
from marl_meanfield.report.page import rewrite
from marl_meanfield.solver import OtherAim, State
from marl_meanfield.solving import Solving


def run(scenario: Scenario, registry: Registry, out: Path, resume: bool) -> None:
    """Solve in `out`, or go on with the run that is there if it is of the same scenario."""
    config: MeanFieldConfig = scenario.config
    opening = opened(scenario, registry, out, resume, proof=progress.FILE, what="mean-field run")
    with opening as there:
        past = Progress.read(out) if there.resumed else Progress()
        game = registry.make(GAMES, config.game.name, config.game.params)
        check(game, config.game.name)
        solver = registry.make(SOLVERS, config.solver.name, config.solver.params)
        if config.stop.gap is not None and not isinstance(solver, OtherAim):
            raise UserError(
                f"stop.gap is for solvers of correlated equilibria; {config.solver.name} has stop.nash_conv"
            )
        solving = Solving(config, game, solver, out, there.blobs, there.metrics, past)
        there.settle({"iteration": past.iteration})
        carry_out(MeanField(solving, solving.begin()))


class MeanField(Run[Dashboard]):
    """A run of `kind: meanfield`."""

    stays = "go on from the last checkpoint with"

    def __init__(self, solving: Solving, state: State) -> None:
        super().__init__(f"marl resume {solving.out}")
        self.solving, self.state, self.before = solving, state, solving.past

    def display(self, console: Console) -> Dashboard:
        """A dashboard that knows what was measured before this resume."""
        config = self.solving.config
        what, (title, column, goal) = f"{config.solver.name} on {config.game.name}", self.solving.aim
        board = Dashboard(config.name, what, title, config.stop.iterations, goal, console)
        for event in read(self.solving.metrics.path):
            board.recall(event["step"], event[column])
        return board

    def work(self, display: Dashboard) -> None:
        """Solve to the end."""
        self.solving.run(self.state, display.measured)

    def report(self) -> Path:
        """Write report.html."""
        return rewrite(self.solving.out)

    def summary(self, console: Console) -> list[str]:
        """How far from equilibrium it ended, and why it ended."""
        now, solving = self.solving.past, self.solving
        idle = self.before.done and self.before.iteration == now.iteration
        lines = ["this run was finished already: there was nothing left to do"] if idle else []
        after = f"after {now.iteration:,} iteration{'' if now.iteration == 1 else 's'}"
        return [
            *lines,
            f"{solving.aim[0]} {number(solving.distance)} {after} and {duration(now.seconds)}: {solving.reason}",
        ]

    def following(self) -> list[str]:
        """Solve further."""
        _, column, goal = self.solving.aim
        more = f"stop.iterations={2 * max(self.solving.past.iteration, 1)}"
        if goal is not None and self.solving.distance < goal:
            more += f" stop.{column}={goal / 10:g}"
        return [f"marl resume {self.solving.out} {more}"]
