"""Boxes whose entries have bounds of their own, and masks as other libraries write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from marl import rng, space
from marl.adapters import action_mask, box_actions, unmasked
from marl.space import Box, Discrete, MultiDiscrete

MOST = float(np.finfo(np.float32).max)
INF = np.inf


@pytest.mark.parametrize(
    ("low", "high", "box", "given", "received"),
    [
        ([-2, -2], [2, 2], Box((2,), -2, 2), [1, -2], [1, -2]),
        ([-1, -100], [1, 100], Box((2,), -1, 1), [0.5, 0.5], [0.5, 50]),
        ([0, 10], [1, 30], Box((2,), -1, 1), [-1, 0.5], [0, 25]),
        ([-1, 2], [1, 2], Box((2,), -1, 1), [0.5, 0.9], [0.5, 2]),  # the second has one value
        ([3, 3], [3, 3], Box((2,), 3, 3), [3, 3], [3, 3]),
        ([-MOST, -MOST], [MOST, MOST], Box((2,)), [-7, 7], [-7, 7]),  # means that there are no bounds
        ([-INF, -INF], [INF, INF], Box((2,)), [-7, 7], [-7, 7]),
        ([0, 0], [MOST, INF], Box((2,), 0), [0, 7], [0, 7]),
        ([-MOST, -4], [MOST, 4], Box((2,)), [-7, 0.5], [-7, 2]),  # stretched where there is something to stretch to
        ([-INF, -4], [0, 4], Box((2,)), [7, 7], [0, 4]),  # and clipped to whatever bound there is
    ],
)
def test_real_entries_are_stretched_to_bounds_of_their_own(
    low: Any, high: Any, box: Box, given: Any, received: Any
) -> None:
    found, convert = box_actions(np.array(low, np.float32), np.array(high, np.float32), "float32")
    assert found == box
    actions = np.array([given, given], np.float32)
    carried = convert(actions)
    assert carried.tolist() == [received, received] and carried.dtype == np.float32
    assert convert(actions[0]).tolist() == received
    assert carried is not actions


def test_whole_numbers_keep_their_bounds_and_halves_are_acted_in_by_floats() -> None:
    found, convert = box_actions(np.array([1, -5]), np.array([2, 5]), "int64")
    assert found == Box((2,), -5, 5, "int64") and convert(np.array([-5, -5])).tolist() == [1, -5]
    found, convert = box_actions(np.array([-1], np.float16), np.array([1], np.float16), "float16")
    assert found.dtype == "float32" and convert(np.array([0.5], np.float32)).dtype == np.float16
    found, convert = box_actions(np.zeros((0,)), np.zeros((0,)), "float64")
    assert found == Box((0,), dtype="float64") and convert(np.zeros((3, 0))).shape == (3, 0)


@pytest.mark.parametrize(
    ("actions", "mask", "wanted"),
    [
        (Discrete(3), np.array([1, 0, 1], np.int8), [True, False, True]),
        (Discrete(3), [0, 0, 0], [True] * 3),  # where nothing matters
        (MultiDiscrete((3, 2)), np.array([1, 1, 0, 0, 1]), [True, True, False, False, True]),
        (MultiDiscrete((3, 2)), np.array([1, 1, 0, 0, 0]), [True, True, False, True, True]),
        (MultiDiscrete((3, 2)), (np.array([0, 0, 0]), np.array([0, 1])), [True, True, True, False, True]),
        (MultiDiscrete((2, 1, 1)), ((np.array([0, 1]), np.array([1])), [1]), [False, True, True, True]),
    ],
)
def test_masks_come_in_many_shapes_and_choices_without_an_option_are_free(
    actions: Any, mask: Any, wanted: list[bool]
) -> None:
    assert action_mask(actions, mask).tolist() == wanted


def test_masks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 entries, but there are 3 actions"):
        action_mask(Discrete(3), [1, 0])
    with pytest.raises(ValueError, match="2 entries, but there are real actions"):
        action_mask(Box((2,)), [1, 0])


def test_observations_lose_their_mask_and_keep_the_rest() -> None:
    assert unmasked({"observation": 3, "action_mask": [1]}) == 3
    assert unmasked({"a": 1, "b": 2, "action_mask": [1]}) == {"a": 1, "b": 2}
    assert unmasked({"a": 1}) == {"a": 1} and unmasked(5) == 5


def test_a_bound_that_means_none_is_none_for_chance() -> None:
    keys = rng.mix(1, np.arange(500))
    assert abs(space.sample(Box((2,), -MOST, MOST), keys)).max() < 10
    assert space.log_volume(Box((2,), -MOST, MOST), None, 3).tolist() == [0, 0, 0]
    assert space.sample(Box((2,), 3, 3), keys).tolist() == [[3, 3]] * 500
    assert space.log_volume(Box((2,), 3, 3), None, 1).tolist() == [0]
