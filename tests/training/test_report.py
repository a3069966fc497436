"""The report of a training run: complete, truthful, self-contained, bounded, and drawn from any run there can be."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from marl.registry import RUNNERS, Component, load_registry
from marl.scenario import load_scenario
from marl.training.config import Evaluation, TrainConfig
from marl.training.history import Slice
from marl.training.report import TrainView, read_view, render, write
from marl.training.report.panels import MOST, usual
from marl.training.report.series import BINS, Point, collected
from marl.training.report.view import RECENT, means

Marl = Callable[..., "subprocess.CompletedProcess[str]"]  # see `marl` in conftest.py
HOSTILE = "<script>alert('x')</script>\"&"
SMALL = """
kind: train
env: classic/kuhn_poker
env_steps: 3000
slice: 1000
algorithm: {name: rllib/ppo, lanes: 16, rows: 128, minibatch: 64, epochs: 2, sharing: side, model: {hidden: [8]}}
evaluation: {matches: 40}
"""


def train(scenario: Path, out: Path, *overrides: str, resume: bool = False) -> None:
    registry = load_registry()
    loaded = load_scenario(scenario, list(overrides), registry)
    registry.load(registry.find(RUNNERS, "train"))(loaded, registry, out, resume)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of Kuhn poker, with a module for each side."""
    for plugin in ("marl_rllib", "marl_classic"):
        pytest.importorskip(plugin, reason=f"needs the plugin {plugin}")
    folder = tmp_path_factory.mktemp("report")
    (folder / "small.yaml").write_text(SMALL)
    train(folder / "small.yaml", folder / "run")
    return folder / "run"


def updates(run: Path) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [event for event in events if event["event"] == "train"]


def readings(page: str) -> dict[str, dict[str, Any]]:
    """What a pointer reads out, by the name of the figure."""
    figures = re.findall(r'<figure tabindex="0" data-name="([^"]*)".*?<script type="application/json">(.*?)<', page)
    return {name: json.loads(data) for name, data in figures}


def test_a_run_ends_with_a_report_of_what_it_did(run: Path, checked: Any) -> None:
    page, events = checked((run / "report.html").read_text()), updates(run)
    last = json.loads((run / "progress.json").read_text())["slices"][-1]
    assert page.value("measured-now") == last["scores"]["marl/random"]["points"]
    assert page.value("env-steps") == last["env_steps"] == events[-1]["step"]
    newest = [event["return"] for event in events[-RECENT:]]
    assert page.value("return-now") == pytest.approx(sum(newest) / len(newest))
    assert page.value("speed") == round(last["env_steps"] / last["seconds"])
    assert "kind: train" in page.texts["again"] and "classic/kuhn_poker" in page.texts["again"]
    assert [path.name for path in run.iterdir() if path.name.startswith((".", "report"))] == ["report.html"]


def test_the_curves_are_the_measurements_and_the_updates(run: Path) -> None:
    read, events = readings((run / "report.html").read_text()), updates(run)
    slices = json.loads((run / "progress.json").read_text())["slices"]
    assert len(read["points"]["says"]) == len(read["return"]["says"]) == len(slices) == 3
    final = slices[-1]["scores"]["marl/random"]
    shown = f"marl/random {100 * final['points']:.3g}% ({100 * final['points_low']:.3g}% to "
    assert read["points"]["says"][-1].startswith(f"{slices[-1]['env_steps']:,} env steps\n{shown}")
    assert "\nprevious " in read["points"]["says"][-1] and "previous" not in read["points"]["says"][0]
    entropy = read["Entropy"]
    assert len(entropy["says"]) == len(events) and len(entropy["at"][0]) == 3  # where, and two modules
    first = re.findall(r"(side\d\S*) (\S+)", entropy["says"][0])
    assert [(module, pytest.approx(float(value), rel=0.01)) for module, value in first] == [
        (module, events[0][f"{module}/entropy"]) for module in ("side0.players", "side1.players")
    ]
    assert {"KL divergence", "Explained variance", "Policy loss", "Value loss", "Return in training"} <= set(read)
    assert {"Env steps a second", "Shares of time"} <= set(read)


