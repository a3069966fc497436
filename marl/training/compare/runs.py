"""Reads the runs that are compared: each run's method, task, seed and measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from marl.errors import UserError
from marl.registry import Registry
from marl.scenario import load_run
from marl.training.compare.labels import Settings, labels, settings
from marl.training.config import TrainConfig
from marl.training.history import History


@dataclass(frozen=True)
class Measured:
    """A run: where it is, what it is a run of, and its scores, `(env steps, score)` by rising env steps."""

    path: Path
    method: str
    task: str
    seed: int
    scores: tuple[tuple[int, float], ...]

    @property
    def last(self) -> int:
        """The env steps of its last measurement."""
        return self.scores[-1][0]

    def at(self, env_steps: int) -> float:
        """Its score at the last measurement up to `env_steps`."""
        return next(score for steps, score in reversed(self.scores) if steps <= env_steps)


@dataclass(frozen=True)
class _Run:
    path: Path
    method: Settings
    task: Settings
    seed: int
    figures: tuple[tuple[int, Mapping[str, float]], ...]  # of each measurement, by rising env steps


def read_runs(paths: Sequence[Path], score: str, against: str, registry: Registry) -> tuple[list[Measured], str]:
    """The runs in directories of `kind: train`, and what their scores are.

    `score`: "points" or "return", "" for points where all have them. `against`: the opponent of the measurements, ""
    for each run's first. Raises UserError where a directory holds no such run, where it was not measured so, and where
    two have the same seed.
    """
    found = [_read(path, against, registry) for path in dict.fromkeys(path.resolve() for path in paths)]
    kind = score or ("points" if all("points" in figures for run in found for _, figures in run.figures) else "return")
    methods = labels([run.method for run in found], "algorithm.name")
    tasks = labels([run.task for run in found], "env.name")
    runs: dict[tuple[str, str, int], Measured] = {}
    for run, method, task in zip(found, methods, tasks, strict=True):
        twin = runs.get((method, task, run.seed))
        if twin is not None:
            raise UserError(
                f"{twin.path} and {run.path} are the same run twice: {method} on {task}, seed {run.seed}; compare runs "
                "of different seeds (`marl run SCENARIO seed=1 --out DIR`)"
            )
        scores = tuple((at, _score(run.path, kind, figures)) for at, figures in run.figures)
        runs[method, task, run.seed] = Measured(run.path, method, task, run.seed, scores)
    return list(runs.values()), kind


def _read(path: Path, against: str, registry: Registry) -> _Run:
    scenario = load_run(path, registry, absent=True)
    if not isinstance(scenario.config, TrainConfig):
        raise UserError(f"{path} is of kind: {scenario.kind}, and runs of kind: train are compared")
    measured = [one for one in History.read(path).slices if one.scores]
    if not measured:
        raise UserError(f"{path} was not measured yet; `evaluation.every` in its scenario says how often it is")
    figures = []
    for one in measured:
        name = against or next(iter(one.scores))
        if name not in one.scores:
            raise UserError(f"{path} was not measured against {name}, but against {', '.join(one.scores)}")
        figures.append((one.env_steps, one.scores[name]))
    method, task = settings(yaml.safe_load(scenario.text))
    return _Run(path, method, task, scenario.config.seed, tuple(figures))


def _score(path: Path, kind: str, figures: Mapping[str, float]) -> float:
    if kind not in figures:
        known = [name for name in ("return", "points") if name in figures]
        raise UserError(f"{path} has no {kind}: nobody sits on other sides there; compare by {' or '.join(known)}")
    return float(figures[kind])
