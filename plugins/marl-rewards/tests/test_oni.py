"""Annotated observations: what is of interest, as somebody says who is never waited for."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from marl.errors import RunError, UserError
from marl.registry import REWARDS, load_registry
from marl.reward import Window

FAR = "observation[0] - 5"  # of interest: who has come beyond 5


def made(window: Window, **params: Any) -> Any:
    return load_registry().make(REWARDS, "rewards/oni", params, spec=window.spec)


def far(window: Window) -> Any:
    return (window.next_observation[:, 0] > 5) & window.followed


def test_what_was_annotated_pays_and_what_was_not_does_not(window: Window) -> None:
    reward = made(window, of=FAR, each=7)
    assert not reward(window)["interest"].any()
    known = [reward.fit(reward.samples(window), update)["annotated"] for update in range(3)]
    assert known == [7, 14, 21] and set(reward(window)["interest"][~far(window)]) == {0.0}
    while reward.fit(reward.samples(window), 1)["waiting"]:
        pass
    np.testing.assert_array_equal(reward(window)["interest"], far(window))


def test_the_newest_are_annotated_first(window: Window) -> None:
    reward = made(window, of=FAR, each=1)
    reward.fit(reward.samples(window), 0)
    last = np.flatnonzero(window.followed)[-1]
    assert list(reward.notes[0].known) == [int(reward.cells[0](window.next_observation)[last].view(np.int64))]


@pytest.mark.parametrize("kind", ["classifier", "ranking"])
def test_networks_know_of_what_was_not_annotated_and_go_on_to_the_bit(window: Window, kind: str) -> None:
    params = {"of": FAR, "each": 15, "kind": kind, "steps": 60, "lr": 0.005}
    reward, other = made(window, **params), made(window, **params)
    for update in range(3):
        told = reward.fit(reward.samples(window), update)
    assert told["waiting"] > 0  # some are not annotated yet
    paid, seen = reward(window)["interest"], window.followed
    if kind == "classifier":
        assert (paid[seen] == far(window)[seen]).mean() > 0.85
    else:
        assert np.corrcoef(paid[seen], window.next_observation[seen, 0])[0, 1] > 0.7
    other.load(reward.save())
    assert reward.fit(reward.samples(window), 9) == other.fit(other.samples(window), 9)
    assert (reward(window)["interest"] == other(window)["interest"]).all()


SLOW = """
import json, pathlib, sys, time
for line in sys.stdin:
    while not pathlib.Path(sys.argv[1]).exists():
        time.sleep(0.01)
    print(json.loads(line)["observation"][0] - 5, flush=True)
"""


def test_a_slow_program_never_holds_up_an_update(window: Window, tmp_path: Path) -> None:
    """It does not answer at all until it may: rewards and updates go on, and then its answers count."""
    (tmp_path / "slow.py").write_text(SLOW)
    go = tmp_path / "go"
    reward = made(window, command=[sys.executable, str(tmp_path / "slow.py"), str(go)])
    for update in range(5):
        told = reward.fit(reward.samples(window), update)
        assert told["annotated"] == 0 and not reward(window)["interest"].any()
    assert told["waiting"] > 10
    go.touch()
    pause = threading.Event()
    for update in range(3000):
        if not reward.fit(reward.samples(window), update)["waiting"]:
            break
        pause.wait(0.02)
    np.testing.assert_array_equal(reward(window)["interest"], far(window))


def test_a_program_that_fails_is_told(window: Window) -> None:
    with pytest.raises(UserError, match="does not start"):
        reward = made(window, command=["no-such-annotator"])
        reward.fit(reward.samples(window), 0)
    reward = made(window, command=[sys.executable, "-c", "print('interesting!')"])
    pause = threading.Event()
    with pytest.raises(RunError, match=r"the annotator .* answered 'interesting!', which is no number"):
        for update in range(3000):
            reward.fit(reward.samples(window), update)
            pause.wait(0.02)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({}, "either an expression"),
        ({"of": FAR, "command": ["x"]}, "either an expression"),
        ({"of": "info.nothing"}, "no column 'nothing'"),
        ({"of": FAR, "kind": "hsah"}, "did you mean 'hash'"),
        ({"of": FAR, "each": 0}, "each must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(window: Window, params: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        made(window, **params)
