"""Judges, the model of what they prefer, and people who are asked."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from marl.errors import UserError
from marl.registry import REWARDS, RUNNERS, load_registry
from marl.reward import Window
from marl.scenario import load_scenario
from marl_rewards.preferences.judges import Judge, JudgeParams
from marl_rewards.preferences.model import Pairs, PreferenceModel
from marl_rewards.preferences.people import answered, keep_answer, keep_question
from marl_rewards.preferences.segments import cut

CIRCLE = [[0.5, 0.1, 0.9], [0.9, 0.5, 0.1], [0.1, 0.9, 0.5]]


def made(window: Window, **params: Any) -> Any:
    return load_registry().make(REWARDS, "rewards/bradley_terry", params, spec=window.spec)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 9))
def test_segments_have_every_row_once_and_follow_one_agent(window: Window, length: int) -> None:
    rows, segments = window.rows, cut(window.rows, length)
    assert sorted(segments.row[segments.valid].tolist()) == list(range(len(rows)))
    for row, valid in zip(segments.row, segments.valid, strict=True):
        mine = row[valid]
        assert valid[: len(mine)].all() and len(set(zip(rows.match[mine], rows.agent[mine], strict=True))) == 1
        assert (np.diff(rows.tick[mine]) > 0).all()
    np.testing.assert_allclose(segments.total(rows.reward).sum(), rows.reward.sum())


def test_judges_are_right_uncertain_or_wrong_as_they_are_told(window: Window) -> None:
    chance = np.random.Generator(np.random.Philox(key=1))
    first, second = np.full(4000, 1.0), np.zeros(4000)

    def said(**params: Any) -> float:
        return float(Judge(window.spec, JudgeParams(**params))(first, second, chance).mean())

    assert said() == 1.0
    assert said(mistakes=0.25) == pytest.approx(0.75, abs=0.03)
    assert said(temperature=1.0) == pytest.approx(1 / (1 + np.exp(-1)), abs=0.03)
    assert said(prefers=CIRCLE) == pytest.approx(0.9, abs=0.03)
    assert (Judge(window.spec, JudgeParams())(first, first, chance) == 0.5).all()


def test_one_comparison_moves_the_model_towards_it() -> None:
    """The loss of a model that knows nothing is log 2, whatever the judge said, and it falls."""
    model = PreferenceModel(3, 8, 1e-2, seed=1)
    rows = np.random.Generator(np.random.Philox(key=1)).normal(size=(2, 5, 4, 3)).astype(np.float32)
    pairs = Pairs(rows, np.ones((2, 5, 4), np.bool_), np.ones(5, np.float32))
    losses = [model.learn(pairs)[0] for _ in range(60)]
    assert losses[0] == pytest.approx(np.log(2), abs=0.2) and losses[-1] < 0.2
    returns = model.rewards(rows.reshape(-1, 3).astype(float)).reshape(2, 5, 4).sum(axis=2)
    assert (returns[0] > returns[1]).all()


def test_a_reward_is_recovered_from_comparisons_alone_and_goes_on_to_the_bit(window: Window) -> None:
    """What the walkers are paid is never seen by the model, only which of two segments paid more."""
    reward = made(window, segment=3, pairs=60, steps=80, lr=0.005, models=2)
    assert not any(channel.any() for channel in reward(window).values())
    for update in range(3):
        told = reward.fit(reward.samples(window), update)
    assert told["pairs"] == 180 and told["agreed"] > 0.75  # what is equal counts half
    paid = reward(window)
    assert list(paid) == ["model0", "model1"] and (paid["model0"] != paid["model1"]).any()
    segments = cut(window.rows, 3)
    true, found = segments.total(window.rows.reward), segments.total(paid["model0"])
    full = segments.valid.all(axis=1)
    assert np.corrcoef(true[full], found[full])[0, 1] > 0.5  # half of it is a teammate's doing, unseen
    other = made(window, segment=3, pairs=60, steps=80, lr=0.005, models=2)
    other.load(reward.save())
    assert reward.fit(reward.samples(window), 9) == other.fit(other.samples(window), 9)
    assert all((one == other(window)[name]).all() for name, one in reward(window).items())


def test_a_judge_is_asked_no_more_than_is_allowed(window: Window) -> None:
    reward = made(window, segment=3, pairs=60, most=70, steps=1)
    assert [reward.fit(reward.samples(window), update)["pairs"] for update in range(3)] == [60, 70, 70]


def pair(label: float = 0.0) -> Pairs:
    return Pairs(np.ones((2, 1, 3, 7), np.float32), np.ones((2, 1, 3), np.bool_), np.array([label], np.float32))


def test_people_are_never_waited_for_and_what_they_say_counts_once(window: Window, tmp_path: Path) -> None:
    reward = made(window, segment=3, people=str(tmp_path), steps=1)
    assert reward.fit(reward.samples(window), 1)["pairs"] == 0  # nobody has said anything, and nothing is there
    for answer in ("first", "skip", "equal"):
        keep_answer(tmp_path, keep_question(tmp_path, 0, pair()), answer)
    with (tmp_path / "answers.jsonl").open("a") as file:
        file.write('{"question": 1, "ans')  # somebody is just writing it down
    assert reward.fit(reward.samples(window), 2)["pairs"] == 2
    assert reward.pairs[0].label.tolist() == [1.0, 0.5]
    with (tmp_path / "answers.jsonl").open("a") as file:
        file.write('wer": "second"}\n')
    assert reward.fit(reward.samples(window), 3)["pairs"] == 3 and reward.pairs[0].label[-1] == 0.0
    assert answered(str(tmp_path), 4) == ([], 4)
    with pytest.raises(UserError, match="is no answer: first, second"):
        keep_answer(tmp_path, 1, "both")
    with pytest.raises(UserError, match="has no question 9"):
        keep_answer(tmp_path, 9, "first")


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"judge": {"prefers": [[0.5, 0.9], [0.9, 0.5]]}}, r"\[i\]\[j\] \+ \[j\]\[i\] is 1"),
        ({"judge": {"prefers": [[0.5, 0.9], [0.1, 0.5]]}}, "prefers has 2 rows, one for each action"),
        ({"judge": {"worth": "info.nothing"}}, "no column 'nothing'"),
        ({"judge": {"mistakes": 0.7}}, "mistakes are a share"),
        ({"judge": {"mistakes": 0.1}, "people": "x"}, "people stand instead of a judge"),
        ({"models": 0}, "models must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(window: Window, params: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made(window, **params)


RUN = """
kind: train
env: gymnasium/cartpole
env_steps: 512
slice: 256
algorithm:
  name: rllib/ppo
  lanes: 4
  rows: 128
  epochs: 1
  model: {hidden: [8]}
  reward:
    channels: {liked: {name: rewards/bradley_terry, people: %s, segment: 5, steps: 2}}
    weights: {game: 0}
