"""Leagues in a temporary directory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from league.ledger import Ledger
from league.manager import Manager
from league.runner import build
from marl.blobs import Blobs
from marl.metrics import Metrics
from marl.registry import load_registry
from marl.scenario import load_scenario

Make = Callable[..., Manager]


@pytest.fixture
def league(tmp_path: Path) -> Iterator[Make]:
    """Build a league from scenario text: `league("env: ...", "key=value", run="run")`; calling it again resumes it."""
    opened: list[Any] = []

    def make(text: str, *overrides: str, run: str = "run") -> Manager:
        path = tmp_path / "scenario.yaml"
        path.write_text("kind: league\n" + text)
        registry = load_registry()
        config = load_scenario(str(path), list(overrides), registry).config
        out = tmp_path / run
        out.mkdir(exist_ok=True)
        ledger, metrics = Ledger.at(out), Metrics(out / "metrics.jsonl")
        opened.extend([ledger, metrics])
        return build(config, registry, ledger, Blobs(out / "blobs"), metrics)

    yield make
    for thing in opened:
        thing.close()
