"""What `marl compare` says in a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from marl.training.compare.statistics import Comparison, Estimate
from marl.words import number

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]  # headings, rows


def tables(found: Comparison) -> Iterator[Table]:
    """Aggregates by method; then how often each is better than each other."""
    names = list(found.table.runs)
    kinds = list(found.aggregates)
    seeds = {name: str(len(runs[0])) for name, runs in found.table.runs.items()}
    rows = [(name, *(said(found.aggregates[kind][name]) for kind in kinds), seeds[name]) for name in names]
    yield ("method", *kinds, "seeds"), rows
    if len(names) > 1:
        pairs = [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]
        yield (
            ("a run of", "scores above one of", "probability"),
            [(one, other, percents(found.better[one, other])) for one, other in pairs],
        )


def said(one: Estimate) -> str:
    """A figure with its interval."""
    return f"{number(one.value)} ({number(one.low)} to {number(one.high)})"


def percents(one: Estimate) -> str:
    """A probability with its interval."""
    return f"{one.value:.0%} ({one.low:.0%} to {one.high:.0%})"


def as_json(found: Comparison, score: str) -> dict[str, Any]:
    """Everything, with every run's score."""
    table = found.table
    return {
        "score": score,
        "env_steps": table.env_steps,
        "tasks": list(table.tasks),
        "ranges": table.ranges,
        "notes": list(table.notes),
        "runs": [
            {
                "run": str(run.path),
                "method": method,
                "task": run.task,
                "seed": run.seed,
                "score": run.at(table.env_steps),
            }
            for method, by_task in table.runs.items()
            for runs in by_task
            for run in runs
        ],
        "aggregates": {
            kind: {name: asdict(one) for name, one in by_method.items()} for kind, by_method in found.aggregates.items()
        },
        "better": [{"method": one, "other": other, **asdict(p)} for (one, other), p in found.better.items()],
        "profiles": {
            name: [{"score": at, **asdict(one)} for at, one in curve] for name, curve in found.profiles.items()
        },
        "curves": {
            name: [{"env_steps": at, **asdict(one)} for at, one in curve] for name, curve in found.curves.items()
        },
    }
