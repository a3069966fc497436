"""A league starts with players of another run, and goes on without that run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from league.ledger import Ledger
from league.roster import roster
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
        founders = [player.snapshot for _, player in ledger.players() if player.side == side and player.born == 0]
        assert founders == [members.players[name] for name, _ in mixture]
    ledger.close()
    shutil.rmtree(first)
    resume(second, ["stop.iterations=3"], None)
    assert len(roster(second).players) > len(founders)


def test_a_founder_must_play_every_side(tmp_path: Path) -> None:
    first = run(tmp_path / "first", "stop.iterations=1")
    with pytest.raises(UserError, match="player_0/1 learned to play 1 of 2 sides only"):
        run(tmp_path / "second", f"strategy.founder={first}@player_0/1")
