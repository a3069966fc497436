"""`marl compare`: the same figures as the definitions give, on known scores and on runs that were trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import stats

from marl.cli.app import app
from marl.errors import UserError
from marl.training.compare.labels import labels, settings
from marl.training.compare.runs import Measured

pytest.importorskip("rliable", reason="needs rliable")

from marl.training.compare.page import page
from marl.training.compare.statistics import compared, improvement, interquartile_mean, tabled


def run(method: str, task: str, seed: int, *scores: float) -> Measured:
    points = tuple((1000 * (number + 1), score) for number, score in enumerate(scores))
    return Measured(Path(f"runs/{method}-{task}-{seed}"), method, task, seed, points)


def field(scores: dict[tuple[str, str], list[float]]) -> list[Measured]:
    return [run(*where, seed, 0.0, score) for where, each in scores.items() for seed, score in enumerate(each)]


APART = field({("good", "a"): [0.7, 0.8, 0.9, 1.0], ("good", "b"): [0.5, 0.6, 0.7, 0.8],
               ("bad", "a"): [0.1, 0.2, 0.3, 0.4], ("bad", "b"): [0.0, 0.1, 0.2, 0.3]})  # fmt: skip


def test_figures_are_those_of_the_definitions() -> None:
    found = compared(tabled(APART, scale=False), 200)
    good = found.table.scores["good"]
    assert good.tolist() == [[0.7, 0.5], [0.8, 0.6], [0.9, 0.7], [1.0, 0.8]]
    mean = found.aggregates["interquartile mean"]["good"]
    assert mean.value == pytest.approx(stats.trim_mean(good, 0.25, axis=None))
    assert good.min() < mean.low < mean.value < mean.high < good.max()
    assert found.aggregates["mean"]["bad"].value == pytest.approx(0.2)
    assert (found.better["good", "bad"].value, found.better["bad", "good"].value) == (1.0, 0.0)
    assert "optimality gap" not in found.aggregates  # there is no best score to be away from
    above = {name: dict(curve) for name, curve in found.profiles.items()}
    level = next(level for level in above["good"] if level > 0.41)
    assert above["bad"][level].value == 0.0 and above["good"][level].value == 1.0
    assert [at for at, _ in found.curves["good"]] == [1000, 2000]
    assert found.curves["good"][0][1].value == 0.0 and found.curves["good"][1][1].value == mean.value


def test_equal_methods_are_not_told_apart() -> None:
    same = field({("one", "a"): [0.1, 0.2, 0.3], ("two", "a"): [0.3, 0.1, 0.2]})
    better = compared(tabled(same, scale=False), 200).better["one", "two"]
    assert better.value == pytest.approx(0.5) and better.low < 0.5 < better.high


def test_the_same_runs_give_the_same_figures_and_leave_numpy_alone() -> None:
    state = np.random.get_state()[1].copy()
    first, second = (compared(tabled(APART, scale=False), 200) for _ in range(2))
    assert first == second
    assert (np.random.get_state()[1] == state).all()


def test_returns_of_several_tasks_become_shares_of_their_ranges() -> None:
    wide = field({("x", "a"): [0, 100], ("x", "b"): [1, 3], ("y", "a"): [50, 50], ("y", "b"): [5, 5]})
    table = tabled(wide, scale=True)
    assert table.ranges == ((0, 100), (1, 5))
    assert table.scores["x"].tolist() == [[0, 0], [1, 0.5]]
    gap = compared(table, 50).aggregates["optimality gap"]
    assert gap["y"].value == pytest.approx(0.25) and gap["x"].value == pytest.approx(0.625)


def test_runs_are_compared_where_the_shortest_ends() -> None:
    runs = [run("x", "a", 0, 0.1, 0.2, 0.9), run("y", "a", 0, 0.3, 0.4), run("y", "a", 1, 0.5, 0.6)]
    table = tabled(runs, scale=False)
    assert (table.env_steps, table.scores["x"].tolist(), table.scores["y"].tolist()) == (2000, [[0.2]], [[0.4], [0.6]])
    assert "compared at 2,000 env steps" in table.notes[0]
    assert tabled(runs, False, 1000).scores["x"].tolist() == [[0.1]]
    for at, sentence in ((3000, r"y-a-0 was measured at 2,000 last"), (10, r"was not measured yet .*at 1,000")):
        with pytest.raises(UserError, match=sentence):
            tabled(runs, False, at)


def test_methods_have_equally_many_seeds_on_every_task() -> None:
    runs = field({("x", "a"): [1, 2, 3], ("x", "b"): [4, 5], ("y", "a"): [1]})
    with pytest.raises(UserError, match="no run of y on b; every method needs runs on all tasks"):
        tabled(runs, False)
    table = tabled([one for one in runs if one.method == "x"], False)
    assert table.scores["x"].tolist() == [[1, 4], [2, 5]]
    assert table.notes == ("x: the first 2 seeds on every task, since one has no more",)


def test_labels_tell_methods_and_tasks_apart_by_what_differs() -> None:
    scenarios = [
        {"env": "g/a", "algorithm": {"name": "r/ppo", "lr": 0.1, "model": {"hidden": [8]}}, "seed": 1},
        {"env": "g/a", "algorithm": {"name": "r/ppo", "lr": 0.2, "model": {"hidden": [8]}}, "seed": 2, "name": "x"},
        {"env": {"name": "g/b", "size": 3}, "algorithm": {"name": "r/dqn", "lr": 0.2}, "opponents": ["m/r"]},
    ]
    methods, tasks = zip(*map(settings, scenarios), strict=True)
    assert labels(methods, "algorithm.name") == ["r/ppo lr=0.1", "r/ppo lr=0.2", "r/dqn"]
    assert labels(tasks, "env.name") == ["g/a", "g/a", "g/b"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two methods with one seed each, on Kuhn poker."""
    for plugin in ("marl_rllib", "marl_classic"):
        pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")
    folder = tmp_path_factory.mktemp("runs")
    (folder / "small.yaml").write_text(
        "{kind: train, env: classic/kuhn_poker, env_steps: 1000, slice: 500, evaluation: {matches: 20}, "
        "algorithm: {name: rllib/ppo, lanes: 16, rows: 128, minibatch: 64, epochs: 1, model: {hidden: [4]}}}"
    )
    runs = [str(folder / f"lr-{lr}") for lr in (0.1, 0.2)]
    for run in runs:
        marl("run", str(folder / "small.yaml"), f"algorithm.lr={run.rpartition('-')[2]}", "--out", run)
    return runs


