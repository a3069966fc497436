"""The scenario runs, for a handful of steps, from the command line; listing what there is imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from marl.registry import load_registry
from marl.run.players import contestant
from marl.scenario import load_scenario
from marl.training.history import History
from marl.training.runner import run

SMALL = ["env_steps=160", "slice=80", "algorithm.lanes=8", "algorithm.rows=40", "algorithm.simulations=4"]
SMALLER = ["algorithm.model.hidden=[16]", "algorithm.minibatch=32", "algorithm.play_simulations=4"]


def test_connect_four_is_learned_and_resumed(tmp_path: Path) -> None:
    pytest.importorskip("marl_classic")
    registry = load_registry()
    overrides = [*SMALL, *SMALLER, "evaluation={matches: 4, greedy: true, against: [marl/random]}", "seed=3"]
    scenario = load_scenario("connect_four_alphazero", overrides, registry)
    run(scenario, registry, tmp_path / "whole", resume=False)
    half = load_scenario("connect_four_alphazero", [*overrides, "algorithm.horizon=160", "env_steps=80"], registry)
    run(half, registry, tmp_path / "parts", resume=False)
    longer = load_scenario("connect_four_alphazero", [*overrides, "algorithm.horizon=160"], registry)
    run(longer, registry, tmp_path / "parts", resume=True)
    ends = [History.read(tmp_path / name).slices[-1].snapshot for name in ("whole", "parts")]
    assert ends[0] == ends[1]
    found = contestant(f"{tmp_path / 'whole'} simulations=9 greedy=true", registry)
    ((snapshot, _),) = found.on(0)
    assert snapshot.meta["params"] == {"simulations": 9, "exploration": 1.25, "greedy": True}


def test_listing_what_there_is_imports_no_numpy() -> None:
    code = (
        "import sys, marl_search.plugin as p; "
        "print(len([*p.marl_algorithms(), *p.marl_policies()]), 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["3", "False"]
