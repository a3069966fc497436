"""What every benchmark shares: interleaved timing, medians, and the line of JSON at the end."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Mapping
from typing import Any

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # small products are slower on several threads, and far less steady


def one_torch_thread() -> None:
    """Keep torch to one thread; call it in benchmarks that use torch."""
    import torch

    torch.set_num_threads(1)


def arguments(description: str | None) -> argparse.Namespace:
    """The command line that all benchmarks have: `--quick`, for a rough answer in seconds."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="a rough answer in a few seconds")
    return parser.parse_args()


def interleaved(tasks: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every task once a round, so that a slow moment of the machine hits all of them; what each returned.

    A task returns its own measurement: a rate, or seconds. One round beforehand warms up and is thrown away.
    """
    results: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(rounds + 1):
        for name, task in tasks.items():
            value = task()
            if turn:
                results[name].append(value)
    return results


def medians(results: Mapping[str, list[float]]) -> dict[str, float]:
    """The median of each task's measurements."""
    return {name: statistics.median(values) for name, values in results.items()}


def ratio(results: Mapping[str, list[float]], ours: str, peer: str) -> float:
    """The median over rounds of ours / peer, both taken in the same round."""
    return statistics.median(a / b for a, b in zip(results[ours], results[peer], strict=True))


def table(results: Mapping[str, list[float]], unit: str) -> None:
    """Print median, least and most of each task."""
    wide = max(map(len, results))
    print(f"{'':{wide}}  {'median':>14} {'least':>14} {'most':>14}   {unit}")
    for name, values in results.items():
        print(f"{name:{wide}}  {statistics.median(values):14,.4g} {min(values):14,.4g} {max(values):14,.4g}")


def report(name: str, ours: float, peer: float, better: float, unit: str, **detail: Any) -> None:
    """The last line: one JSON object. `better`: the ratio, above 1 where ours is better."""
    line = {"name": name, "ours": ours, "peer": peer, "ratio": better, "unit": unit, "detail": detail}
    print(json.dumps(line, default=float))
    sys.stdout.flush()
