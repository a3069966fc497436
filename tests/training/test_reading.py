"""Reading recorded matches instead of playing: each once an epoch, and a resumed reader reads what is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from marl.datasets import Dataset, recording
from marl.datasets.header import Header, spec_of
from marl.errors import UserError
from marl.job import Job
from marl.policies.random import Random
from marl.testing.games import kuhn
from marl.training.feasible import check_data
from marl.training.hyper import Hyper
from marl.training.reading import Reading


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    root: Path = tmp_path_factory.mktemp("data")
    spec = kuhn(1).spec
    weights = np.ones((1, 2, 1))
    header = Header("test/kuhn", {}, spec_of(spec), [{"name": "random"}], weights.tolist(), 1, 30)
    for _ in recording.record(root, recording.begun(root, header), recording.Cast([Random(spec)], weights), kuhn, 70):
        pass
    return Dataset(root)


def reading(dataset: Dataset, seed: int = 3, saved: Any = None) -> Reading:
    return Reading(dataset, cast(Any, None), ["all", "all"], seed, saved)


def numbers(reading: Reading, rows: int) -> list[int]:
    (window,) = reading.collect(rows).windows
    return list(dict.fromkeys(window.match.tolist()))


def test_every_match_is_read_once_an_epoch_in_another_order(dataset: Dataset) -> None:
    reader, epochs = reading(dataset), []
    for _ in range(2):
        read: list[int] = []
        while len(read) < 70:
            read += numbers(reader, 40)
        assert sorted(read) == list(range(70))
        epochs.append(read)
    assert epochs[0] != epochs[1]
    assert epochs[0][:5] == numbers(reading(dataset), 40)[:5] != numbers(reading(dataset, seed=4), 40)[:5]


def test_env_steps_are_the_ticks_of_what_was_read(dataset: Dataset) -> None:
    reader = reading(dataset)
    reader.version = 7
    played = [reader.collect(40) for _ in range(round(dataset.header.rows / 40))]
    assert sum(one.env_steps for one in played) == dataset.header.ticks == dataset.each("length").sum()
    assert all(abs(len(one.windows[0]) - 40) < 20 and (one.windows[0].version == 7).all() for one in played)
    assert played[-1].stats["epoch"] == 1.0


def test_a_saved_reader_goes_on(dataset: Dataset) -> None:
    whole, first = reading(dataset), reading(dataset)
    for _ in range(3):
        assert numbers(whole, 40) == numbers(first, 40)
    later = reading(dataset, seed=99, saved=first.save())
    for _ in range(9):
        assert numbers(whole, 40) == numbers(later, 40)


def test_what_cannot_be_is_refused_in_a_sentence(dataset: Dataset) -> None:
    with pytest.raises(UserError, match="a curriculum chooses what is played next"):
        reading(dataset).practise(np.ones(2))
    played, recorded = Job("x/y", 0, ((),), 0), Job("x/y", 0, ((),), 0, dataset="abc")
    check_data(played, "played", Hyper())
    check_data(played, "both", Hyper())
    check_data(recorded, "both", Hyper())
    with pytest.raises(UserError, match="x/y learns from recorded matches: name some"):
        check_data(played, "recorded", Hyper())
    with pytest.raises(UserError, match="x/y learns from what its own policy plays"):
        check_data(recorded, "played", Hyper())
    with pytest.raises(UserError, match="leave out `samplers`"):
        check_data(recorded, "both", Hyper(samplers=2))
    assert played.id != recorded.id and "dataset" not in repr(played.id)
