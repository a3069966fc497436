"""The game of N agents: an environment like any other, whose limit is the mean-field game."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from marl.arena import Arena, Pairings
from marl.cli.run import run
from marl.errors import UserError
from marl.testing import conformance_tests
from marl.words import number as worded
from marl_meanfield import commands, exact
from marl_meanfield.curves import Curve
from marl_meanfield.finite.chances import Chances
from marl_meanfield.finite.game import Finite
from marl_meanfield.finite.measure import Others, foreseeing, measured, played
from marl_meanfield.finite.policy import Tabular
from marl_meanfield.games.crowd import Crowd
from marl_meanfield.games.crowd import Params as CrowdParams
from marl_meanfield.games.epidemic import Epidemic
from marl_meanfield.games.epidemic import Params as EpidemicParams
from marl_meanfield.games.predator_prey import Params as PreyParams
from marl_meanfield.games.predator_prey import PredatorPrey
from marl_meanfield.solvers.accelerated import Accelerated

CROWD = Crowd(CrowdParams(6, 5))
PREY = PredatorPrey(PreyParams(size=3, horizon=3))
GAMES = {
    "crowd": partial(Finite, game=CROWD, agents=4),
    "prey": partial(Finite, game=PREY, agents=2, crowd=True),
    "epidemic": partial(Finite, game=Epidemic(EpidemicParams(horizon=2)), agents=2),
}

test_conformance = conformance_tests(GAMES, chance=True)


@pytest.mark.parametrize("game", [CROWD, PREY, Epidemic(EpidemicParams(horizon=5))])
def test_the_ways_of_agents_are_those_of_the_population(game: Crowd) -> None:
    here = exact.flow(game, exact.uniform(game))[1]
    mass = exact.uniform(game)[1] * here[:, None, :]
    ways, arrived = Chances(game).at(1, mass, here), np.zeros_like(here)
    odds = np.diff(ways.up_to, axis=-1, prepend=0.0)
    for kind in range(len(here)):
        np.add.at(arrived[kind], ways.to[kind], mass[kind, :, :, None] * odds[kind])
    assert np.allclose(arrived, game.push(1, mass, here))


def test_many_agents_go_and_earn_as_the_limit_does() -> None:
    environment, policy = Finite(8, CROWD, 2000), exact.uniform(CROWD)
    pairings = Pairings.repeat([np.zeros(2000, dtype=np.int64)], 8, 3)
    results = Arena(environment).play([Tabular(policy)], pairings)
    along = exact.flow(CROWD, policy)
    assert environment.shares(np.arange(8)).mean(axis=0) == pytest.approx(along[-1], abs=0.015)
    assert results.agent_returns.mean() == pytest.approx(exact.value(CROWD, policy, along)[0], abs=0.05)


def test_what_a_deviator_is_said_to_earn_is_what_it_earns_in_the_arena() -> None:
    policy, response = exact.uniform(CROWD), exact.uniform(CROWD).copy()
    response[:] = 0.0
    response[:, :, 2] = 1.0  # always to the right
    environment = Finite(200, CROWD, 5)
    pairings = Pairings.repeat([np.zeros(5, dtype=np.int64)], 800, 1)
    gains = played(environment, policy, response, pairings)
    said, now = [], []
    where = np.empty((200, 6, 5), dtype=np.int64)
    (rows,) = environment.reset(np.arange(200), np.arange(200, dtype=np.uint64))
    for time in range(5):
        where[:, time] = environment.where
        action = Tabular(policy).act(rows, None, np.arange(1000, dtype=np.uint64) + 7919 * time).action
        (rows,) = environment.step(np.arange(200), [action]).turn or (None,)
    where[:, 5] = environment.where
    for one in where:
        others = Others(environment, one)
        now.append(others.earned(policy))
        said.append(others.earned(response) - now[-1])
    everybody = Arena(environment).play([Tabular(policy)], pairings).agent_returns.mean()
    assert everybody == pytest.approx(np.mean(now), abs=0.15)
    error = np.hypot(gains.std() / np.sqrt(len(gains)), np.std(said) / np.sqrt(len(said)))
    assert gains.mean() == pytest.approx(np.mean(said), abs=4 * error) and error < 0.3


def test_what_deviating_gains_falls_with_the_number_of_agents() -> None:
    solver = Accelerated()
    state = solver.start(CROWD)
    for number in range(1, 151):
        solver.step(CROWD, state, exact.flow(CROWD, state["policy"]), number)
    few, many = (measured(CROWD, state["policy"], agents, 80, 5) for agents in (8, 400))
    assert few.gain > many.gain + 2 * few.error and many.gain < 0.1
    assert 0 < many.seeing < few.seeing + few.gain and many.seeing_error < many.seeing


def test_who_sees_the_limit_plays_its_best_response() -> None:
    along = exact.flow(CROWD, exact.uniform(CROWD))
    found = foreseeing(CROWD, exact.uniform(CROWD), along)
    assert exact.value(CROWD, found, along)[0] == pytest.approx(exact.best_value(CROWD, along)[0], abs=1e-9)


def test_commands_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    run("crowd_omd", ["game.size=5", "game.horizon=4", "stop.iterations=3"], out)
    commands.finite(out, agents=[4, 9], matches=8, seed=0, out=None, png=None)
    said = capsys.readouterr().out
    assert "limit" in said and "falls like" in said and "1/√N" in (out / "finite.html").read_text()
    before = (out / "finite.jsonl").read_text()
    with (out / "finite.jsonl").open("a") as file:
        file.write('{"half a li')  # a killed command
    commands.finite(out, agents=[4, 9], matches=8, seed=0, out=None, png=None)
    assert (out / "finite.jsonl").read_text() == before + '{"half a li'
    commands.film(out, out=None, milliseconds=50)
    film = (out / "film.png").read_bytes()
    assert film.startswith(b"\x89PNG") and film.count(b"fcTL") == 5 and b"acTL" in film
    image = pytest.importorskip("PIL.Image", reason="needs Pillow")
    commands.film(out, out=tmp_path / "film.gif", milliseconds=50)
    moving, still = image.open(tmp_path / "film.gif"), image.open(out / "film.png")
    assert moving.n_frames == 5 and moving.info["duration"] == 50
    for number in range(5):
        for film in (moving, still):
            film.seek(number)
        assert moving.convert("RGB").tobytes() == still.convert("RGB").tobytes()
    with pytest.raises(UserError, match=r"an animated \.png or a \.gif"):
        commands.film(out, out=tmp_path / "film.mp4", milliseconds=50)
    with pytest.raises(UserError, match="holds no mean-field run"):
        commands.film(tmp_path, out=None, milliseconds=50)


def test_curves_of_several_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["game.size=5", "game.horizon=4", "measure=1"]
    run("crowd_omd", [*small, "stop.iterations=3"], tmp_path / "one")
    run("crowd_omd", [*small, "stop.iterations=5", "solver=accelerated"], tmp_path / "two")
    measured = [Curve.of(tmp_path / name).measured for name in ("one", "two")]
    assert [len(one) for one in measured] == [4, 6] and measured[0][0] == measured[1][0]
    capsys.readouterr()
    commands.curves([tmp_path / "one", tmp_path / "two"], out=tmp_path / "curves.html", png=None)
    assert f"NashConv {worded(measured[1][-1][1])} after 5 iterations" in capsys.readouterr().out
    page = (tmp_path / "curves.html").read_text()
    assert page.count('class="series c') == 2 and '<li class="c1">two</li>' in page
    with pytest.raises(UserError, match="holds no mean-field run"):
        commands.curves([tmp_path], out=tmp_path / "curves.html", png=None)
