"""The reward lab: alarms that ring when they should and not else, variants that say what they do, whole pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marl.errors import UserError
from marl.registry import RUNNERS, load_registry
from marl.registry.params import fill
from marl.run.directory import locked
from marl.scenario import load_scenario
from marl.terminal.text import cells, plain
from marl.training.composition import RewardConfig
from marl_rewards.lab import commands
from marl_rewards.lab.ablation import Ablation
from marl_rewards.lab.alarm import alarms
from marl_rewards.lab.analysis_page import page
from marl_rewards.lab.analysis_table import lines
from marl_rewards.lab.run_section import sections
from marl_rewards.lab.scores import Mean, Scores
from marl_rewards.lab.updates import read_updates
from marl_rewards.lab.variants import variants

U = 90


def run(folder: Path, score: Any, **paid: Any) -> Path:
    """A run directory whose updates logged this."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metrics.jsonl").open("w") as file:
        for update, value in enumerate(score):
            event = {"event": "train", "step": 1000 * (update + 1), **({} if np.isnan(value) else {"return": value})}
            for name, values in paid.items():
                event |= {f"reward.{name}": 2 * values[update], f"reward.{name}.paid": values[update]}
                event[f"reward.{name}.share"] = 1 / len(paid)
            file.write(json.dumps(event) + "\n")
    return folder


def noise(draw: np.random.Generator, size: float, memory: float = 0.0, updates: int = U) -> Any:
    """Noise that remembers: each is `memory` times the one before, and something new."""
    values = draw.normal(size=updates)
    for update in range(1, updates):
        values[update] = memory * values[update - 1] + (1 - memory**2) ** 0.5 * values[update]
    return size * values


def farmed(seed: int, folder: Path, updates: int = U) -> Path:
    """Learns the game, then finds that touching pays more."""
    draw, x = np.random.default_rng(seed), np.linspace(0, 1, updates)
    turn = draw.uniform(0.2, 0.5)
    score = 20 + 60 * np.minimum(x, turn) - 60 * np.maximum(0, x - turn) + noise(draw, 4, updates=updates)
    touch = 0.1 + 1.5 * np.maximum(0, x - turn + 0.05) + noise(draw, 0.05, updates=updates)
    return run(folder, score, game=score / 200, near=0.1 + 0.02 * x + noise(draw, 0.02, updates=updates), touch=touch)


def honest(seed: int, folder: Path) -> Path:
    """Learns, or not; its channels rise, fall, or do what they like, with noise that remembers."""
    draw, x = np.random.default_rng(seed), np.linspace(0, 1, U)
    learned = [80 * x, 80 * (1 - np.exp(-6 * x)), 0 * x, 40 * np.minimum(1, 3 * x)][seed % 4]
    score = 20 + learned + noise(draw, 8, memory=0.6)
    near = draw.uniform(-1, 1) * x + noise(draw, 0.2, memory=0.6)
    return run(folder, score, game=score / 200, near=near, touch=draw.uniform(0, 2) * x + noise(draw, 0.3, memory=0.6))


def plunged(seed: int, folder: Path) -> Path:
    """Falls at once where the channel begins to rise, and then wanders without falling further."""
    draw, x = np.random.default_rng(seed), np.linspace(0, 1, U)
    score = np.where(x < 0.4, 110 * np.minimum(1, 5 * x), 50 + 12 * np.sin(9 * x)) + noise(draw, 8)
    return run(folder, score, game=score / 200, touch=3 * np.maximum(0, x - 0.3) + noise(draw, 0.1))


def flown(seed: int, folder: Path) -> Path:
    """Finds the channel within a few updates; then nothing changes any more."""
    draw, x = np.random.default_rng(seed), np.linspace(0, 1, U)
    soon = np.minimum(1, 6 * x)
    score = -80 - 70 * soon + noise(draw, 6)
    return run(folder, score, game=score / 200, hurry=4 + 5 * soon + noise(draw, 0.2))


@pytest.mark.parametrize("seed", range(10))
def test_it_rings_where_a_channel_is_found_at_once(seed: int, tmp_path: Path) -> None:
    (alarm,) = alarms(read_updates(flown(seed, tmp_path)))
    assert alarm.name == "hurry" and alarm.since < 10_000 and alarm.paid[1] > 8


