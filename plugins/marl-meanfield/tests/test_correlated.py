"""Mean-field PSRO and correlated equilibria: what is gained is the most of all policies, and it falls."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from marl.cli.run import resume, run
from marl.errors import UserError
from marl_meanfield import exact
from marl_meanfield.correlation import Device
from marl_meanfield.games.crowd import Crowd
from marl_meanfield.games.crowd import Params as CrowdParams
from marl_meanfield.games.plain import Plain
from marl_meanfield.games.predator_prey import Params as PreyParams
from marl_meanfield.games.predator_prey import PredatorPrey
from marl_meanfield.restricted import Restricted
from marl_meanfield.solver import Solver
from marl_meanfield.solvers import psro
from marl_meanfield.solvers.coarse_correlated import CoarseCorrelated
from marl_meanfield.solvers.correlated import Correlated
from marl_meanfield.solvers.psro import PSRO, projected
from marl_meanfield.transitions import Table


class Meeting(Plain):
    """Two places: agents choose one, twice, and are paid the share that chose it too, the first place `more` more."""

    def __init__(self, more: float = 0.0) -> None:
        super().__init__(("friends",), 2, 2, 2, np.array([[0.5, 0.5]]))
        self.more, to = more, np.zeros((2, 4))
        to[[0, 0, 1, 1], [0, 1, 2, 3]] = 1.0  # action a leads to place a
        self.moves = Table([csr_array(to)])

    def rewards(self, times: slice, flow: np.ndarray) -> np.ndarray:
        """What the place is worth in which an agent is."""
        return (flow + self.more * np.array([1.0, 0.0]))[:, :, None, :]

    def final(self, distribution: np.ndarray) -> np.ndarray:
        """The same."""
        return distribution + self.more * np.array([1.0, 0.0])

    def push(self, time: int, mass: np.ndarray, distribution: np.ndarray) -> np.ndarray:
        """By actions."""
        return self.moves.push(time, mass)[None]

    def pull(self, time: int, values: np.ndarray, distribution: np.ndarray, following: np.ndarray) -> np.ndarray:
        """The transpose."""
        return self.moves.pull(time, values[0]).reshape(1, 2, 2)


def solved(game: object, solver: Solver, steps: int) -> dict[str, np.ndarray]:
    """The state after so many steps."""
    state = solver.start(game)  # type: ignore[arg-type]
    for number in range(1, steps + 1):
        solver.step(game, state, exact.flow(game, state["policy"]), number)  # type: ignore[arg-type]
    return state


@pytest.mark.parametrize("game", [Crowd(CrowdParams(5, 5)), PredatorPrey(PreyParams(size=3, horizon=2))])
def test_psro_comes_near_an_equilibrium_with_the_flow_of_its_mixture(game: Crowd) -> None:
    state = solved(game, PSRO(psro.Params(meta_steps=60)), 12)
    mixed = Restricted.of(game, state).along(state["shares"])
    assert exact.judge(game, state["policy"]).nash_conv < 0.02
    assert np.allclose(exact.flow(game, state["policy"]), mixed, atol=1e-12)
    assert np.allclose(state["shares"].sum(axis=1), 1.0) and (state["shares"] >= 0).all()


def test_what_leaving_a_device_gains_is_the_most_of_all_policies() -> None:
    game = Meeting(0.2)
    every = [np.array(one, np.int16).reshape(2, 1, 2) for one in itertools.product((0, 1), repeat=4)]
    restricted = Restricted.empty(game, "test")
    for response in every:
        restricted = restricted.joined(response)
    generator = np.random.default_rng(3)
    shares, chances = generator.dirichlet(np.ones(16), (5, 1)), generator.dirichlet(np.ones(5))
    device = Device(restricted, shares, chances)
    paid = np.stack([restricted.payoffs(restricted.along(one)) for one in shares])[:, 0]  # [M, K]
    told = chances[:, None] * shares[:, 0]
    coarse = (chances @ paid).max() - (told * paid).sum()
    swaps = sum((told[:, k] @ paid).max() - told[:, k] @ paid[:, k] for k in range(16))
    assert device.coarse()[0] == pytest.approx(coarse, abs=1e-12)
    assert device.swapped()[0] == pytest.approx(swaps, abs=1e-12) and swaps > coarse > 0


@pytest.mark.parametrize("solver", [CoarseCorrelated(), Correlated()])
def test_friends_meet_where_it_is_worth_more(solver: CoarseCorrelated) -> None:
    game = Meeting(0.2)
    state = solved(game, solver, 4)
    assert solver.gap(game, state) < 1e-8
    assert solver.device(game, state).value()[0] == pytest.approx(0.6 + 1.2 + 1.2)


@pytest.mark.parametrize(("solver", "steps"), [(CoarseCorrelated(), 9), (Correlated(), 9)])
def test_where_the_crowd_is_shunned_the_mean_of_what_is_drawn_is_nashs(solver: CoarseCorrelated, steps: int) -> None:
    game = Crowd(CrowdParams(4, 4))
    state = solved(game, solver, steps)
    assert solver.gap(game, state) < 0.05
    assert exact.judge(game, state["policy"]).nash_conv < 0.05


def test_projection_is_the_nearest_point() -> None:
    points = np.random.default_rng(0).normal(size=(4, 6))
    found = projected(points)
    assert np.allclose(found.sum(axis=1), 1.0) and (found >= 0).all()
    inside = np.random.default_rng(1).dirichlet(np.ones(6), (50, 4))
    assert (((points - found) * (inside - found)).sum(axis=2) < 1e-12).all()  # obtuse towards all shares


def test_a_run_stops_on_its_gap_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(
        "kind: meanfield\ngame: {name: meanfield/crowd, size: 5, horizon: 4}\n"
        "solver: {name: meanfield/coarse_correlated, regret_steps: 5}\nstop: {iterations: 9}\n"
    )
    run(str(path), [], tmp_path / "whole")
    run(str(path), ["stop.iterations=4"], tmp_path / "two")
    resume(tmp_path / "two", ["stop.iterations=9"], None)
    blobs = [{blob.name for blob in (tmp_path / name / "blobs").iterdir()} for name in ("whole", "two")]
    assert blobs[0] == blobs[1]
    page = (tmp_path / "whole" / "report.html").read_text()
    assert 'id="gap-curve"' in page and "CCE gap" in capsys.readouterr().out
    run(str(path), ["stop.gap=0.2"], tmp_path / "early")
    assert "CCE gap is below 0.2" in capsys.readouterr().out
    with pytest.raises(UserError, match=r"stop\.gap is for solvers of correlated equilibria"):
        run(str(path), ["solver=psro", "stop.gap=0.2"], tmp_path / "other")
    with pytest.raises(UserError, match="do not depend on the distribution"):
        run(str(path), ["solver=psro", "game=epidemic"], tmp_path / "other")
