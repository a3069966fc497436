"""`kind: train`: slices, checkpoints, measurements; a run that is killed ends as if nothing had happened."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from marl.errors import RunError, UserError
from marl.registry import RUNNERS, load_registry
from marl.run.players import parameters
from marl.scenario import load_scenario
from marl.training.config import TrainConfig
from marl.training.runner import following

for plugin in ("marl_rllib", "marl_classic"):
    pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")

SMALL = """
kind: train
env: classic/kuhn_poker
env_steps: 3000
slice: 500
algorithm: {name: rllib/ppo, lanes: 16, rows: 128, minibatch: 64, epochs: 2, lr_end: 0.0, model: {hidden: [8]}}
evaluation: {matches: 40}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def train(scenario: Path, out: Path, *overrides: str, resume: bool = False) -> None:
    registry = load_registry()
    loaded = load_scenario(scenario, list(overrides), registry)
    registry.load(registry.find(RUNNERS, "train"))(loaded, registry, out, resume)


def progress(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "progress.json").read_text())
    return content


def events(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]


def timeless(value: Any) -> Any:
    """Without what depends on the clock."""
    if isinstance(value, dict):
        clocks = ("time", "seconds", "sample_seconds", "learn_seconds", "env_steps_per_s", "sampler_share")
        return {k: timeless(v) for k, v in value.items() if k not in (*clocks, "learner_share")}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def story(out: Path) -> tuple[Any, ...]:
    blobs = {path.name: path.read_bytes() for path in (out / "blobs").iterdir()}
    return timeless(progress(out)), timeless(events(out)), blobs


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train")
    (folder / "small.yaml").write_text(SMALL)
    train(folder / "small.yaml", folder / "run")
    return folder / "run"


def test_every_slice_has_a_snapshot_and_the_last_two_checkpoints_stay(undisturbed: Path) -> None:
    done = progress(undisturbed)
    assert len(done["slices"]) >= 4 and done["slices"][-1]["env_steps"] >= 3000
    assert len(done["checkpoints"]) == 2
    wanted = {slice["snapshot"] for slice in done["slices"]} | set(done["checkpoints"])
    assert {path.stem for path in (undisturbed / "blobs").iterdir()} == wanted


def test_metrics_have_speed_shares_and_what_the_learner_says(undisturbed: Path) -> None:
    update = next(event for event in events(undisturbed) if event["event"] == "train")
    wanted = {"env_steps_per_s", "sampler_share", "learner_share", "policy_loss", "value_loss", "entropy", "kl"}
    assert wanted | {"explained_variance", "return", "length", "lr"} <= set(update)
    assert 0 < update["sampler_share"] + update["learner_share"] <= 1.0


def test_schedules_run_over_the_whole_run_and_not_over_a_slice(undisturbed: Path) -> None:
    rates = [event["lr"] for event in events(undisturbed) if event["event"] == "train"]
    assert rates == sorted(rates, reverse=True) and rates[-1] < 0.2 * rates[0]


def test_greedy_play_is_measured_greedily(scenario: Path, tmp_path: Path) -> None:
    short = ("env_steps=1000", "env=classic/tic_tac_toe", "evaluation.against=[marl/first]")
    train(scenario, tmp_path / "run", *short, "evaluation.greedy=true")
    train(scenario, tmp_path / "drawn", *short)
    first, second, *_ = (done["scores"] for done in progress(tmp_path / "run")["slices"])
    assert first["marl/first"]["wins"] in (0, 20, 40)  # nobody draws lots: one match for each side, twenty times
    drawn = [done["scores"] for done in progress(tmp_path / "drawn")["slices"]]
    assert drawn[0]["marl/first"]["wins"] not in (0, 20, 40)
    assert second["previous"] == drawn[1]["previous"]  # what is learned, and measured by drawing, is the same


def test_snapshots_are_measured_against_opponents_and_the_one_before(undisturbed: Path) -> None:
    measured = [event for event in events(undisturbed) if event["event"] == "evaluation"]
    first, second = progress(undisturbed)["slices"][:2]
    assert set(first["scores"]) == {"marl/random"} and set(second["scores"]) == {"marl/random", "previous"}
    assert all(event["matches"] == 40 for event in measured)
    assert all(event["points_low"] <= event["points"] <= event["points_high"] for event in measured)