def marl(*words: str) -> Any:
    """What a command does; errors that are sentences come out of it."""
    return CliRunner().invoke(app, list(words), catch_exceptions=False, standalone_mode=False)


def test_trained_runs_are_compared(trained: list[str], tmp_path: Path, checked: type) -> None:
    found = json.loads(marl("compare", *trained, "--json").output)
    assert [one["method"] for one in found["runs"]] == ["rllib/ppo lr=0.1", "rllib/ppo lr=0.2"]
    last = json.loads((Path(trained[0]) / "progress.json").read_text())["slices"][-1]["scores"]["marl/random"]
    assert found["score"] == "points" and found["runs"][0]["score"] == last["points"]
    out = tmp_path / "compare.html"
    assert "rllib/ppo lr=0.2" in marl("compare", *trained, "--score", "return", "--out", str(out)).output
    assert "Performance profiles" in out.read_text()
    checked(out.read_text())


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--score", "elo"], "there is no 'elo'; scores are points and return"),
        (["--against", "nobody"], "was not measured against nobody, but against marl/random"),
        (["nowhere"], "nowhere is not a run directory: it does not exist"),
        (["--env-steps", "5000"], "--env-steps: 5,000, but"),
    ],
)
def test_what_cannot_be_compared_is_told(trained: list[str], more: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        marl("compare", *trained, *more)


def test_the_same_run_twice_is_no_second_seed(trained: list[str], tmp_path: Path) -> None:
    for name in ("scenario.yaml", "progress.json"):
        (tmp_path / name).write_bytes((Path(trained[0]) / name).read_bytes())
    with pytest.raises(UserError, match=r"are the same run twice: rllib/ppo lr=0\.1 on classic/kuhn_poker, seed 0"):
        marl("compare", *trained, str(tmp_path))


def test_what_is_computed_here_is_rliables() -> None:
    from rliable import metrics

    draws = np.random.default_rng(3)
    for _ in range(5):
        ours, theirs = draws.integers(0, 4, (5, 3)).astype(float), draws.integers(0, 4, (4, 3)).astype(float)
        assert improvement(ours, theirs) == pytest.approx(metrics.probability_of_improvement(ours, theirs))
        assert interquartile_mean(ours.ravel()) == pytest.approx(metrics.aggregate_iqm(ours))


def test_names_of_strangers_do_not_reach_the_page_as_html(checked: type) -> None:
    named = field({("<script>x", "<b>a"): [1, 2], ("y", "<b>a"): [1, 2]})
    text = page(compared(tabled(named, False), 20), "return", ["marl"])
    checked(text)
    assert "<script>x" not in text and "<b>a" not in text
