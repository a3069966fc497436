from __future__ import annotations

import numpy as np

from marl.arena.columns import Columns


def test_rows_survive_growth_and_new_columns_start_at_zero():
    columns = Columns({"reward": np.nan, "next": -1}, capacity=2)
    for start in range(0, 30, 3):
        index = columns.append(3, x={"a": np.arange(start, start + 3)})
        assert index.tolist() == [start, start + 1, start + 2]
        columns["next"][index[0]] = start
    columns.append(1, x={"a": np.array([30])}, memory=np.ones((1, 2), dtype=np.float32))
    assert columns["x"]["a"].tolist() == list(range(31))
    assert columns["next"][:4].tolist() == [0, -1, -1, 3] and np.isnan(columns["reward"]).all()
    assert columns["memory"].sum() == 2 and columns["memory"].dtype == np.float32
    fresh = columns.fresh()
    assert fresh.size == 0 and set(fresh.names()) == set(columns.names())
    fresh.append(1, x={"a": np.array([7])})
    assert fresh["next"].tolist() == [-1] and columns["x"]["a"][0] == 0