def test_a_finished_run_has_nothing_more_to_do_and_says_so(
    undisturbed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = story(undisturbed)
    train(undisturbed / "scenario.yaml", undisturbed, resume=True)
    assert story(undisturbed) == before
    said, slices = capsys.readouterr().out, done(undisturbed)
    assert said.count("finished already") == 1
    told = [line for line in said.splitlines() if " env steps  " in line]
    assert [line.partition(" ")[0] for line in told] == [f"{slice['env_steps']:,}" for slice in slices]


def test_a_run_killed_in_the_midst_ends_bit_identical(undisturbed: Path, scenario: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "marl", "run", str(scenario), "name=run", "--out", str(out)]
    for slices in (1, 3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while process.poll() is None and not ((out / "progress.json").exists() and len(done(out)) >= slices):
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 1 <= len(done(out)) < len(done(undisturbed)), "the kills came too late to mean anything"
    train(out / "scenario.yaml", out, resume=True)
    assert story(out) == story(undisturbed)


def test_measuring_on_as_many_lanes_does_not_touch_the_matches_of_training(scenario: Path, tmp_path: Path) -> None:
    for name, overrides in (("measured", ["evaluation.lanes=16"]), ("not", ["evaluation.every=0"])):
        train(scenario, tmp_path / name, "env_steps=1500", *overrides)
    measured, other = (progress(tmp_path / name) for name in ("measured", "not"))
    assert [one["snapshot"] for one in measured["slices"]] == [one["snapshot"] for one in other["slices"]]


@pytest.mark.parametrize("backend", ["local", "ray"])
def test_a_scheduler_that_ends_a_run_is_told_how_to_go_on(
    scenario: Path, tmp_path: Path, backend: str, warm: Path
) -> None:
    out = tmp_path / "run"
    overrides = [f"compute.backend={backend}", "env_steps=10000000"]
    command = [str(warm / "marl"), "run", str(scenario), *overrides, "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not ((out / "progress.json").exists() and done(out)):
        time.sleep(0.01)
    process.terminate()
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert f"go on from the last slice with `marl resume {out}`" in said
    assert "Traceback" not in errors


def done(out: Path) -> list[Any]:
    slices: list[Any] = progress(out)["slices"]
    return slices


def test_fixed_opponents_play_the_other_sides_and_learn_nothing(scenario: Path, tmp_path: Path) -> None:
    train(scenario, tmp_path / "run", "opponents=[marl/first]", "side=1", "env_steps=3000", "algorithm.lr=0.02")
    last = progress(tmp_path / "run")["slices"][-1]
    assert set(last["scores"]) == {"marl/random"}  # a snapshot that only ever played one side has no "previous" rival
    returns = [event["return"] for event in events(tmp_path / "run") if event["event"] == "train"]
    # marl/first never bets and folds to every bet, so betting whenever one may wins its ante of 1.
    assert sum(returns[-5:]) / 5 > 0.8 > sum(returns[:3]) / 3


def test_numbers_go_to_tensorboard_where_it_is_wanted(scenario: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(scenario, tmp_path / "run", "sinks=[marl/tensorboard]", "env_steps=1000")
    board = EventAccumulator(str(tmp_path / "run" / "tensorboard"))
    board.Reload()
    losses = [(event.step, event.value) for event in board.Scalars("train/policy_loss")]
    logged = [(e["step"], pytest.approx(e["policy_loss"])) for e in events(tmp_path / "run") if e["event"] == "train"]
    assert losses == logged
    assert "evaluation/marl/random/points" in board.Tags()["scalars"]


@pytest.mark.parametrize(("before", "now"), [(True, {"sinks": ["marl/tensorboard"]}), (False, {})])
def test_a_run_directory_of_before_is_read(before: bool, now: dict[str, object]) -> None:
    values: dict[str, object] = {"tensorboard": before}
    TrainConfig.former(values)
    assert values == now


def test_without_tensorboard_a_run_says_so_and_trains(
    scenario: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    train(scenario, tmp_path / "run", "sinks=[marl/tensorboard]", "env_steps=500")
    assert "pip install 'marl-league[tensorboard]'" in capsys.readouterr().err
    assert progress(tmp_path / "run")["slices"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        (["side=2", "opponents=[marl/random]"], "has the sides 0 to 1"),
        (["side=1"], "command line: side: 1 learns alone only where others are fixed"),
        (["env=classic/none"], "unknown environment"),
        (["slice=0"], "command line: slice must be at least 1, not 0"),
        (["evaluation.lanes=0"], "command line: evaluation.lanes must be at least 1, not 0"),
        (["algorithm.epochs=0"], "command line: algorithm.epochs must be at least 1, not 0"),
        (["algorithm=marl/random"], "'marl/random' is a policy, not an algorithm; algorithms: [a-z]+/[a-z_]+, "),
        (["evaluation.against=[marl/rando]"], "did you mean"),
    ],
)
def test_wrong_input_is_a_sentence(scenario: Path, tmp_path: Path, overrides: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        train(scenario, tmp_path / "run", *overrides)
    assert not (tmp_path / "run").exists()  # so that a right one may be there


def test_what_to_do_next_names_the_opponent_with_its_parameters(scenario: Path) -> None:
    pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    registry = load_registry()
    overrides = ["env=classic/connect_four", "opponents=[{name: openspiel/mcts, simulations: 5}]"]
    config = load_scenario(scenario, overrides, registry).config
    trainer: Any = SimpleNamespace(out=Path("runs/x"), config=config, registry=registry)
    watch, evaluate, _ = following(trainer)
    assert watch.endswith("marl watch runs/x --against 'openspiel/mcts simulations=5'")
    assert evaluate.endswith("marl evaluate runs/x --against 'openspiel/mcts simulations=5'")
    who, params = parameters(shlex.split(evaluate)[-1])
    assert (who, params) == ("openspiel/mcts", {"simulations": 5})


def test_an_algorithm_without_checkpoints_is_refused(scenario: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="gives no checkpoint"):
        train(scenario, tmp_path / "run", "algorithm=league/best_response", "opponents=[marl/random]")


def test_a_run_goes_on_only_as_what_it_was(undisturbed: Path, scenario: Path, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"another scenario \(seed is 0 there and 5 here\): change that one by `marl resume "
    ):
        train(scenario, undisturbed, "seed=5")
    with pytest.raises(UserError, match="holds no training run"):
        train(scenario, tmp_path / "none", resume=True)
