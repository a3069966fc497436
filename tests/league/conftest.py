"""Leagues in a temporary directory."""

from __future__ import annotations

import os
import shutil
import sys
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
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place for plugins, with that of `learners.py`, here and in every process that is started."""
    site = tmp_path / "site"
    info = site / "learners-0.1.dist-info"
    info.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("learners.py"), site)
    (site / "heavy.py").write_text("from learners import Averager\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: learners\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[marl]\nlearners = learners\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
    yield site
    for module in ("learners", "heavy"):
        sys.modules.pop(module, None)


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
