"""The scenarios run, with few steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from marl.registry import load_registry
from marl.scenario import load_scenario
from marl.training.history import History
from marl.training.runner import run

TINY = [
    "env.agents=4", "env.max_length=5", "env_steps=80", "slice=40", "evaluation.matches=2", "algorithm.lanes=2",
    "algorithm.rows=40", "algorithm.minibatch=20",
]  # fmt: skip


@pytest.mark.parametrize("name", ["kuramoto_dec_pomfppo", "vicsek_dec_pomfppo", "vicsek_mappo"])
def test_a_scenario_runs(name: str, tmp_path: Path) -> None:
    registry = load_registry()
    if missing := {"ctde"} - {plugin.name for plugin in registry.plugins if plugin.state == "ok"}:
        pytest.skip(f"needs {', '.join(missing)}")
    run(load_scenario(name, TINY, registry), registry, tmp_path / name, resume=False)
    done = History.read(tmp_path / name).slices
    assert [one.env_steps for one in done][-1] >= 80 and "return" in done[-1].scores["alone"]
