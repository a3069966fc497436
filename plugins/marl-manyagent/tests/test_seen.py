"""`marl manyagent order` and `ising`: what is drawn is what was played."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from marl.cli.run import run
from marl.errors import UserError
from marl.evaluation import Player
from marl.policies.random import Random
from marl_manyagent import commands
from marl_manyagent.battle.battle import Battle, BattleParams
from marl_manyagent.heat_bath import HeatBath, HeatBathParams
from marl_manyagent.ising import Ising, IsingParams
from marl_manyagent.seen.page import series
from marl_manyagent.seen.sweep import TRANSITION, exact, onsager
from marl_manyagent.seen.track import settled, tracked


def alone(policy: object) -> Player:
    return Player("somebody", [policy], np.ones((2, 1)))  # type: ignore[list-item]


def test_columns_are_followed_to_the_end_of_each_match() -> None:
    game = Battle(4, BattleParams(soldiers=1, size=2, view=1, neighbourhood=1, gap=0, max_length=400))
    track = tracked(game, alone(Random(game.spec)), 3)
    living = np.minimum(track.columns["living_0"], track.columns["living_1"])
    ends = np.isfinite(living).sum(axis=0)
    assert len(set(ends.tolist())) > 1 and len(living) == ends.max()
    for lane, end in enumerate(ends.tolist()):
        assert np.isfinite(living[:end, lane]).all() and (living[: end - 1, lane] > 0).all()
        assert living[end - 1, lane] == 0
    assert len(tracked(game, alone(Random(game.spec)), 3, ticks=7).columns["living_0"]) == 7


def test_a_line_is_the_mean_over_matches_that_go_on() -> None:
    values = np.array([[1.0, 3.0], [5.0, np.nan], [np.nan, np.nan]])
    assert [(point.at, point.value) for point in series(values)] == [(1.0, 2.0), (2.0, 5.0)]


def test_all_up_stays_so_in_the_cold_and_falls_apart_in_the_heat() -> None:
    params = IsingParams(size=6, max_length=40, magnetisation=1.0)
    cold, hot = exact([0.4, 40.0], params, 4, 1)
    assert cold.order > 0.999 and cold.energy == pytest.approx(-2.0, abs=0.01) and hot.order < 0.25
    game = Ising(2, params)
    track = tracked(game, Player("cold", [HeatBath(game.spec, HeatBathParams(0.2))], np.ones((1, 1))), 1)
    assert settled(track, "order") == pytest.approx((1.0, 0.0), abs=1e-3)
    assert onsager(TRANSITION + 1e-9) == 0.0 and onsager(1.6) == pytest.approx(0.980, abs=5e-4)


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["env.size=4", "env.max_length=8", "env_steps=8", "slice=8", "algorithm.horizon=8", "algorithm.rows=64"]
    run("ising_mfq", [*small, "algorithm.updates=1", "evaluation.matches=2"], tmp_path / "learned")
    asked = {"temperature": [1.6, 3.0], "size": 4, "ticks": 8, "matches": 2, "seed": 0, "png": None}
    commands.ising([tmp_path / "learned"], **asked, out=tmp_path / "ising.html")
    said = capsys.readouterr().out
    assert "T 3.000" in said and "learned" in said and "T 1.600   order" in said
    page = (tmp_path / "ising.html").read_text()
    assert "infinite lattice" in page and ">learned<" in page
    more = {"ticks": 8, "matches": 2, "seed": 0, "png": None, "out": tmp_path / "order.html"}
    commands.order([str(tmp_path / "learned"), "manyagent/heat_bath"], env="", **more)
    page = (tmp_path / "order.html").read_text()
    assert "column-order" in page and "column-energy" in page and "manyagent/heat_bath" in page
    with pytest.raises(UserError, match="has no info columns"):
        commands.order(["marl/random"], env="classic/kuhn_poker", **more)
    with pytest.raises(UserError, match="there is no run, snapshot or bot"):
        commands.ising([tmp_path / "other"], **asked, out=tmp_path / "ising.html")
