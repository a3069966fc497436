"""What an environment says of its tasks, and what the kit does with them."""

from __future__ import annotations

import numpy as np
import pytest

from marl import rng
from marl.errors import UserError
from marl.tasks import Tasks
from marl.testing import check_environment
from marl.testing.games import corridor

SEEDS = rng.mix(1, np.arange(1000))


def test_tasks_are_names_or_a_count_with_a_meaning() -> None:
    named, counted = Tasks(("easy", "hard")), Tasks(count=500, meaning="the level's number")
    assert (len(named), named.name(1), named.number("easy")) == (2, "hard", 0)
    assert (len(counted), counted.name(7), counted.number("7")) == (500, "7", 7)
    with pytest.raises(UserError, match="unknown task 'esay'; did you mean 'easy'"):
        named.number("esay")
    with pytest.raises(UserError, match="unknown task '500'; there are the tasks 0 to 499"):
        counted.number("500")


def test_wrong_tasks_are_refused() -> None:
    for names, count, words in (
        (("a", "a"), 0, "different names"),
        ((), 0, "one task or more"),
        (("a",), 2, "1 names"),
    ):
        with pytest.raises(ValueError, match=words):
            Tasks(names, count)


def test_tasks_are_drawn_evenly_from_the_seeds() -> None:
    drawn = Tasks(count=4).drawn(SEEDS)
    assert np.bincount(drawn).tolist() == pytest.approx([250] * 4, abs=50)
    assert Tasks(count=4).given(SEEDS, None).tolist() == drawn.tolist()


def test_an_environment_with_tasks_passes_every_check() -> None:
    report = check_environment(corridor, chance=True)
    assert report.ok and report["tasks"].status == "pass", report.text()
