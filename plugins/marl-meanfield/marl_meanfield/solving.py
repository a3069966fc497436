"""The loop of a run: measure, stop or step, keep a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from marl.blobs import Blobs
from marl.errors import RunError
from marl.metrics import Metrics
from marl.types import Floats
from marl_meanfield import exact
from marl_meanfield.config import MeanFieldConfig
from marl_meanfield.game import MeanFieldGame
from marl_meanfield.progress import Progress
from marl_meanfield.solver import OtherAim, Solver, State

FLOW = "flow"  # the name of the flow in a checkpoint, beside the solver's arrays
Watcher = Callable[[int, float, float], None]  # told of the iteration, how far it is, and the seconds of a measurement


@dataclass
class Solving:
    """A solver at work on a game in a run directory. `past`: what was done before."""

    config: MeanFieldConfig
    game: MeanFieldGame
    solver: Solver
    out: Path
    blobs: Blobs
    metrics: Metrics
    past: Progress
    reason: str = ""
    nash_conv: float = float("nan")
    gap: float | None = None

    @property
    def aim(self) -> tuple[str, str, float | None]:
        """What is solved for: its name, that of its column in metrics.jsonl, and where a run may stop."""
        if isinstance(self.solver, OtherAim):
            return self.solver.gap_of, "gap", self.config.stop.gap
        return "NashConv", "nash_conv", self.config.stop.nash_conv

    @property
    def distance(self) -> float:
        """How far the last measured policy is from what is solved for."""
        return self.nash_conv if self.gap is None else self.gap

    def begin(self) -> State:
        """The state to go on from. Drops what a killed run did past its checkpoint."""
        self.metrics.keep(lambda event: event["step"] < self.past.iteration)
        for stray in self.blobs.root.glob("*.json"):
            if stray.stem != self.past.state:
                self.blobs.remove(stray.stem)
        if not self.past.state:
            return self.solver.start(self.game)
        state = dict(self.blobs.get(self.past.state)[0])
        shape = (self.game.horizon, len(self.game.populations), self.game.actions, self.game.states)
        if state["policy"].shape != shape:
            raise RunError(f"{self.out} holds a policy {state['policy'].shape}, and the game has {shape} now")
        del state[FLOW]
        return {name: array.copy() for name, array in state.items()}

    def run(self, state: State, watch: Watcher) -> None:
        """Work to the end."""
        iteration, began = self.past.iteration, time.monotonic() - self.past.seconds
        while True:
            along = exact.flow(self.game, state["policy"])
            if iteration % self.config.checkpoint == 0 and (not self.past.state or iteration > self.past.iteration):
                self.keep(state, along, iteration, time.monotonic() - began)
            last = iteration >= self.config.stop.iterations
            if last or iteration % self.config.measure == 0:
                self.measure(iteration, exact.judge(self.game, state["policy"], along), state)
                watch(iteration, self.distance, time.monotonic() - began)
            if self.ends(iteration):
                break
            iteration += 1
            with np.errstate(over="ignore", invalid="ignore"):  # `measure` says it in words
                self.solver.step(self.game, state, along, iteration)
        self.keep(state, along, iteration, time.monotonic() - began, done=True)

    def ends(self, iteration: int) -> bool:
        """Whether the run is over, and why."""
        stop = self.config.stop
        if stop.nash_conv is not None and self.nash_conv < stop.nash_conv:
            self.reason = f"NashConv is below {stop.nash_conv:g}"
        elif stop.gap is not None and self.gap is not None and self.gap < stop.gap:
            self.reason = f"{self.aim[0]} is below {stop.gap:g}"
        elif iteration >= stop.iterations:
            self.reason = f"{stop.iterations:,} iterations are done"
        return bool(self.reason)

    def measure(self, iteration: int, judged: exact.Judged, state: State) -> None:
        """Write down how far a policy is from equilibrium."""
        self.nash_conv = judged.nash_conv
        if not np.isfinite(self.nash_conv):
            raise RunError(
                f"the NashConv of iteration {iteration} is {self.nash_conv}: the solver has gone astray; try a lower "
                "learning rate or a higher temperature, in a run of its own"
            )
        if isinstance(self.solver, OtherAim):
            self.gap = self.solver.gap(self.game, state)
        names = self.game.populations
        gains = {f"gain_{name}": float(gain) for name, gain in zip(names, judged.gains, strict=True)}
        self.metrics.log(
            "iteration",
            iteration,
            nash_conv=self.nash_conv,
            value=float(judged.value.sum()),
            best_response=float(judged.best.sum()),
            **(gains if len(names) > 1 else {}),
            **({} if self.gap is None else {"gap": self.gap}),
        )

    def keep(self, state: State, along: Floats, iteration: int, seconds: float, done: bool = False) -> None:
        """Write a checkpoint, with the flow for the report, and remove the one before."""
        before, game = self.past.state, self.game
        meta = {"iteration": iteration, "populations": list(game.populations), "layout": list(game.layout)}
        id = self.blobs.put({**state, FLOW: along}, meta)
        self.past = Progress(iteration, seconds, id, done)
        self.past.write(self.out)
        if before not in ("", id):
            self.blobs.remove(before)
