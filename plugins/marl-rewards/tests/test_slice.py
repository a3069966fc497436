"""Slices of what can be seen, as maps of what channels pay."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from marl.errors import UserError
from marl.registry import load_registry
from marl.registry.params import fill
from marl.reward import Window
from marl.training.composition import RewardConfig
from marl_rewards.lab.slice import CELLS, Axis, maps, read_by, usual_axes
from marl_rewards.lab.slice_page import drawn

AXES = (Axis.read("observation[2]=-1:3"), Axis.read("info.way = 0:2"))


def config(**block: Any) -> RewardConfig:
    return fill(RewardConfig, block, "reward", "the block", load_registry())


def test_a_map_is_what_the_reward_pays_at_every_point(window: Window) -> None:
    of = "2 * observation[2] - info.way + observation[0]"
    block = config(channels={"worth": {"name": "rewards/value", "of": of}}, weights={"worth": 0.5})
    found = maps(block, window.spec, AXES, 0.9)
    x, y = np.meshgrid(np.linspace(-1, 3, CELLS), np.linspace(0, 2, CELLS))
    np.testing.assert_allclose(found["worth"], 2 * x - y, atol=1e-6)
    np.testing.assert_allclose(found["total"], x - y / 2, atol=1e-6)
    page = drawn(found, AXES, "walkers")
    assert "observation[2]" in page and "info.way" in page and page.count("<figure") == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("observation", "is no axis: write"),
        ("observation[2]=3:1", "the lower end comes first"),
        ("observation[2]=low:high", "is no axis: write"),
        ("info.wya=0:1", "no column 'wya'; did you mean 'way'"),
        ("observation[9]=0:1", "is not one number"),
        ("observation.place=0:1", "observations have no fields"),
    ],
)
def test_what_is_no_axis_is_told(window: Window, text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        maps(config(weights={"game": 2.0}), window.spec, (Axis.read(text), AXES[1]), 0.9)


def test_columns_of_several_numbers_and_the_axes_that_channels_name(window: Window) -> None:
    block = config(
        channels={
            "worth": {"name": "rewards/value", "of": "observation[2] + 3 * observation[0]"},
            "ways": {"name": "rewards/value", "of": "info.way"},
        }
    )
    assert read_by(block) == ["observation[2]", "info.way", "observation[0]"]  # the first of each channel comes first
    found = usual_axes(["observation[9]", "info.none", *read_by(block)], [window.rows])
    assert found and found[0].text == "observation[2]"
    seen = window.rows.observation[:, 2]
    assert found[0].low == pytest.approx(seen.min(), rel=0.1) and found[0].high == pytest.approx(seen.max(), rel=0.1)
    two = config(channels={"worth": {"name": "rewards/value", "of": "info.way[1]"}})
    axes = (Axis.read("info.way[1]=0:2"), AXES[0])
    np.testing.assert_allclose(maps(two, window.spec, axes, 0.9, {"way": (2,)})["worth"][0], np.linspace(0, 2, CELLS))