@pytest.mark.parametrize("seed", range(10))
def test_it_rings_where_the_score_falls_at_once(seed: int, tmp_path: Path) -> None:
    (alarm,) = alarms(read_updates(plunged(seed, tmp_path)))
    assert alarm.name == "touch" and alarm.score[0] > 90 > 70 > alarm.score[1]


def test_long_matches_end_in_some_updates_only(tmp_path: Path) -> None:
    text = (farmed(4, tmp_path) / "metrics.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in text]
    for update, event in enumerate(events):
        if update % 3:
            del event["return"]
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, events)))
    assert [alarm.name for alarm in alarms(read_updates(tmp_path))] == ["touch"]
    for event in events[: U // 2]:
        event.pop("return", None)
    (tmp_path / "metrics.jsonl").write_text("\n".join(map(json.dumps, events)))
    updates = read_updates(tmp_path)
    assert not alarms(updates) and "too few matches ended" in " ".join(map(plain, lines(updates)[-2:]))


def test_a_channel_that_was_renamed_is_watched_from_there_on(tmp_path: Path) -> None:
    text = (farmed(2, tmp_path) / "metrics.jsonl").read_text().splitlines()
    renamed = [line.replace("reward.touch", "reward.hit") for line in text[40:]]
    (tmp_path / "metrics.jsonl").write_text("\n".join([*text[:40], *renamed]))
    updates = read_updates(tmp_path)
    assert [alarm.name for alarm in alarms(updates)] == ["hit"] and page(updates)


@pytest.mark.parametrize("seed", range(10))
def test_an_alarm_rings_where_a_channel_is_farmed_and_names_it(seed: int, tmp_path: Path) -> None:
    (alarm,) = alarms(read_updates(farmed(seed, tmp_path)))
    assert alarm.name == "touch"
    assert alarm.paid[1] > 2 * alarm.paid[0] and alarm.score[1] < alarm.score[0]
    assert 0.1 * U * 1000 < alarm.since < 0.7 * U * 1000


def test_it_is_silent_on_honest_runs(tmp_path: Path) -> None:
    rang = [seed for seed in range(60) if alarms(read_updates(honest(seed, tmp_path)))]
    assert rang == []


HACKED = """
kind: train
name: hacked
env: gymnasium/cartpole
env_steps: 40000
slice: 40000
algorithm:
  name: rllib/ppo
  lanes: 8
  rows: 512
  minibatch: 256
  epochs: 4
  lr: 0.003
  entropy: 0.0
  model: {hidden: [16], separate_value: true}
  reward:
    channels:
      spin: {name: rewards/velocity, velocity: ["abs(observation[3])"], towards: ["1"]}
      central: {name: rewards/distance, position: ["observation[0]"], target: ["0"], shape: {kind: gaussian}}
    weights: {spin: {start: 0, end: 6}, central: 0.2}
evaluation: {every: 0}
"""


@pytest.mark.slow
def test_a_pole_that_learns_to_spin_rings_and_poles_that_learn_to_stand_do_not(tmp_path: Path) -> None:
    pytest.importorskip("marl_rllib")
    pytest.importorskip("marl_gymnasium")
    registry = load_registry()
    (tmp_path / "hacked.yaml").write_text(HACKED)

    def trained(name: str, *overrides: str) -> list[Any]:
        scenario = load_scenario(tmp_path / "hacked.yaml", list(overrides), registry)
        registry.load(registry.find(RUNNERS, "train"))(scenario, registry, tmp_path / name, False)
        return alarms(read_updates(tmp_path / name))

    assert [alarm.name for alarm in trained("hacked")] == ["spin"]
    for seed in range(3):
        short = (f"seed={seed}", "env_steps=16000", "slice=16000", "algorithm.reward.weights.spin=0.02")
        assert trained(f"honest{seed}", *short) == []


def test_it_says_nothing_of_few_updates(tmp_path: Path) -> None:
    few = read_updates(farmed(1, tmp_path, updates=14))
    assert not alarms(few) and "14 updates are too few to tell" in lines(few)[-2] + lines(few)[-1]


def test_the_table_fits_and_the_page_shows_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    updates = read_updates(farmed(3, tmp_path / "<farm>"))
    shown = [plain(line) for line in lines(updates)]
    assert all(cells(line) <= 80 for line in shown)
    row = next(line for line in shown if line.startswith("touch"))
    late = float(np.nanmean(updates.paid["touch"][-U // 3 :]))
    assert f"{late:.3g}" in row and "33%" in row and row.endswith("ALARM")
    assert updates.with_score("game") == pytest.approx(1.0) and updates.with_score("touch") < -0.5
    assert sum(updates.weight.values()) == pytest.approx(1.0)
    html = page(updates)
    assert html.count("<svg") == 3 and "ALARM touch" in html and "&lt;farm&gt;" in html and "<farm>" not in html


def test_updates_without_a_score_are_gaps_and_jobs_do_not_mix(tmp_path: Path) -> None:
    score = np.full(U, 5.0)
    score[::2] = np.nan
    folder = run(tmp_path, score, game=np.zeros(U), near=np.arange(U) * 1.0)
    lines(read_updates(folder))
    text = (folder / "metrics.jsonl").read_text().splitlines()
    text[:40] = [line.replace('"train"', '"train", "job": "old"') for line in text[:40]]
    text[40:] = [line.replace('"train"', '"train", "job": "new"') for line in text[40:]]
    text[40:70] = [line.replace("reward.near", "elsewhere") for line in text[40:70]]  # a channel that came later
    (folder / "metrics.jsonl").write_text("\n".join([*text, '{"event": "tra']))
    newest = read_updates(folder)
    assert len(newest) == U - 40 and np.isnan(newest.paid["near"]).sum() == 30
    row = next(plain(line) for line in lines(newest) if line.startswith("near"))
    assert row.split()[1] == "–" and page(newest)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (None, "is not a run directory: it has no metrics.jsonl"),
        ([], "no update of a learner has been logged"),
        ([{"event": "train", "step": 1, "return": 1.0}], "it learns from the game's own reward alone"),
        ([{"event": "train", "step": 1, "reward.game": 1.0}], "its marl did not log what channels add yet"),
    ],
)
def test_runs_that_have_nothing_to_show_are_told(events: Any, sentence: str, tmp_path: Path) -> None:
    if events is not None:
        (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    with pytest.raises(UserError) as told:
        commands.analyze(tmp_path, None, None)
    assert sentence in str(told.value)


def block(**parts: Any) -> RewardConfig:
    near = {"name": "rewards/progress", "of": "info.x"}
    channels = dict.fromkeys("abc", near)
    return fill(RewardConfig, {"channels": channels, **parts}, "reward", "the block", load_registry())


def test_variants_leave_out_every_term_and_every_part() -> None:
    w = "algorithm.reward.weights"
    assert variants(block(weights={"c": 0, "b": 0.5})) == {
        "all": [],
        "only game": [f"{w}.a=0", f"{w}.b=0"],
        "without a": [f"{w}.a=0"],
        "only a": [f"{w}.b=0"],
        "without b": [f"{w}.b=0"],
        "only b": [f"{w}.a=0"],
    }
    combine = {"x": {"by": "min", "of": ["a", "b", "c"]}}
    assert variants(block(combine=combine)) == {
        "all": [],
        "only game": [f"{w}.x=0"],
        "without a in x": ['algorithm.reward.combine.x.of=["b", "c"]'],
        "without b in x": ['algorithm.reward.combine.x.of=["a", "c"]'],
        "without c in x": ['algorithm.reward.combine.x.of=["a", "b"]'],
    }
    two = block(combine={"x": {"by": "geometric", "of": {"a": 2, "game": 1}}}, weights={"x": {"start": 1, "end": 0},
                "b": 0, "c": 0, "game": 0.5})  # fmt: skip
    assert variants(two)["without a in x"] == [f"{w}.x=0", f'{w}.game={{"start": 1.5, "end": 0.5, "until": 1.0}}']
    with pytest.raises(UserError, match="no term beside the game's own"):
        variants(block(weights={"a": 0, "b": 0, "c": 0}))


def test_intervals_are_students() -> None:
    mean = Mean.of([1.0, 2.0, 3.0])
    assert mean.value == 2 and mean.margin == pytest.approx(4.302653 / 3**0.5, rel=1e-6)
    assert Mean.of([1.0]).margin == np.inf


SCENARIO = """
kind: train
name: tiny
env: gymnasium/pendulum
env_steps: 1200
slice: 600
algorithm:
  name: rllib/ppo
  lanes: 4
  rows: 300
  minibatch: 150
  epochs: 1
  model: {hidden: [4]}
  reward:
    channels: {slow: {name: rewards/distance, position: ["observation[2]"], target: ["0"]}}
    weights: {slow: 0.5}
evaluation: {every: 0}
"""


def test_an_ablation_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("marl_rllib")
    pytest.importorskip("marl_gymnasium")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("tiny.yaml").write_text(SCENARIO)
    whole = Ablation.of("tiny.yaml", [], 2, Path("whole"))
    whole.work()
    assert set(whole.scores) == {"all", "only game"} and whole.scores["all"] != whole.scores["only game"]

    parts = Ablation.of("tiny.yaml", [], 2, Path("parts"))
    load = parts.registry.load
    begun: list[Path] = []

    def stopping(descriptor: Any) -> Any:
        if descriptor.kind != "runners":
            return load(descriptor)

        def runner(scenario: Any, registry: Any, out: Path, resume: bool) -> None:
            begun.append(out)
            if len(begun) == 3:
                raise KeyboardInterrupt
            load(descriptor)(scenario, registry, out, resume)

        return runner

    monkeypatch.setattr(parts.registry, "load", stopping)
    with pytest.raises(KeyboardInterrupt):
        parts.work()
    capsys.readouterr()
    commands.ablate("tiny.yaml", [], 2, 0, Path("parts"), 1, None)
    told = capsys.readouterr().out
    assert begun[3:5] == [Path("parts/all/seed-1"), Path("parts/only-game/seed-1")]  # and those before are done
    again = Ablation.of("tiny.yaml", [], 2, Path("parts"))
    again.work()
    assert again.scores == whole.scores and len(begun) == 5
    assert "tiny: return in training, 2 seeds, 95 % intervals" in told and "only game" in told
    assert "Ablation of tiny" in Path("parts/ablation.html").read_text()
    kept = Scores.read(Path("parts"))
    assert kept and kept.scores == whole.scores and kept.change("only game").count == 2
    with locked(Path("parts")), pytest.raises(UserError, match="parts is in use by process"):
        Ablation.of("tiny.yaml", [], 2, Path("parts")).work()
    with pytest.raises(UserError, match="holds a run of another scenario"):
        Ablation.of("tiny.yaml", ["env_steps=600"], 1, Path("parts")).work()
    with pytest.raises(UserError, match="say how many with --seeds"):
        Ablation.of("tiny.yaml", ["seed=3"], 1, None)
    Path("plain.yaml").write_text("kind: train\nenv: gymnasium/pendulum\n")
    with pytest.raises(UserError, match="has no `reward:` block with channels"):
        Ablation.of("plain.yaml", [], 1, None)
    report = Path("whole/all/seed-0/report.html").read_text()  # as its runner wrote it
    assert all(f"Rewards: {part}" in report for part in ("Alarms", "What each term adds", "shapes"))
    Path("whole/all/seed-0").rename("tiny")
    assert "Rewards: ablation" not in sections(Path("tiny"))
    Path("parts").rename("tiny-ablation")
    assert "Rewards: ablation, Scores" in sections(Path("tiny"))
    told = Path("tiny-ablation/ablation.json").read_text()
    Path("tiny-ablation/ablation.json").write_text(told[:40])
    assert "ablation.json is damaged" in sections(Path("tiny"))
    Path("tiny-ablation/ablation.json").write_text(told)
    text = Path("tiny-ablation/all/seed-0/scenario.yaml").read_text()
    Path("tiny-ablation/all/seed-0/scenario.yaml").write_text(text.replace("slow: 0.5", "slow: 0.4"))
    assert "Rewards: ablation" not in sections(Path("tiny"))  # it is of other rewards
    Path("tiny/scenario.yaml").write_text(Path("plain.yaml").read_text())
    assert sections(Path("tiny")) == ""
    commands.plot("tiny.yaml", "", "", Path("tiny.html"), None)
    assert "slow: exponential (scale 1, dispersion 1, density 1)" in Path("tiny.html").read_text()


def test_shapes_are_drawn_and_a_picture_needs_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands.plot(None, "", "", tmp_path / "shapes.html", None)
    html = (tmp_path / "shapes.html").read_text()
    assert html.count("<svg") == 9 and "geometric (KRC)" in html and "Diminishing returns" in html
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UserError, match="--png needs a browser"):
        commands.plot(None, "", "", tmp_path / "other.html", tmp_path / "shapes.png")
    assert not (tmp_path / "other.html").exists()
    with pytest.raises(UserError, match="is a directory: name a file in it"):
        commands.plot(None, "", "", tmp_path, None)
