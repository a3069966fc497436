"""Statistics over seeds and tasks, by the library `rliable`.

Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021: interquartile
means, intervals by a bootstrap that is stratified by task, probabilities of improvement, and performance profiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from marl.errors import UserError
from marl.training.compare.runs import Measured
from marl.types import Floats

LEVELS = 41  # scores at which profiles are computed
PLACES = 30  # env steps at which curves are computed, at most
REPETITIONS = 2000  # bootstrap samples

try:
    from rliable import library, metrics
except ModuleNotFoundError:  # it is an extra
    library = metrics = None


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


Curve = tuple[tuple[float, Estimate], ...]  # by rising env steps, or by rising scores


@dataclass(frozen=True)
class Table:
    """Runs that can be compared: `runs` by method and task, as many for each task, in the order of their seeds.

    `env_steps`: where they are compared. `ranges`: by task, the scores that count as 0 and as 1, where scores are
    shares of a range. `notes`: what was left out to make them comparable.
    """

    tasks: tuple[str, ...]
    env_steps: int
    runs: Mapping[str, tuple[tuple[Measured, ...], ...]]
    ranges: tuple[tuple[float, float], ...] | None
    notes: tuple[str, ...]

    @property
    def scores(self) -> dict[str, Floats]:
        """The scores of each method, `float64[seeds, tasks]`."""
        return self.at(self.env_steps)

    def at(self, env_steps: int) -> dict[str, Floats]:
        """The same, as they were measured last up to `env_steps`."""
        return {method: self._scaled(each, env_steps) for method, each in self.runs.items()}

    def _scaled(self, each: Sequence[Sequence[Measured]], env_steps: int) -> Floats:
        scores = np.array([[run.at(env_steps) for run in found] for found in each], dtype=np.float64).T
        if self.ranges is None:
            return scores
        low, high = np.array(self.ranges).T
        scaled: Floats = (scores - low) / np.where(high > low, high - low, 1.0)
        return scaled


@dataclass(frozen=True)
class Comparison:
    """What is said of methods. `aggregates`: by the aggregate's name and method. `better`: the probability that a run
    of the first method scores above one of the second. `profiles`: the share of runs that score above a level.
    `curves`: the interquartile mean over env steps.
    """

    table: Table
    aggregates: Mapping[str, Mapping[str, Estimate]]
    better: Mapping[tuple[str, str], Estimate]
    profiles: Mapping[str, Curve]
    curves: Mapping[str, Curve]


def tabled(runs: Sequence[Measured], scale: bool, env_steps: int | None = None) -> Table:
    """The runs as a table. `scale`: give each task the same range, that of all scores on it, from 0 to 1.

    `env_steps`: where they are compared; None for the most that all were measured at. Raises UserError where runs were
    not measured there, or where a method was not run on all tasks.
    """
    tasks = tuple(dict.fromkeys(run.task for run in runs))
    at = _shared(runs, env_steps)
    notes = [] if all(run.last == at for run in runs) else [f"compared at {at:,} env steps, which all have reached"]
    chosen = {}
    for method in dict.fromkeys(run.method for run in runs):
        each = [
            sorted((run for run in runs if (run.method, run.task) == (method, task)), key=lambda run: run.seed)
            for task in tasks
        ]
        lacking = [task for task, found in zip(tasks, each, strict=True) if not found]
        if lacking:
            raise UserError(
                f"there is no run of {method} on {', '.join(lacking)}; every method needs runs on all tasks"
            )
        seeds = min(map(len, each))
        if any(len(found) > seeds for found in each):
            notes.append(f"{method}: the first {seeds} seeds on every task, since one has no more")
        chosen[method] = tuple(tuple(found[:seeds]) for found in each)
    ends = [[run.at(at) for run in runs if run.task == task] for task in tasks]
    ranges = tuple((min(found), max(found)) for found in ends) if scale else None
    return Table(tasks, at, chosen, ranges, tuple(notes))


def _shared(runs: Sequence[Measured], wanted: int | None) -> int:
    """The env steps at which all runs are compared."""
    short, late = min(runs, key=lambda run: run.last), max(runs, key=lambda run: run.scores[0][0])
    at = short.last if wanted is None else wanted
    if at > short.last:
        raise UserError(f"--env-steps: {at:,}, but {short.path} was measured at {short.last:,} last")
    if at < late.scores[0][0]:
        raise UserError(
            f"at {at:,} env steps {late.path} was not measured yet (its first is at {late.scores[0][0]:,}): leave out "
            "runs that are much shorter than others, or measure more often (`evaluation.every`, `slice`)"
        )
    return at


def compared(table: Table, repetitions: int = REPETITIONS) -> Comparison:
    """The statistics of a table. `repetitions`: samples of the bootstrap; the same table gives the same figures.

    Raises UserError where rliable is not installed.
    """
    if library is None:
        raise UserError("comparing runs needs rliable: pip install 'marl-league[compare]'")
    with _seeded():
        scores = table.scores
        kinds = ["interquartile mean", "median", "mean"] + (["optimality gap"] if table.ranges else [])
        points, intervals = _estimates(scores, _aggregates(len(kinds)), repetitions)
        aggregates = {
            kind: {name: Estimate(points[name][index], *intervals[name][:, index]) for name in scores}
            for index, kind in enumerate(kinds)
        }
        better, profiles = _better(scores, repetitions), _profiles(scores, repetitions)
        return Comparison(table, aggregates, better, profiles, _curves(table, repetitions))


def _estimates(
    scores: Mapping[str, Any], of: Callable[..., Any], repetitions: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    points, intervals = library.get_interval_estimates(scores, of, reps=repetitions)
    return {name: np.atleast_1d(found) for name, found in points.items()}, intervals


def _aggregates(count: int) -> Callable[[Floats], Floats]:
    functions = (lambda scores: interquartile_mean(scores.ravel()), metrics.aggregate_median, metrics.aggregate_mean,
                 metrics.aggregate_optimality_gap)[:count]  # fmt: skip
    return lambda scores: np.array([function(scores) for function in functions])


def interquartile_mean(scores: Floats) -> Floats:
    """The mean of the middle half, over the first axis; as rliable's `aggregate_iqm`, in a tenth of the time."""
    cut = len(scores) // 4
    middle: Floats = np.sort(scores, axis=0)[cut : len(scores) - cut].mean(0)
    return middle


