"""Solvers with networks: from samples they come to where the exact ones are, and resume to the last bit."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from marl import rng
from marl.cli.run import resume, run
from marl.errors import UserError
from marl_meanfield import exact
from marl_meanfield.games.crowd import Crowd
from marl_meanfield.games.crowd import Params as CrowdParams
from marl_meanfield.games.predator_prey import Params as PreyParams
from marl_meanfield.games.predator_prey import PredatorPrey
from marl_meanfield.solver import Solver
from marl_meanfield.solvers.munchausen import Munchausen
from marl_meanfield.solvers.munchausen import Params as MunchausenParams

torch = pytest.importorskip("torch", reason="needs torch")
from marl_meanfield.deep import deep_average, deep_munchausen, mean_field_ppo, network, params, sampling  # noqa: E402
from marl_meanfield.finite.chances import Chances  # noqa: E402

CROWD = Crowd(CrowdParams(5, 4))


def curve(game: object, solver: Solver, steps: int) -> list[float]:
    """NashConv after every step."""
    state, found = solver.start(game), []  # type: ignore[arg-type]
    for number in range(1, steps + 1):
        solver.step(game, state, exact.flow(game, state["policy"]), number)  # type: ignore[arg-type]
        found.append(exact.judge(game, state["policy"]).nash_conv)  # type: ignore[arg-type]
    return found


def test_lives_are_those_of_the_population() -> None:
    game = PredatorPrey(PreyParams(size=3, horizon=3))
    policy = exact.uniform(game)
    along = exact.flow(game, policy)
    lives = sampling.lived(game, Chances(game), policy, along, 4000, rng.mix(3))
    for kind in range(3):
        mine = slice(kind * 4000, (kind + 1) * 4000)
        states = lives.row[2, mine] % game.states
        assert np.bincount(states, minlength=9) / 4000 == pytest.approx(along[2, kind], abs=0.04)
        assert (lives.row[2, mine] // game.states == 2 * 3 + kind).all() and (
            lives.after[1, mine] == lives.row[2, mine]
        ).all()
    earned = (lives.reward.sum(axis=0) + lives.last).reshape(3, 4000).mean(axis=1)
    assert earned == pytest.approx(exact.value(game, policy, along), abs=1.0)


def test_a_table_of_rows_is_a_policy() -> None:
    sight = network.Sight(PredatorPrey(PreyParams(size=3, horizon=2)))
    rows = torch.arange(2 * 3 * 9 * 5, dtype=torch.float32).reshape(-1, 5)
    assert sight.table(rows)[1, 2, 3, 4] == rows[(1 * 3 + 2) * 9 + 4, 3]
    assert sight.seen.shape == (54, 2 + 3 + 3 + 3) and (sight.seen.sum(dim=1) == 4).all()


def test_a_step_of_deep_mirror_descent_is_one_of_mirror_descent() -> None:
    game = Crowd(CrowdParams(4, 3))
    policy = exact.uniform(game)
    policy[:, :, :, ::2] = np.array([0.02, 0.96, 0.02])[:, None]  # so that entropy depends on where one is
    small = params.MunchausenParams(
        temperature=4.0, steps=400, batch=64, width=32, rate=0.005, agents=150, exploration=0.5
    )
    deep, plain = deep_munchausen.DeepMunchausen(small), Munchausen(MunchausenParams(0.25))
    states = [deep.start(game), plain.start(game)]
    states[1]["logarithms"] = np.log(policy)
    for solver, state in zip((deep, plain), states, strict=True):
        state["policy"][...] = policy
        solver.step(game, state, exact.flow(game, policy), 1)
    assert np.abs(states[0]["policy"] - states[1]["policy"]).mean() < 0.012


@pytest.mark.slow
@pytest.mark.parametrize(
    ("solver", "goal"),
    [
        (deep_munchausen.DeepMunchausen(params.MunchausenParams(temperature=3.0)), 0.25),
        (deep_average.DeepAverage(), 0.25),
        (mean_field_ppo.MeanFieldPPO(), 0.15),
    ],
)
def test_networks_come_near_an_equilibrium(solver: Solver, goal: float) -> None:
    assert np.mean(curve(Crowd(CrowdParams(6, 6)), solver, 40)[-5:]) < goal


SMALL = """
kind: meanfield
game: {name: meanfield/crowd, size: 4, horizon: 3}
solver: {name: meanfield/%s, agents: 8, steps: 3, width: 8%s}
stop: {iterations: 4}
measure: 4
checkpoint: 1
"""


@pytest.mark.parametrize("solver", ["deep_munchausen", "deep_average", "mean_field_ppo"])
def test_a_run_that_is_killed_ends_as_if_it_was_not(
    solver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL % (solver, ", average_steps: 3" if solver == "deep_average" else ""))
    run(str(path), [], tmp_path / "whole")
    push, left = Crowd.push, [20]

    def stopped(self: Crowd, *args: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return push(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Crowd, "push", stopped)
        run(str(path), [], tmp_path / "cut")
    assert json.loads((tmp_path / "cut" / "progress.json").read_text())["iteration"] in (1, 2, 3)
    resume(tmp_path / "cut", [], None)
    blobs = [{blob.name for blob in (tmp_path / name / "blobs").iterdir()} for name in ("whole", "cut")]
    assert blobs[0] == blobs[1]


def test_without_torch_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL % ("deep_munchausen", ""))
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in [name for name in sys.modules if name.startswith("marl_meanfield.deep.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UserError, match=r"pip install marl-meanfield\[deep\]"):
        run(str(path), [], tmp_path / "run")
