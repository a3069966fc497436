"""What several samplers tell of their matches, as one."""

from __future__ import annotations

import numpy as np

from marl.training.rollout import Told


def test_what_samplers_tell_is_added_up_in_their_order() -> None:
    one = Told([], 2, {"slow": 1, "odd": 3}, (np.array([0, 1]), np.array([1.0, -1.0])))
    other = Told([], 1, {"odd": 4, "late": 1}, (np.array([2]), np.array([0.5])))
    both = Told.together([one, other, Told()])
    assert both.changed == 3 and list(both.remarks.items()) == [("slow", 1), ("odd", 7), ("late", 1)]
    assert both.ended[0].tolist() == [0, 1, 2] and both.ended[0].dtype == np.int64
    assert both.ended[1].tolist() == [1.0, -1.0, 0.5]