def test_the_command_writes_the_same_page_again(run: Path, marl: Marl) -> None:
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    done = marl("report", run)
    assert (done.returncode, done.stdout) == (0, f"{run}/report.html\n"), done.stderr
    assert (run / "report.html").read_bytes() == before


def test_a_stopped_run_has_a_report_and_its_resume_a_whole_one(
    run: Path, tmp_path: Path, checked: Any, marl: Marl
) -> None:
    out = tmp_path / "stopped"
    shutil.copytree(run, out)
    progress = json.loads((out / "progress.json").read_text())
    stopped = {**progress, "slices": progress["slices"][:-1], "checkpoints": progress["checkpoints"][:-1]}
    (out / "progress.json").write_text(json.dumps(stopped))
    (out / "metrics.jsonl").write_text((out / "metrics.jsonl").read_text()[:-300])  # a line cut short
    assert marl("report", out).returncode == 0
    page = checked((out / "report.html").read_text())
    assert ("span", {"class": "state open"}) in page.tags and "goes on from the last" in page.texts["again"]
    assert len(readings((out / "report.html").read_text())["points"]["says"]) == 2
    train(out / "scenario.yaml", out, resume=True)
    page = checked((out / "report.html").read_text())
    assert ("span", {"class": "state done"}) in page.tags
    assert page.value("measured-now") == progress["slices"][-1]["scores"]["marl/random"]["points"]
    steps = [event["step"] for event in updates(out)]
    assert len(readings((out / "report.html").read_text())["Entropy"]["says"]) == len(set(steps)) == len(steps)


def test_a_browser_runs_the_page_without_a_problem(run: Path, tmp_path: Path, browser: Any) -> None:
    path = tmp_path / "report.html"
    path.write_bytes((run / "report.html").read_bytes())
    said = readings(path.read_text())
    tips = browser(path)
    assert said["points"]["says"][-1] in tips and said["Entropy"]["says"][-1] in tips


def test_what_is_no_training_run_is_a_sentence(run: Path, tmp_path: Path, marl: Marl) -> None:
    (tmp_path / "scenario.yaml").write_text((run / "scenario.yaml").read_text())
    done = marl("report", tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path} holds no training run: there is no progress.json in it\n"


def score(points: float = 0.6, **changes: float) -> dict[str, float]:
    known = {"matches": 100, "return": 2 * points - 1, "return_margin": 0.2, "length": 9.5, "wins": 100 * points}
    known |= {"draws": 0, "losses": 100 - 100 * points, "points": points}
    return {**known, "points_low": max(points - 0.1, 0), "points_high": min(points + 0.1, 1), **changes}


ALONE = {"matches": 50.0, "return": 21.5, "return_margin": 1.5, "length": 21.5}


def done(number: int, scores: dict[str, dict[str, float]]) -> Slice:
    return Slice(number, 1000 * number, 2.0 * number, "ab12", scores)


def view(count: int = 4, events: list[dict[str, Any]] | None = None, **changes: Any) -> TrainView:
    """A run of so many slices of 1,000 env steps and ten updates each, that gets better."""
    config = TrainConfig(Component("classic/x"), Component("rllib/ppo"), name="a_run", env_steps=4000, slice=1000)
    slices = tuple(done(n, {"marl/random": score(0.5 + 0.1 * n)}) for n in range(1, count + 1))
    if events is None:
        events = [
            {"step": 100 * n, "return": n / 40, "entropy": 1.5 - n / 40, "kl": 0.01, "env_steps_per_s": 900.0 + n}
            for n in range(1, 10 * count + 1)
        ]
    known = {"run": "a_run", "config": config, "env_steps": 1000 * count, "slices": slices, "updates": len(events)}
    known |= {"series": collected(events), "latest": means(events[-RECENT:]), "scenario": "kind: train\n"}
    return TrainView(**{**known, **changes})


