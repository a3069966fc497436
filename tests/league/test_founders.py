"""A league starts with players of another run, and goes on without that run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from league.ledger import Ledger
from league.roster import roster
from marl.blobs import Blobs
from marl.cli.run import resume
from marl.errors import UserError
from marl.registry import RUNNERS, load_registry
from marl.scenario import load_scenario

pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")


def run(out: Path, *overrides: str) -> Path:
    registry = load_registry()
    given = ["env=classic/kuhn_poker", "stop.nash_conv=null", *overrides]
    registry.load(registry.find(RUNNERS, "league"))(load_scenario("leduc_psro", given, registry), registry, out, False)
    return out


def test_the_mixture_of_a_league_founds_another(tmp_path: Path) -> None:
    first = run(tmp_path / "first", "stop.iterations=2")
    second = run(tmp_path / "second", f"strategy.founder={first}", "stop.iterations=1")
    members = roster(first)
    ledger = Ledger.at(second)
    for side, mixture in enumerate(members.best):
        founders = [player.snapshot for _, player in ledger.players() if side in player.sides and player.born == 0]
        assert founders == [members.players[name] for name, _ in mixture]
    ledger.close()
    shutil.rmtree(first)
    resume(second, ["stop.iterations=3"], None)
    assert len(roster(second).players) > len(founders)


def test_a_founder_must_play_every_side(tmp_path: Path) -> None:
    first = run(tmp_path / "first", "stop.iterations=1")
    with pytest.raises(UserError, match="player_0/1 learned to play 1 of 2 sides only"):
        run(tmp_path / "second", f"strategy.founder={first}@player_0/1")


def test_learners_start_from_the_networks_of_another_run_and_go_on_without_it(tmp_path: Path) -> None:
    pytest.importorskip("marl_rllib", reason="needs the plugin marl-rllib")
    learner = "{name: rllib/ppo, env_steps: 64, lanes: 8, rows: 64, epochs: 1, lr: 1.0e-9, model: {hidden: [8]}}"
    naive = f"strategy={{name: league/self_play, algorithm: {learner}}}"
    small = ("payoffs.source=sampled", "payoffs.source.matches=2", "stop.iterations=1")
    first = run(tmp_path / "first", naive, *small)

    def newest(out: Path, side: int = 0) -> dict[str, np.ndarray]:
        ledger = Ledger.at(out)
        ids = [player.snapshot for _, player in ledger.players() if side in player.sides]
        ledger.close()
        return dict(Blobs(out / "blobs").get_snapshot(ids[-1]).arrays)

    origin = newest(first)
    for strategy in (naive, f"strategy={{name: league/psro, oracle: {learner}}}"):
        for start, same in ((f"start_from={first}", True), ("seed=1", False)):
            second = run(tmp_path / f"{len(strategy)}{same}", strategy, start, "seed=1", *small)
            arrays = newest(second)
            assert all(np.allclose(arrays[name], origin[name], atol=1e-5) for name in origin) is same
    moved = first.rename(tmp_path / "moved")
    out = tmp_path / f"{len(naive)}True"
    resume(out, ["stop.iterations=2"], None)
    assert len([name for name in roster(out).players if name.startswith("player_0")]) == 3
    with pytest.raises(UserError, match=r"start_from: .*moved: its network 'players' has another config: hidden is"):
        run(tmp_path / "third", f"start_from={moved}", naive.replace("[8]", "[4]"), *small)
    with pytest.raises(UserError, match="league/best_response has no way to start from another's networks"):
        run(tmp_path / "fourth", f"start_from={moved}", "stop.iterations=1")
