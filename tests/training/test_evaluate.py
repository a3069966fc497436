"""`marl evaluate` and `marl watch`: known values first, then who may be named, and what is said of a mistake."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from marl.arena import Arena, Pairings, ReplayRecorder
from marl.evaluation import Player, measure, wilson
from marl.policies.first import First
from marl.policies.random import Random
from marl.registry import Component, load_registry
from marl.run.players import parameters, typed
from marl.testing.games.kuhn import kuhn
from marl.testing.games.pennies import matching_pennies
from marl.testing.games.skirmish import skirmish

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py

CHEAT = """
import numpy as np
from marl.policy import Acts
from marl.registry import Descriptor, hookimpl

class Cheat:
    def __init__(self, spec, snapshot=None): pass
    def memory(self, rows): return None
    def act(self, rows, memory, keys):
        return Acts(np.argmin(rows.mask, axis=1), np.zeros(len(rows)))

@hookimpl
def marl_policies():
    return [Descriptor("cheat", "cheat:Cheat", "takes what is taken")]
"""


def test_wilson_intervals_are_the_published_ones() -> None:
    # Brown, Cai, DasGupta, "Interval estimation for a binomial proportion" (2001); R's prop.test without correction.
    assert wilson(0, 10) == pytest.approx((0.0, 0.27753), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-4)
    assert wilson(60, 100) == pytest.approx((0.50200, 0.69060), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


def test_uniform_kuhn_has_its_known_value_on_both_sides_together() -> None:
    environment = kuhn(64)
    random = Player.pure("random", Random(environment.spec), 2)
    score = measure(Arena(environment), random, random, 4000, seed=1)
    assert score.matches == 4000 and set(score.by_side) == {0, 1}
    assert abs(score.mean) < 2 * score.margin  # the game is zero-sum, so over both sides the value is 0
    first = score.by_side[0]
    assert float(first.mean[0]) == pytest.approx(0.125, abs=4 * float(first.error[0]))  # uniform play favours the first


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    environment = kuhn(256)
    random = Player.pure("random", Random(environment.spec), 2)
    scores = [measure(Arena(environment), random, random, 200, seed) for seed in range(100)]
    assert sum(abs(score.mean) < score.margin for score in scores) >= 88
    assert sum(score.plain()["points_low"] <= 0.5 <= score.plain()["points_high"] for score in scores) >= 88


def test_the_same_seed_plays_the_same_matches_on_any_number_of_lanes() -> None:
    def play(lanes: int, seed: int) -> dict[str, float]:
        environment = kuhn(lanes)
        return measure(
            Arena(environment),
            Player.pure("random", Random(environment.spec), 2),
            Player.pure("first", First(environment.spec), 2),
            50,
            seed,
        ).plain()

    assert play(3, 7) == play(32, 7) != play(32, 8)


def test_a_mixture_is_played_in_its_proportions() -> None:
    environment = matching_pennies(16)
    first = First(environment.spec)
    mixed = Player("mixed", [Random(environment.spec), first], np.array([[0.0, 1.0], [0.5, 0.5]]))
    score = measure(Arena(environment), mixed, Player.pure("first", first, 2), 2000, seed=3)
    assert float(score.by_side[0].m2[0]) == 0.0  # on side 0 it always plays the first action, and so does the other
    assert abs(float(score.by_side[1].mean[0])) == pytest.approx(0.5, abs=0.1)  # random half of the time


def test_teams_are_measured_as_sides() -> None:
    environment = skirmish(8)
    random = Player.pure("random", Random(environment.spec), len(environment.spec.sides))
    score = measure(Arena(environment), random, random, 20, seed=1)
    assert score.matches == 20
    hits = score.plain()["info.hits"]  # of the last tick: there are two tanks
    assert 0 < hits < 2 and score.info["hits"].count == 20 and score.plain()["info.hits_margin"] > 0


@pytest.fixture
def run(tmp_path: Path, marl: Marl) -> Path:
    for plugin in ("marl_rllib", "marl_classic"):
        pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")
    scenario = tmp_path / "small.yaml"
    scenario.write_text(
        "kind: train\nenv: classic/tic_tac_toe\nenv_steps: 1000\nslice: 500\nevaluation: {every: 0}\n"
        "algorithm: {name: rllib/ppo, lanes: 16, rows: 128, model: {hidden: [8]}}\n"
    )
    done = marl("run", scenario, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    return tmp_path / "run"


def test_a_run_is_evaluated_and_watched(run: Path, marl: Marl) -> None:
    done = marl("evaluate", run, "--against", "marl/first", "--against", f"{run}@1", "--matches", 20, "--json")
    scores = json.loads(done.stdout)["scores"]
    assert set(scores) == {"marl/first", f"{run}@1"}
    assert all(score["wins"] + score["draws"] + score["losses"] == 20 for score in scores.values())
    snapshot = json.loads((run / "progress.json").read_text())["slices"][-1]["snapshot"]
    assert "±" in marl("evaluate", run / "blobs" / f"{snapshot}.safetensors", "--matches", 10).stdout
    watched = marl("watch", run, "--against", "marl/random", "--side", 1, "--seed", 4)
    assert watched.returncode == 0, watched.stderr
    assert "classic/tic_tac_toe: marl/random against" in watched.stdout and "over: returns" in watched.stdout
    assert watched.stdout == marl("watch", run, "--against", "marl/random", "--side", 1, "--seed", 4).stdout
    greedy = marl("evaluate", f"{run}@1 greedy=true", "--against", "marl/first", "--matches", 20, "--json")
    assert json.loads(greedy.stdout)["scores"]["marl/first"]["wins"] in (0, 10, 20)  # nobody draws lots
    wrong = marl("evaluate", f"{run} gredy=true")
    assert wrong.returncode == 2 and "did you mean 'greedy'?" in " ".join(wrong.stderr.split())
    wrong = marl("evaluate", f"{run}@7")
    assert wrong.returncode == 2 and "has no player '7'" in wrong.stderr


def test_who_saw_another_view_of_the_game_is_not_misread(tmp_path: Path, marl: Marl) -> None:
    for plugin in ("marl_rllib", "marl_classic"):
        pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")
    small = "{name: rllib/ppo, lanes: 16, rows: 128, model: {hidden: [8]}}"
    for view in ("own", "absolute"):
        (tmp_path / "small.yaml").write_text(
            f"kind: train\nenv: {{name: classic/connect_four, view: {view}}}\nenv_steps: 500\n"
            f"slice: 500\nevaluation: {{every: 0}}\nalgorithm: {small}\n"
        )
        assert marl("run", "small.yaml", "--out", view, cwd=tmp_path).returncode == 0
    for command in ("evaluate", "watch"):
        wrong = marl(command, "own", "--against", "absolute", cwd=tmp_path)
        said = " ".join(wrong.stderr.split())
        assert wrong.returncode == 2, wrong.stdout
        assert (
            "own learned classic/connect_four (view: own, first: player_0), and absolute classic/connect_four" in said
        )
    place = ("--env", "classic/connect_four view=own", "--matches", 10)
    done = marl("evaluate", "own", "--against", "absolute", *place, cwd=tmp_path)
    assert done.returncode == 0 and "own on classic/connect_four (view: own, first: player_0)" in done.stdout, (
        done.stderr
    )


def test_parameters_follow_whoever_plays(tmp_path: Path) -> None:
    assert parameters("runs/a greedy=true n=3") == ("runs/a", {"greedy": True, "n": 3})
    assert parameters("runs/lr=0.1@2") == ("runs/lr=0.1@2", {})
    (tmp_path / "lr 0=1").mkdir()
    assert parameters(f"{tmp_path}/lr 0=1 greedy=true") == (f"{tmp_path}/lr 0=1", {"greedy": True})


def test_opponents_of_one_policy_are_told_apart_by_their_parameters(tmp_path: Path, marl: Marl) -> None:
    for plugin in ("marl_rllib", "marl_openspiel", "marl_classic"):
        pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")
    registry = load_registry()
    usual = {"simulations": 100, "exploration": 2.0}
    assert typed(Component("openspiel/mcts", usual), registry) == "openspiel/mcts"
    assert typed(Component("marl/random"), registry) == "marl/random"
    (tmp_path / "small.yaml").write_text(
        "kind: train\nenv: classic/connect_four\nenv_steps: 400\nslice: 400\n"
        "algorithm: {name: rllib/ppo, lanes: 8, rows: 200, model: {hidden: [8]}}\nevaluation: {matches: 4, "
        "against: [{name: openspiel/mcts, simulations: 2}, {name: openspiel/mcts, simulations: 3}]}\n"
    )
    assert marl("run", "small.yaml", "--out", "run", cwd=tmp_path).returncode == 0
    (done,) = json.loads((tmp_path / "run" / "progress.json").read_text())["slices"]
    assert list(done["scores"]) == ["openspiel/mcts simulations=2", "openspiel/mcts simulations=3"]
    assert parameters("openspiel/mcts simulations=3") == ("openspiel/mcts", {"simulations": 3})


def test_who_learned_one_side_is_measured_and_watched_there(tmp_path: Path, marl: Marl) -> None:
    for plugin in ("marl_rllib", "marl_classic"):
        pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")
    text = "kind: train\nenv: classic/kuhn_poker\nside: 1\nopponents: [marl/random]\nenv_steps: 2000\nslice: 2000\n"
    text += "algorithm: {name: rllib/ppo, sharing: side, lanes: 8, rows: 256}\nevaluation: {matches: 20}\n"
    (tmp_path / "one.yaml").write_text(text)
    run = tmp_path / "run"
    assert marl("run", tmp_path / "one.yaml", "--out", run).returncode == 0
    scores = json.loads(marl("evaluate", run, "--matches", 30, "--json").stdout)["scores"]
    assert scores["marl/random"]["matches"] == 30
    assert "return_side0" not in scores["marl/random"]
    assert marl("watch", run, "--against", "marl/random").returncode == 0
    alone = marl("watch", run)
    assert alone.returncode == 2
    assert "learned to play side 1 only" in " ".join(alone.stderr.split())


def test_players_meet_only_where_both_learned_to_play(tmp_path: Path, marl: Marl) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    run = tmp_path / "run"
    text = "kind: league\nenv: classic/kuhn_poker\nstop: {iterations: 2}\n"
    (tmp_path / "small.yaml").write_text(text)
    assert marl("run", tmp_path / "small.yaml", "--out", run).returncode == 0
    one, other = f"{run}@player_0/1", f"{run}@player_1/1"
    for player, side in ((one, 0), (other, 1)):
        (score,) = json.loads(marl("evaluate", player, "--matches", 50, "--json").stdout)["scores"].values()
        assert score["matches"] == 50 and f"return_side{1 - side}" not in score
        (score,) = json.loads(marl("evaluate", "marl/random", "--against", player, "--matches", 50, "--json").stdout)[
            "scores"
        ].values()
        assert score["matches"] == 50
        watched = marl("watch", player, "--against", "marl/random")
        assert watched.returncode == 0, watched.stderr
    assert marl("evaluate", one, "--against", other, "--matches", 10).returncode == 0
    wrong = marl("evaluate", one, "--against", f"{run}@player_0/2")
    assert wrong.returncode == 2
    assert "no match in which both play what they learned" in " ".join(wrong.stderr.split())
    wrong = marl("watch", one, "--against", "marl/random", "--side", 1)
    assert wrong.returncode == 2 and "can have side 0 against" in " ".join(wrong.stderr.split())
    assert marl("evaluate", f"{run}@player_0/0", "--matches", 10).returncode == 0  # the founder plays anywhere


def test_who_breaks_the_rules_is_named(tmp_path: Path, marl: Marl) -> None:
    (tmp_path / "cheat.py").write_text(CHEAT)
    info = tmp_path / "cheat-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cheat\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[marl]\ncheat = cheat\n")
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, "PYTHONPATH": path}
    place = ("--env", "classic/tic_tac_toe")
    done = marl("evaluate", "cheat/cheat", *place, "--matches", 10, env=env)
    assert "cheat/cheat broke the rules in 10 of its matches against marl/random" in " ".join(done.stdout.split())
    done = marl("evaluate", "marl/random", "--against", "cheat/cheat", *place, "--matches", 10, "--json", env=env)
    score = json.loads(done.stdout)["scores"]["cheat/cheat"]
    assert (score["faults"], score["opponent_faults"]) == (0, 10)
    done = marl("watch", "cheat/cheat", *place, env=env)
    assert "player_1 broke the rules" in done.stdout, done.stderr


def test_a_league_plays_its_meta_strategy(tmp_path: Path, marl: Marl) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    assert marl("run", "leduc_psro", "stop.iterations=4", "--out", tmp_path / "run").returncode == 0
    done = marl("evaluate", tmp_path / "run", "--matches", 2000, "--json")
    assert json.loads(done.stdout)["scores"]["marl/random"]["return"] > 0.3
    done = marl("evaluate", f"{tmp_path / 'run'}@player_0/1", "--matches", 200, "--json")
    assert json.loads(done.stdout)["scores"]["marl/random"]["matches"] == 200
    done = marl("evaluate", tmp_path / "run", "--matches", 200)
    assert re.search(r"return by side against marl/random: player_0 \S+ ± \S+, player_1 \S+ ± \S+\n", done.stdout)


def test_a_recorded_match_is_watched_as_it_was(tmp_path: Path, marl: Marl) -> None:
    classic = pytest.importorskip("marl_classic.tic_tac_toe", reason="needs the plugin marl-classic")
    environment = classic.TicTacToe(1)
    recorder = ReplayRecorder("classic/tic_tac_toe", {}, [0])
    Arena(environment).play([Random(environment.spec)], Pairings.repeat([(0, 0)], 1, seed=5), [recorder])
    recorder.finished[0].write(tmp_path / "match.json.gz")
    done = marl("watch", tmp_path / "match.json.gz")
    assert done.returncode == 0, done.stderr
    assert environment.render(0).text in done.stdout and "over: returns" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["evaluate", "runs/nothing"], "there is no run, snapshot or bot 'runs/nothing'"),
        (["evaluate", "marl/randm"], "did you mean 'marl/random'?"),
        (["evaluate", "marl/random"], "say where with --env"),
        (["evaluate", "marl/random strength=3", "--env", "x"], "strength"),
        (["watch", "match.json.gz"], "there is no replay match.json.gz"),
        (["watch", "."], "is not a run directory"),
    ],
)
def test_a_mistake_is_a_sentence(tmp_path: Path, arguments: list[str], sentence: str, marl: Marl) -> None:
    done = marl(*arguments, cwd=tmp_path)
    assert done.returncode == 2 and sentence in done.stderr, done.stderr