def alone() -> TrainView:
    return view(slices=tuple(done(n, {"alone": ALONE}) for n in range(1, 5)))


def crowd() -> TrainView:
    scores = {f"zoo/bot_{n}": score(0.05 * n) for n in range(12)}
    return view(slices=tuple(done(n, scores) for n in range(1, 5)))


def unmeasured() -> TrainView:
    never = TrainConfig(Component("classic/x"), Component("rllib/ppo"), evaluation=Evaluation(every=0))
    return view(config=never, slices=(done(1, {}),))


def holes() -> list[dict[str, Any]]:
    """Updates with numbers that are not finite, that are missing, and that are no numbers."""
    odd = (math.nan, math.inf, -math.inf, None, "text", True, 0.5)
    return [{"step": 100 * n, "entropy": odd[n % 7], "loss": math.nan, "a/kl": 1e-7 * n} for n in range(40)]


CASES = {
    "several slices": view,
    "one slice": lambda: view(1),
    "one update": lambda: view(1, [{"step": 1000, "entropy": 0.5, "env_steps_per_s": 0.0}]),
    "nothing yet": lambda: view(0, []),
    "updates, but no slice": lambda: view(0, [{"step": 128, "entropy": 0.5}]),
    "no updates": lambda: view(4, []),
    "alone": alone,
    "many opponents": crowd,
    "never measured": unmeasured,
    "one match, so no margin": lambda: view(slices=(done(1, {"alone": {"matches": 1.0, "return": 0.0}}),)),
    "numbers that are none": lambda: view(4, holes()),
    "huge numbers": lambda: view(4, [{"step": n, "loss": (-1.0) ** n * 1e30, "kl": 1e-30 * n} for n in range(1, 9)]),
    "hostile names": lambda: view(
        4,
        [{"step": n, f"{HOSTILE}/{HOSTILE}": float(n), HOSTILE: 1.0} for n in range(1, 9)],
        run=HOSTILE,
        config=TrainConfig(Component(HOSTILE), Component(HOSTILE), HOSTILE, opponents=[Component(HOSTILE)]),
        slices=(done(1, {HOSTILE: score(), "b": score()}),),
        scenario=HOSTILE,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_run_gives_a_well_formed_page_that_fetches_nothing(case: str, checked: Any) -> None:
    text = render(CASES[case]())
    page = checked(text)
    assert {"measured", "learning", "reading", "again"} <= set(page.texts)
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
            assert name not in attributes, (tag, attributes)
    assert "default-src 'none'" in text and "@import" not in text and "url(" not in text
    assert text.count("<script>") == 1 and "alert('x')</script>" not in text
    seen = re.sub(r"<script.*?</script>|<style.*?</style>|<details.*?</details>", "", text, flags=re.S)
    assert re.findall(r"\b(?:nan|inf|None)\b", seen) == []


def test_a_run_that_is_never_measured_says_so(checked: Any) -> None:
    page = checked(render(unmeasured()))
    assert "evaluation.every: 0" in page.texts["measured"] and page.texts["measured-now"] == "–"
    assert "no slice has finished" in checked(render(view(0, []))).texts["measured"]


def test_who_plays_alone_has_returns_and_no_points(checked: Any) -> None:
    page = checked(render(alone()))
    assert page.value("measured-now") == 21.5
    assert set(readings(render(alone()))) >= {"return"} and "points" not in readings(render(alone()))
    assert "won / drawn / lost" not in page.texts["measured"] and "21.5 ± 1.5" in page.texts["measured"]


def test_intervals_are_read_out_with_the_value() -> None:
    read = readings(render(view()))
    assert read["points"]["says"][-1] == "4,000 env steps\nmarl/random 90% (80% to 100%)"
    assert read["return"]["says"][0] == "1,000 env steps\nmarl/random 0.2 (0 to 0.4)"


def test_of_many_opponents_the_first_are_drawn_and_all_are_listed(checked: Any) -> None:
    text = checked(render(crowd())).texts["measured"]
    assert "The first 8 of 12 opponents are drawn." in text and "zoo/bot_11" in text
    assert "zoo/bot_8" not in readings(render(crowd()))["points"]["says"][0]


def test_what_never_changes_is_said_and_not_drawn(checked: Any) -> None:
    page = render(view())
    assert "The same all along: kl 0.01." in checked(page).texts["learning"]
    assert set(readings(page)) == {"points", "return", "Return in training", "Entropy", "Env steps a second"}


def test_a_long_run_makes_a_page_of_bounded_size() -> None:
    modules = [f"side{n}.players" for n in range(12)]
    names = [f"{module}/{key}" for module in modules for key in ("kl", "entropy", "policy_loss", "value_loss")]
    names += [f"x{number}" for number in range(40)]
    events = [{"step": 4096 * n, **{name: math.sin(n / 50 + len(name)) for name in names}} for n in range(1, 4001)]
    slices = tuple(done(n, {"marl/random": score(), "b": score()}) for n in range(1, 1601))
    page = render(view(4, events, slices=slices))
    assert len(page.encode()) < 2_000_000
    read = readings(page)
    assert max(len(data["says"]) for name, data in read.items() if name not in ("points", "return")) == BINS
    assert len(read) == 2 + MOST
    assert "The first 8 of 12 modules are drawn." in page and "Without a panel: X26" in page


def test_bins_have_the_mean_and_the_range_of_their_updates() -> None:
    events = [{"event": "train", "time": 1.0, "step": step, "loss": step % 2} for step in range(1, 16 * BINS + 1)]
    points = collected(events)["loss"]
    assert len(points) == BINS
    assert all((point.value, point.low, point.high) == (0.5, 0.0, 1.0) for point in points)
    assert sum(point.at for point in points) / BINS == pytest.approx(8 * BINS + 0.5)


def test_few_updates_are_kept_as_they_are_and_holes_leave_no_trace() -> None:
    events = [{"step": 10, "a": 1, "b": math.nan}, {"step": 20, "b": 2.5, "c": None}, {"step": 30, "a": math.inf}]
    assert collected(events) == {"a": (Point(10, 1, 1, 1),), "b": (Point(20, 2.5, 2.5, 2.5),)}


def test_one_value_far_out_does_not_flatten_all_others() -> None:
    usual_ones = [Point(float(n), float(n % 10), 0.0, 9.0) for n in range(100)]
    low, high = usual([*usual_ones, Point(100.0, -1e6, -1e6, -1e6)])
    assert -12 < low < 0 and 9 <= high < 12
    assert usual([Point(0.0, 0.0, 0.0, 0.0), Point(1.0, 1.0, 1.0, 1.0)])[1] > 1


def test_an_axis_has_room_for_updates_that_differ_more_than_their_means() -> None:
    low, high = usual([Point(float(n), 0.5 + 0.001 * (n % 2), -3.0, 4.0) for n in range(100)])
    assert -4 < low <= -3 and 4 <= high < 5


def test_a_run_without_metrics_is_read(tmp_path: Path) -> None:
    empty = read_view(tmp_path, view().config)
    assert (empty.env_steps, empty.slices, empty.series, empty.is_finished) == (0, (), {}, False)
    write(empty, tmp_path / "report.html")
    assert "<title>a_run · marl train</title>" in (tmp_path / "report.html").read_text()


def test_commands_name_the_directory_and_whom_the_learner_can_play() -> None:
    opposed = TrainConfig(Component("classic/x"), Component("rllib/ppo"), side=1, opponents=[Component("marl/first")])
    page = render(view(run="my run", config=opposed))
    assert "marl evaluate &#x27;runs/my run&#x27; --against marl/first" in page
    assert "side 1 against marl/first" in page