def improvement(ours: Floats, theirs: Floats) -> float:
    """How often one of our runs scores above one of theirs, draws counting half, over tasks: `float64[seeds, tasks]`.

    What rliable's `probability_of_improvement` gives, which takes 20 times as long for tests that nobody reads.
    """
    gap = ours[:, None] - theirs[None]
    return float(np.mean(gap > 0) + 0.5 * np.mean(gap == 0))


def _better(scores: Mapping[str, Floats], repetitions: int) -> dict[tuple[str, str], Estimate]:
    names = list(scores)
    found = {}
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            pair = {"pair": (scores[one], scores[other])}
            points, intervals = _estimates(pair, improvement, repetitions)
            value, (low, high) = float(points["pair"][0]), intervals["pair"][:, 0]
            found[one, other] = Estimate(value, low, high)
            found[other, one] = Estimate(1 - value, 1 - high, 1 - low)
    return found


def _profiles(scores: Mapping[str, Floats], repetitions: int) -> dict[str, Curve]:
    every = np.concatenate([matrix.ravel() for matrix in scores.values()])
    levels = np.linspace(every.min(), every.max(), LEVELS)
    shares, intervals = library.create_performance_profile(scores, levels, reps=repetitions)
    return {name: _curve(levels, shares[name], intervals[name]) for name in scores}


def _curves(table: Table, repetitions: int) -> dict[str, Curve]:
    """At the env steps that runs were measured at, and all were by then."""
    runs = [run for by_task in table.runs.values() for found in by_task for run in found]
    first = max(run.scores[0][0] for run in runs)
    steps = sorted({at for run in runs for at, _ in run.scores if first <= at <= table.env_steps} | {table.env_steps})
    steps = steps[:: -(-len(steps) // PLACES)] if len(steps) > PLACES else steps
    if steps[-1] != table.env_steps:
        steps.append(table.env_steps)
    each = [table.at(step) for step in steps]
    over = {name: np.stack([scores[name] for scores in each], -1) for name in table.runs}

    def means(scores: Floats) -> Floats:
        return interquartile_mean(scores.reshape(-1, len(steps)))

    points, intervals = _estimates(over, means, repetitions)
    return {name: _curve(steps, points[name], intervals[name]) for name in over}


def _curve(at: Sequence[float] | Floats, values: Floats, intervals: Floats) -> Curve:
    return tuple(
        (float(place), Estimate(float(value), float(low), float(high)))
        for place, value, low, high in zip(at, values, *intervals, strict=True)
    )


@contextmanager
def _seeded() -> Iterator[None]:
    """rliable draws from numpy's global generator, whatever `random_state` says."""
    state = np.random.get_state()
    np.random.seed(0)
    try:
        yield
    finally:
        np.random.set_state(state)