evaluation: {every: 0}
"""


def test_people_judge_a_run_on_a_page_or_in_the_terminal_and_it_goes_on_with_what_they_said(tmp_path: Path) -> None:
    pytest.importorskip("ray.rllib")
    pytest.importorskip("marl_rllib")
    pytest.importorskip("gymnasium")
    from marl_rewards.preferences.asking import Server, asker_of, in_the_terminal

    out, folder, registry = tmp_path / "run", tmp_path / "run" / "preferences", load_registry()
    (tmp_path / "run.yaml").write_text(RUN % folder)

    def run(*overrides: str, resume: bool = False) -> Any:
        scenario = load_scenario(tmp_path / "run.yaml", list(overrides), registry)
        registry.load(registry.find(RUNNERS, "train"))(scenario, registry, out, resume)
        told = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
        return [event["reward.liked.pairs"] for event in told if event["event"] == "train"]

    assert set(run()) == {0.0}
    asker = asker_of(out, registry)
    said = iter(["what?", "1", "="])
    assert in_the_terminal(asker, 2, 1, read=lambda _: next(said), delay=0) == 2
    with Server(asker, 1, 7, 0) as server:
        thread = threading.Thread(target=lambda: [server.handle_request() for _ in range(3)])
        thread.start()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(server.address[:-2], timeout=20)
        page = urllib.request.urlopen(server.address, timeout=20).read().decode()
        assert page.count('<section class="clip">') == 2 and page.count("<svg") >= 4 and "Question 1 of 1" in page
        data = f"question={server.question.number}&answer=second".encode()
        assert "Thank you" in urllib.request.urlopen(server.address, data, timeout=20).read().decode()
        thread.join()
    answers = [json.loads(line)["answer"] for line in (folder / "answers.jsonl").read_text().splitlines()]
    assert answers == ["first", "equal", "second"]
    assert run("env_steps=768", resume=True)[-1] == 3.0
    with pytest.raises(UserError, match="no channel of its reward asks people"):
        asker_of(Path(_plain(tmp_path, registry)), registry)


def _plain(tmp_path: Path, registry: Any) -> Path:
    text = (RUN % "x").replace("name: rewards/bradley_terry, people: x, segment: 5, steps: 2", "name: rewards/counts")
    (tmp_path / "plain.yaml").write_text(text)
    scenario = load_scenario(tmp_path / "plain.yaml", ["env_steps=128", "slice=128"], registry)
    registry.load(registry.find(RUNNERS, "train"))(scenario, registry, tmp_path / "plain", False)
    return tmp_path / "plain"
