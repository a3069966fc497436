"""The solvers in leagues: of self-play, as an oracle, and where they are refused."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from league.reader import opened
from marl.errors import UserError
from marl.registry import RUNNERS, load_registry
from marl.scenario import load_scenario


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Run a scenario in this process, in a directory of that name."""

    def start(name: str, scenario: str, *overrides: str) -> Path:
        registry = load_registry()
        loaded = load_scenario(scenario, overrides, registry)
        registry.load(registry.find(RUNNERS, loaded.kind))(loaded, registry, tmp_path / name, False)
        return tmp_path / name

    return start


def test_the_scenario_solves_leduc(run: Callable[..., Path]) -> None:
    with opened(run("solved", "leduc_cfr")) as (_, view):
        assert view.reason == "NashConv is below 0.002"
        assert len(view.iterations) - 1 <= 10
        assert view.iterations[-1].values == pytest.approx([-0.0856, 0.0856], abs=1e-3)


def test_the_scenario_of_regularised_dynamics_goes_to_the_equilibrium(run: Callable[..., Path]) -> None:
    with opened(run("regularised", "kuhn_rnad")) as (_, view):
        assert view.reason == "NashConv is below 0.001"
        assert len(view.iterations) - 1 <= 8
        assert view.iterations[-1].values == pytest.approx([-1 / 18, 1 / 18], abs=1e-3)


@pytest.mark.slow
def test_double_oracle_solves_leduc_as_its_scenario_says(run: Callable[..., Path]) -> None:
    with opened(run("double_oracle", "leduc_xdo")) as (_, view):
        assert view.reason == "NashConv is below 0.002"
        assert len(view.iterations) - 1 <= 20


@pytest.mark.slow
def test_a_league_that_is_killed_ends_bit_identical(run: Callable[..., Path], tmp_path: Path) -> None:
    asked = ["stop.nash_conv=0", "stop.iterations=12", "strategy.algorithm.iterations=200"]
    command = [sys.executable, "-m", "marl", "run", "leduc_cfr", *asked, "--out", str(tmp_path / "killed")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and not (tmp_path / "killed" / "ledger.db").exists():
        time.sleep(0.01)
    time.sleep(0.3)
    process.kill()
    process.wait()
    digests = []
    for name in ("killed", "whole"):
        with opened(run(name, "leduc_cfr", *asked)) as (ledger, _):
            digests.append(ledger.digest())
    assert digests[0] == digests[1]


def test_an_oracle_of_psro(run: Callable[..., Path]) -> None:
    """Against a fixed mixture it is all but a best response, so double oracle comes as far as with exact ones."""
    oracle = "{name: tabular/cfr_plus, iterations: 200}"
    overrides = [f"strategy.oracle={oracle}", "env=classic/kuhn_poker", "stop.iterations=8", "stop.nash_conv=0"]
    with opened(run("psro", "leduc_psro", *overrides)) as (_, view):
        assert view.iterations[-1].measures["nash_conv"].value < 0.05


def test_training_by_env_steps_is_refused(run: Callable[..., Path], tmp_path: Path) -> None:
    (file := tmp_path / "train.yaml").write_text("kind: train\nenv: classic/kuhn_poker\nalgorithm: tabular/cfr\n")
    with pytest.raises(UserError, match=r"tabular/cfr counts iterations over the whole game, .* use `kind: league`"):
        run("train", str(file))


def test_games_without_a_sequence_form_are_refused(run: Callable[..., Path]) -> None:
    with pytest.raises(UserError, match="this environment cannot say exact values of itself"):
        run("large", "leduc_cfr", "env=classic/connect_four", "stop={iterations: 1}")
